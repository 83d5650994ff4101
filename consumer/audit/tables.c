/*-------------------------------------------------------------------------
 *
 * audit/tables.c
 *	  The tables that an audit reads, and what the options make of their rows.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/entries.h"
#include "audit/sql.h"
#include "audit/tables.h"
#include "audit/words.h"
#include "base/exit.h"
#include "base/memory.h"
#include "postgres/connection.h"

/* The types of parameters (pg_type.dat); they never change. */
#define TEXTARRAYOID 1009
#define OIDOID 26

/* The decoder's defaults. */
#define DEFAULT_TOPIC "${aggregate_type|aggregatetype}.events"
#define DEFAULT_ROUTE_BY "aggregate_type|aggregatetype"
#define DEFAULT_REGEX "(?<routedByValue>.*)"
#define DEFAULT_REPLACEMENT "outbox.event.${routedByValue}"
#define DEFAULT_KEY "aggregate_id|aggregateid"
#define DEFAULT_HEADERS "id,event_type:eventType"

/* Columns that say when a row was written, if none is named (sql/time.sql). */
#define USUAL_TIMES "created_at|createdat|occurred_at|occurredat"

/*
 * $1, $2: the entries' patterns.  Each table belongs to the first entry that
 * stands for it or an ancestor of it, and to the farthest such ancestor
 * (decoder/relation.c, find_table).  Those are read, without what is below them
 * and belongs to another.  An entry without a table has one row of NULLs.
 */
static const char tables_query[] =
	"WITH RECURSIVE entry AS ("
	"SELECT schema, name, place FROM unnest($1, $2)"
	" WITH ORDINALITY AS e (schema, name, place)"
	"), candidate AS ("
	"SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c"
	" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
	" WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p'"
	" AND c.oid >= 16384"
	"), lineage AS ("
	"SELECT oid AS relid, oid AS ancestor, 0 AS depth FROM candidate"
	" UNION ALL "
	"SELECT l.relid, i.inhparent, l.depth + 1 FROM lineage l"
	" JOIN pg_catalog.pg_inherits i ON i.inhrelid = l.ancestor"
	"), choice AS ("
	"SELECT DISTINCT ON (l.relid) l.relid, e.place, l.ancestor AS named"
	" FROM lineage l JOIN candidate c ON c.oid = l.ancestor"
	" JOIN entry e ON c.nspname LIKE e.schema AND c.relname LIKE e.name"
	" ORDER BY l.relid, e.place, l.depth DESC"
	"), root AS (SELECT * FROM choice WHERE relid = named)"
	" SELECT e.place - 1, r.relid, c.nspname, c.relname,"
	" CASE WHEN r.relid IS NOT NULL THEN"
	" pg_catalog.format('%I.%I', c.nspname, c.relname) END,"
	" (SELECT pg_catalog.array_agg(DISTINCT o.relid) FROM choice o"
	" JOIN lineage l ON l.relid = o.relid AND l.ancestor = r.relid"
	" WHERE (o.place, o.named) <> (r.place, r.named))"
	" FROM entry e LEFT JOIN (root r JOIN candidate c ON c.oid = r.relid)"
	" ON r.place = e.place"
	/* What earlier entries have taken is no misspelt name. */
	" WHERE r.relid IS NOT NULL OR NOT EXISTS (SELECT FROM candidate c"
	" WHERE c.nspname LIKE e.schema AND c.relname LIKE e.name)"
	" ORDER BY e.place, c.nspname, c.relname";

/* $1: a table.  Its columns, with the types that domains are over. */
static const char columns_query[] =
	"WITH RECURSIVE base AS ("
	"SELECT a.attnum, a.attname, a.atttypid AS type"
	" FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1 AND a.attnum > 0"
	" AND NOT a.attisdropped AND a.attgenerated <> 'v'"
	" UNION ALL "
	"SELECT b.attnum, b.attname, t.typbasetype FROM base b"
	" JOIN pg_catalog.pg_type t ON t.oid = b.type WHERE t.typbasetype <> 0"
	") SELECT b.attname, t.typname FROM base b"
	" JOIN pg_catalog.pg_type t ON t.oid = b.type WHERE t.typbasetype = 0"
	" ORDER BY b.attnum";

/* Where SQL is written. */
typedef struct Writer
{
	FILE *out;
	char *text;
	size_t size;
} Writer;

/* Begins to write. */
static void
begin(Writer *writer)
{
	*writer = (Writer){0};
	writer->out = open_memstream(&writer->text, &writer->size);
	if (writer->out == NULL)
		xalloc_failed();
}

/* Ends it; what was written is the caller's. */
static char *
end(Writer *writer)
{
	fclose(writer->out);
	return writer->text;
}

/* One table that is looked at. */
typedef struct Look
{
	const AuditEntries *entries;
	const AuditEntry *entry;
	AuditColumns columns;
	AuditTables *tables;
	AuditTable *table;
	Error *err;
} Look;

/* An option's value for the table, or a default. */
static const char *
option(const Look *look, const char *name, const char *otherwise)
{
	const char *value = audit_option(look->entries, look->entry, name);

	return value != NULL ? value : otherwise;
}

/* The id: its column, and the header that has it. */
static bool
describe_id(Look *look)
{
	const char *id = option(look, "id", "id");
	const AuditColumn *column =
		audit_sql_find("id", id, &look->columns, look->err);
	Writer writer;
	bool ok;

	if (column == NULL ||
		!audit_sql_header(option(look, "headers", DEFAULT_HEADERS), id,
						  &look->table->header, look->err))
		return false;
	begin(&writer);
	ok = audit_sql_value(writer.out, "id", column, &look->columns, look->err);
	look->table->id = end(&writer);
	return ok;
}

/* The topic, if it is known here. */
static void
describe_topic(Look *look)
{
	const AuditColumns *columns = &look->columns;
	Writer writer;
	Error err;
	bool ok;

	begin(&writer);
	if (audit_is_routed(look->entries, look->entry))
		ok = audit_sql_route(writer.out,
							 option(look, "route_by", DEFAULT_ROUTE_BY),
							 option(look, "route_regex", DEFAULT_REGEX),
							 option(look, "route_replacement",
									DEFAULT_REPLACEMENT),
							 columns, &err);
	else
		ok = audit_sql_template(writer.out, "topic",
								option(look, "topic", DEFAULT_TOPIC), columns,
								&err);
	look->table->topic = end(&writer);
	if (ok)
		return;
	free(look->table->topic);
	look->table->topic = xstrdup("NULL::text");
	look->tables->has_topics = false;
	look->tables->topics_unknown = err;
}

/*
 * The key, of which only the place of its record is computed; what is wrong
 * with the option is the decoder's to say.
 */
static void
describe_key(Look *look)
{
	const char *value = option(look, "key", DEFAULT_KEY);
	bool is_raw = strcmp(option(look, "key_encoding", "text"), "raw") == 0;
	const AuditColumn *column = NULL;
	Writer writer;
	Error err;
	bool ok = true;

	begin(&writer);
	if (strstr(value, "${") != NULL)
		ok = audit_sql_template(writer.out, "key", value, &look->columns, &err);
	else if (*value == '\0' ||
			 (column = audit_sql_find("key", value, &look->columns, &err)) ==
				 NULL)
		ok = false;
	else if (is_raw)
		audit_sql_name(writer.out, column->name);
	else
		ok = audit_sql_value(writer.out, "key", column, &look->columns, &err);
	look->table->key = end(&writer);
	if (ok)
		return;
	free(look->table->key);
	look->table->key = xstrdup("NULL::text");
}

/* The condition on rows that are events. */
static bool
describe_where(Look *look)
{
	const char *value = option(look, "where", NULL);
	Writer writer;
	bool ok = true;

	begin(&writer);
	if (value == NULL || *value == '\0')
		fputs("true", writer.out);
	else
	{
		fputs("coalesce((", writer.out);
		ok = audit_sql_condition(writer.out, value, look->err);
		fputs("), false)", writer.out);
	}
	look->table->where = end(&writer);
	return ok;
}

/* Tells whether a type is one of times; *is_ms if of milliseconds. */
static bool
is_time(const char *type, bool *is_ms)
{
	*is_ms = strcmp(type, "int8") == 0;
	return *is_ms || strcmp(type, "timestamptz") == 0 ||
		   strcmp(type, "timestamp") == 0 || strcmp(type, "date") == 0;
}

/* The column that says when a row was written, or none. */
static bool
describe_time(Look *look)
{
	const char *wanted =
		config_text(look->entries->config, CONFIG_MAINTENANCE_TIME_COLUMN);
	const AuditColumn *column =
		audit_sql_find("time_column", wanted != NULL ? wanted : USUAL_TIMES,
					   &look->columns, look->err);
	Writer writer;
	bool is_ms;

	if (column == NULL)
		return wanted == NULL;
	if (!is_time(column->type, &is_ms))
		return wanted == NULL ||
			   error_set(look->err,
						 "column \"%s\" of table %s has type %s, which is no "
						 "time",
						 column->name, look->columns.table, column->type);
	begin(&writer);
	audit_sql_name(writer.out, column->name);
	look->table->time_column = end(&writer);
	look->table->time_type = xstrdup(column->type);
	if (asprintf(&look->table->time,
				 is_ms ? "to_timestamp(%s / 1000.0)" : "%s::timestamptz",
				 look->table->time_column) < 0)
		xalloc_failed();
	return true;
}

/* All that the options say of a table. */
static bool
describe(Look *look)
{
	look->table->has_partition = option(look, "partition", NULL) != NULL;
	look->table->has_timestamp = option(look, "timestamp", NULL) != NULL;
	if (!describe_id(look) || !describe_where(look) || !describe_time(look))
		return false;
	describe_topic(look);
	describe_key(look);
	return true;
}

/* Asks for the columns of a table. */
static PGresult *
ask_columns(const Config *config, PGconn *conn, const char *oid,
			AuditColumns *columns, int *status, Error *err)
{
	static const Oid types[] = {OIDOID};
	PgErrorClass error_class;
	PGresult *result = pgconn_query_params(config, conn, columns_query, 1,
										   types, &oid, &error_class, err);

	if (result == NULL)
	{
		*status = pgerror_exit_status(error_class);
		return NULL;
	}
	columns->count = (size_t) PQntuples(result);
	columns->items = xcalloc(columns->count + 1, sizeof(AuditColumn));
	for (size_t i = 0; i < columns->count; i++)
		columns->items[i] = (AuditColumn){PQgetvalue(result, (int) i, 0),
										  PQgetvalue(result, (int) i, 1)};
	return result;
}

/* Adds a table, a row of the first query. */
static bool
add_table(AuditTables *tables, const AuditEntries *entries, PGconn *conn,
		  const PGresult *found, int row, int *status, Error *err)
{
	Look look =
		{.entries = entries,
		 .entry = &entries->items[strtol(PQgetvalue(found, row, 0), NULL, 10)],
		 .columns = {.schema_name = PQgetvalue(found, row, 2),
					 .table_name = PQgetvalue(found, row, 3),
					 .table = PQgetvalue(found, row, 4)},
		 .tables = tables,
		 .err = err};
	PGresult *columns;
	bool ok;

	if (PQgetisnull(found, row, 1))
		return error_set(err,
						 "option \"tables\": %s stands for no table in "
						 "database \"%s\"",
						 look.entry->source, PQdb(conn));
	columns = ask_columns(entries->config, conn, PQgetvalue(found, row, 1),
						  &look.columns, status, err);
	if (columns == NULL)
		return false;
	look.table = &tables->items[tables->count++];
	look.table->name = xstrdup(look.columns.table);
	if (!PQgetisnull(found, row, 5))
		look.table->excluded = xstrdup(PQgetvalue(found, row, 5));
	ok = describe(&look);
	free(look.columns.items);
	PQclear(columns);
	return ok;
}

/* Writes the patterns as an array, and returns it. */
static char *
write_patterns(const AuditEntries *entries, bool of_schemas)
{
	Writer writer;

	begin(&writer);
	for (size_t i = 0; i < entries->count; i++)
	{
		const char *p =
			of_schemas ? entries->items[i].schema : entries->items[i].table;

		fputs(i == 0 ? "{\"" : ",\"", writer.out);
		for (; *p != '\0'; p++)
			fprintf(writer.out, *p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
		fputc('"', writer.out);
	}
	fputc('}', writer.out);
	return end(&writer);
}

/* Asks for the tables of the entries. */
static PGresult *
ask_tables(const AuditEntries *entries, PGconn *conn, int *status, Error *err)
{
	static const Oid types[] = {TEXTARRAYOID, TEXTARRAYOID};
	char *schemas = write_patterns(entries, true);
	char *names = write_patterns(entries, false);
	const char *values[] = {schemas, names};
	PgErrorClass error_class;
	PGresult *result = pgconn_query_params(entries->config, conn, tables_query,
										   2, types, values, &error_class, err);

	if (result == NULL)
		*status = pgerror_exit_status(error_class);
	free(schemas);
	free(names);
	return result;
}

bool
audit_tables_find(AuditTables *tables, const Config *config, PGconn *conn,
				  int *status, Error *err)
{
	AuditEntries entries;
	PGresult *found = NULL;
	bool ok;

	*tables = (AuditTables){.has_topics = true};
	*status = EXIT_USAGE;
	ok = audit_entries_read(&entries, config, err) &&
		 (found = ask_tables(&entries, conn, status, err)) != NULL;
	if (ok)
		tables->items =
			xcalloc((size_t) PQntuples(found) + 1, sizeof(AuditTable));
	for (int row = 0; ok && row < PQntuples(found); row++)
		ok = add_table(tables, &entries, conn, found, row, status, err);
	PQclear(found);
	audit_entries_free(&entries);
	return ok;
}

void
audit_tables_free(AuditTables *tables)
{
	for (size_t i = 0; i < tables->count; i++)
	{
		AuditTable *table = &tables->items[i];

		free(table->name);
		free(table->excluded);
		free(table->id);
		free(table->header);
		free(table->topic);
		free(table->key);
		free(table->where);
		free(table->time);
		free(table->time_column);
		free(table->time_type);
	}
	free(tables->items);
	*tables = (AuditTables){0};
}
