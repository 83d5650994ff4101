/*-------------------------------------------------------------------------
 *
 * audit/rows.c
 *	  Reads the rows of a table, one after the other.
 *
 * By COPY in binary format: nothing is kept of a row that was read, neither in
 * the server nor here, and no text has to be taken apart (protocol.sgml, COPY
 * Operations; copy.sgml, Binary Format).
 *
 *-------------------------------------------------------------------------
 */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/rows.h"
#include "audit/sql.h"
#include "base/exit.h"
#include "base/memory.h"
#include "postgres/connection.h"
#include "postgres/failure.h"

/* The type of the parameters (pg_type.dat). */
#define TEXTOID 25

/* What a copy begins with: a signature, flags, and how long an extension is. */
static const char signature[] = "PGCOPY\n\377\r\n";
#define SIGNATURE_SIZE 11

/* 2000-01-01, from which PostgreSQL counts µs, in ms since 1970. */
#define POSTGRES_EPOCH_MS INT64_C(946684800000)

/* The columns of a copy, in its order. */
enum
{
	COLUMN_ID,
	COLUMN_TIME,
	COLUMN_IS_EVENT,
	COLUMN_TOPIC,
	COLUMN_KEY,
	N_COLUMNS
};

/* Runs statements of which nothing but success is wanted. */
static bool
execute(const Config *config, PGconn *conn, const char *statement, int *status,
		Error *err)
{
	PgErrorClass error_class;
	PGresult *result = pgconn_query(config, conn, statement, &error_class, err);

	if (result == NULL)
		*status = pgerror_exit_status(error_class);
	PQclear(result);
	return result != NULL;
}

bool
audit_session_begin(const Config *config, PGconn *conn, int *status, Error *err)
{
	/* As the relay's (postgres/parameters.c); what a policy hides is an error.
	 */
	return execute(config, conn,
				   "SET search_path = pg_catalog;"
				   "SET statement_timeout = 0;"
				   "SET standard_conforming_strings = on;"
				   "SET row_security = off;"
				   "SET datestyle = ISO;"
				   "SET intervalstyle = postgres;"
				   "SET extra_float_digits = 1",
				   status, err);
}

/* Reads one limit; *ms is INT64_MIN without one. */
static bool
check_limit(const Config *config, PGconn *conn, const char *option,
			const char *value, int64_t *ms, int *status, Error *err)
{
	static const Oid types[] = {TEXTOID};
	PgErrorClass error_class;
	PGresult *result;
	Error reason;

	*ms = INT64_MIN;
	if (value == NULL)
		return true;
	result = pgconn_query_params(config, conn,
								 "SELECT floor(extract(epoch FROM "
								 "$1::timestamptz) * 1000)::bigint",
								 1, types, &value, &error_class, &reason);
	if (result == NULL)
	{
		*status = EXIT_USAGE;
		return error_set(err, "option \"%s\": \"%s\" is no time: %s", option,
						 value, reason.text);
	}
	*ms = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	return true;
}

bool
audit_window_check(const Config *config, PGconn *conn,
				   const AuditWindow *window, const AuditTables *tables,
				   int64_t *since_ms, int *status, Error *err)
{
	int64_t until_ms;

	if (!check_limit(config, conn, "--since", window->since, since_ms, status,
					 err) ||
		!check_limit(config, conn, "--until", window->until, &until_ms, status,
					 err))
		return false;
	*status = EXIT_USAGE;
	if (window->until != NULL && *since_ms >= until_ms)
		return error_set(err, "--since %s is not before --until %s",
						 window->since, window->until);
	for (size_t i = 0; i < tables->count; i++)
	{
		if ((window->since != NULL || window->until != NULL) &&
			tables->items[i].time == NULL)
			return error_set(err,
							 "table %s has no column that is known to say when "
							 "a row was written: name it with -X "
							 "maintenance.time_column=..., or leave --since "
							 "and --until out",
							 tables->items[i].name);
	}
	return true;
}

bool
audit_snapshot_take(const Config *config, PGconn *conn, Lsn *lsn, int *status,
					Error *err)
{
	PgErrorClass error_class;
	PGresult *result;
	bool ok;

	if (!execute(config, conn,
				 "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", status,
				 err))
		return false;
	result = pgconn_query(config, conn,
						  "SELECT CASE WHEN NOT pg_is_in_recovery() THEN "
						  "pg_current_wal_insert_lsn() END",
						  &error_class, err);
	if (result == NULL)
	{
		*status = pgerror_exit_status(error_class);
		return false;
	}
	*status = EXIT_USAGE;
	ok = lsn_parse(PQgetvalue(result, 0, 0), (size_t) PQgetlength(result, 0, 0),
				   lsn) ||
		 error_set(err, "the server is a standby: audit asks the primary, "
						"which has the slot");
	PQclear(result);
	return ok;
}

bool
audit_snapshot_end(const Config *config, PGconn *conn, int *status, Error *err)
{
	return execute(config, conn, "COMMIT", status, err);
}

/* Writes a condition on the time column. */
static void
write_limit(FILE *out, const AuditTable *table, const char *operator,
			const char * limit)
{
	const char *format = " AND %s %s ";

	if (limit == NULL)
		return;
	fprintf(out, format, table->time_column, operator);
	if (strcmp(table->time_type, "int8") == 0)
		fputs("(extract(epoch FROM ", out);
	audit_sql_text(out, limit);
	fputs("::timestamptz", out);
	if (strcmp(table->time_type, "int8") == 0)
		fputs(") * 1000)::bigint", out);
	else if (strcmp(table->time_type, "timestamptz") != 0)
		fputs("::timestamp", out);
}

/* Writes the statement. */
static char *
write_copy(const AuditTable *table, const AuditWindow *window)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		xalloc_failed();
	fprintf(out, "COPY (SELECT %s, %s, %s, %s, %s FROM %s WHERE true",
			table->id, table->time != NULL ? table->time : "NULL::timestamptz",
			table->where, table->topic, table->key, table->name);
	if (table->excluded != NULL)
		fprintf(out, " AND tableoid <> ALL ('%s'::oid[])", table->excluded);
	write_limit(out, table, ">=", window->since);
	write_limit(out, table, "<", window->until);
	fputs(") TO STDOUT (FORMAT binary)", out);
	fclose(out);
	return text;
}

/* Reads big-endian numbers, unaligned. */
static uint16_t
read_16(const char *p)
{
	uint16_t n;

	memcpy(&n, p, sizeof(n));
	return be16toh(n);
}

static uint32_t
read_32(const char *p)
{
	uint32_t n;

	memcpy(&n, p, sizeof(n));
	return be32toh(n);
}

static int64_t
read_64(const char *p)
{
	uint64_t n;

	memcpy(&n, p, sizeof(n));
	return (int64_t) be64toh(n);
}

/*
 * Takes the fields of a row apart; false at the trailer, or if it is none of
 * this copy.
 */
static bool
read_fields(const char *data, size_t len, Slice fields[N_COLUMNS])
{
	const char *end = data + len;
	const char *p = data + sizeof(uint16_t);

	if (len < sizeof(uint16_t) || read_16(data) != N_COLUMNS)
		return false;
	for (int i = 0; i < N_COLUMNS; i++)
	{
		uint32_t size;

		if (end - p < (ptrdiff_t) sizeof(uint32_t))
			return false;
		size = read_32(p);
		p += sizeof(uint32_t);
		fields[i] = (Slice){NULL, 0};
		if (size == UINT32_MAX)
			continue;
		if ((size_t) (end - p) < size)
			return false;
		fields[i] = (Slice){p, size};
		p += size;
	}
	return true;
}

/* The time of a row, which is not known if it is infinite. */
static int64_t
read_time(Slice field)
{
	int64_t us;

	if (field.len != sizeof(int64_t))
		return INT64_MIN;
	us = read_64(field.data);
	if (us == INT64_MIN || us == INT64_MAX)
		return INT64_MIN;
	return us / 1000 + POSTGRES_EPOCH_MS;
}

/* Gives a row to the taker. */
static void
give(const char *data, size_t len, AuditRowTaker taker, void *argument)
{
	Slice fields[N_COLUMNS];

	/* The first one comes behind the header. */
	if (len >= SIGNATURE_SIZE + 8 &&
		memcmp(data, signature, SIGNATURE_SIZE) == 0)
	{
		uint32_t skip = SIGNATURE_SIZE + 8 + read_32(data + SIGNATURE_SIZE + 4);

		data += skip;
		len -= skip;
	}
	if (!read_fields(data, len, fields))
		return;
	taker(argument,
		  &(AuditRow){.id = fields[COLUMN_ID],
					  .topic = fields[COLUMN_TOPIC],
					  .key = fields[COLUMN_KEY],
					  .time_ms = read_time(fields[COLUMN_TIME]),
					  .is_event = fields[COLUMN_IS_EVENT].len == 1 &&
								  *fields[COLUMN_IS_EVENT].data != 0});
}

/* Says why a copy failed. */
static bool
fail(const Config *config, PGconn *conn, const PGresult *result, int *status,
	 Error *err)
{
	*status = pgerror_exit_status(
		pgfailure_judge(conn, result, config_text(config, CONFIG_RELAY_SLOT),
						NULL, err));
	return false;
}

/*
 * It takes as long as it takes: a server that is gone is noticed by TCP
 * (postgres/parameters.c), and one that looks for rows long may be silent.
 */
bool
audit_rows_read(const Config *config, PGconn *conn, const AuditTable *table,
				const AuditWindow *window, AuditRowTaker taker, void *argument,
				int *status, Error *err)
{
	char *copy = write_copy(table, window);
	PGresult *result = PQexec(conn, copy);
	char *data;
	int len;
	bool ok;

	free(copy);
	ok = PQresultStatus(result) == PGRES_COPY_OUT;
	while (ok && (len = PQgetCopyData(conn, &data, 0)) > 0)
	{
		give(data, (size_t) len, taker, argument);
		PQfreemem(data);
	}
	if (ok)
	{
		PQclear(result);
		result = PQgetResult(conn);
		ok = PQresultStatus(result) == PGRES_COMMAND_OK;
	}
	if (!ok)
		fail(config, conn, result, status, err);
	PQclear(result);
	while ((result = PQgetResult(conn)) != NULL)
		PQclear(result);
	return ok;
}
