/*-------------------------------------------------------------------------
 *
 * option_readers.c
 *	  Read the value of one option each.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/pg_list.h"

#include "identifier.h"
#include "option_readers.h"
#include "protocol.h"
#include "template.h"

/* More shards than this are refused. */
#define MAX_SHARDS 1024

/* Raises the ERROR of a value that cannot be read. */
static void
invalid_value(const char *name, const char *value, const char *allowed)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("option \"%s\": invalid value \"%s\"", name, value),
					errhint("Allowed is %s.", allowed)));
}

/* Steps over a comma; false at the end; anything else is not allowed there. */
static bool
next_item(const char *name, const char *value, const char **cursor,
		  const char *allowed)
{
	skip_space(cursor);
	if (**cursor == '\0')
		return false;
	if (**cursor != ',')
		invalid_value(name, value, allowed);
	(*cursor)++;
	return true;
}

/* proto_version: the version of the lines that the client reads. */
void
read_proto_version(Options *options, const char *name, const char *value)
{
	if (strcmp(value, PROTOCOL_VERSION) != 0)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("plugin pg_outbox writes lines of "
							   "version " PROTOCOL_VERSION
							   ", and the client reads version \"%s\"",
							   value),
						errhint("Install the plugin and the relay of the same "
								"version.")));
}

/* tables: a comma list of schema.table; empty for none. */
void
read_tables(Options *options, const char *name, const char *value)
{
	const char *allowed =
		"a comma list of schema.table, names quoted as in SQL";
	const char *p = value;
	List *tables = NIL;

	options->tables = NIL;
	skip_space(&p);
	if (*p == '\0')
		return;
	do
	{
		TableName *table = palloc0(sizeof(TableName));
		ListCell *lc;

		skip_space(&p);
		table->schema = scan_identifier(&p);
		if (table->schema == NULL || *p++ != '.')
			invalid_value(name, value, allowed);
		table->name = scan_identifier(&p);
		if (table->name == NULL)
			invalid_value(name, value, allowed);
		foreach (lc, tables)
		{
			TableName *other = lfirst(lc);

			if (strcmp(other->schema, table->schema) == 0 &&
				strcmp(other->name, table->name) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("option \"%s\" names table \"%s.%s\" twice",
								name, table->schema, table->name)));
		}
		tables = lappend(tables, table);
	} while (next_item(name, value, &p, allowed));

	options->tables = tables;
}

/* topic: a template. */
void
read_topic(Options *options, const char *name, const char *value)
{
	options->topic = template_parse(name, value);
}

/* Reads column, or a|b for the first of some that the table has. */
static List *
scan_columns(const char *name, const char *value)
{
	const char *p = value;
	List *columns = NIL;

	for (;;)
	{
		char *column;

		skip_space(&p);
		column = scan_identifier(&p);
		skip_space(&p);
		if (column == NULL || (*p != '|' && *p != '\0'))
			invalid_value(name, value,
						  "the name of a column, quoted as in SQL, or a|b for "
						  "the first of some that the table has");
		columns = lappend(columns, column);
		if (*p++ == '\0')
			return columns;
	}
}

/* route_by, key, id, event_type, payload, partition, timestamp: a column. */
void
read_role(Options *options, const char *name, const char *value)
{
	for (int role = 0; role < N_ROLES; role++)
	{
		if (strcmp(options->roles[role].option, name) == 0)
		{
			options->roles[role].columns = scan_columns(name, value);
			options->roles[role].given = true;
		}
	}
}

/* Reads the name of a header: in double quotes, or up to comma or space. */
static char *
scan_header_name(const char **cursor)
{
	const char *start = *cursor;
	size_t len;

	if (*start == '"')
		return scan_identifier(cursor);
	len = strcspn(start, ", \t\r\n\"");
	*cursor += len;
	return len > 0 ? pnstrdup(start, len) : NULL;
}

/* Reads column, column:name or column:*; NULL if it is none of these. */
static HeaderOption *
scan_header(const char **cursor)
{
	HeaderOption *header = palloc0(sizeof(HeaderOption));

	skip_space(cursor);
	header->column = scan_identifier(cursor);
	if (header->column == NULL)
		return NULL;
	header->name = header->column;
	skip_space(cursor);
	if (**cursor != ':')
		return header;

	(*cursor)++;
	skip_space(cursor);
	header->spread = **cursor == '*';
	header->name = scan_header_name(cursor);
	if (header->name == NULL ||
		(header->spread && strcmp(header->name, "*") != 0))
		return NULL;
	if (header->spread)
		header->name = header->column;
	return header;
}

/* Raises an ERROR if a header, or an object of headers, is named again. */
static void
check_new_header(const char *name, List *headers, const HeaderOption *header)
{
	ListCell *lc;

	foreach (lc, headers)
	{
		const HeaderOption *other = lfirst(lc);

		if (other->spread == header->spread &&
			strcmp(other->name, header->name) == 0)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("option \"%s\" names %s \"%s\" twice", name,
								   header->spread ? "column" : "header",
								   header->name)));
	}
}

/* headers: a comma list of column, column:name, column:*; empty for none. */
void
read_headers(Options *options, const char *name, const char *value)
{
	const char *allowed = "a comma list of column, column:header or column:*";
	const char *p = value;
	List *headers = NIL;

	options->headers = NIL;
	skip_space(&p);
	if (*p == '\0')
		return;
	do
	{
		HeaderOption *header = scan_header(&p);

		if (header == NULL)
			invalid_value(name, value, allowed);
		check_new_header(name, headers, header);
		headers = lappend(headers, header);
		if (list_length(headers) > PROTOCOL_MAX_HEADERS)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("option \"%s\" names more than %d headers",
								   name, PROTOCOL_MAX_HEADERS)));
	} while (next_item(name, value, &p, allowed));

	options->headers = headers;
}

/* Tells which of two words a value is: false the first, true the second. */
static bool
read_word(const char *name, const char *value, const char *first,
		  const char *second)
{
	if (strcmp(value, first) == 0)
		return false;
	if (strcmp(value, second) != 0)
		invalid_value(name, value, psprintf("%s or %s", first, second));
	return true;
}

/* empty_payload: value or tombstone. */
void
read_empty_payload(Options *options, const char *name, const char *value)
{
	options->blank_is_tombstone = read_word(name, value, "value", "tombstone");
}

/* origin: any or none. */
void
read_origin(Options *options, const char *name, const char *value)
{
	options->local_only = read_word(name, value, "any", "none");
}

/* messages: a prefix; empty for none. */
void
read_messages(Options *options, const char *name, const char *value)
{
	options->messages = pstrdup(value);
}

/* route_regex: a regular expression, compiled when all options are known. */
void
read_route_regex(Options *options, const char *name, const char *value)
{
	options->route_regex = pstrdup(value);
}

/* route_replacement: the same. */
void
read_route_replacement(Options *options, const char *name, const char *value)
{
	options->route_replacement = pstrdup(value);
}

/* Reads the digits at *cursor; -1 if there are none, or too many. */
static int
scan_number(const char **cursor)
{
	int number = -1;

	for (; **cursor >= '0' && **cursor <= '9' && number <= MAX_SHARDS;
		 (*cursor)++)
		number = Max(number, 0) * 10 + (**cursor - '0');
	return number;
}

/* shard: k/n. */
void
read_shard(Options *options, const char *name, const char *value)
{
	const char *p = value;

	options->shard = scan_number(&p);
	options->n_shards = *p == '/' ? (p++, scan_number(&p)) : -1;
	if (*p != '\0' || options->shard < 0 ||
		options->n_shards <= options->shard || options->n_shards > MAX_SHARDS)
		invalid_value(name, value,
					  psprintf("k/n, n from 1 to %d and k from 0 to n - 1",
							   MAX_SHARDS));
}

/* Reads a number of bytes from min to max. */
static int
read_bytes(const char *name, const char *value, int min, int max)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(value, &end, 10);
	if (end == value || *end != '\0' || errno != 0 || number < min ||
		number > max)
		invalid_value(name, value,
					  psprintf("a number of bytes from %d to %d", min, max));
	return (int) number;
}

/* max_event_bytes: a number of bytes. */
void
read_max_event_bytes(Options *options, const char *name, const char *value)
{
	options->max_event_bytes =
		read_bytes(name, value, 1, MAX_EVENT_BYTES_LIMIT);
}

/* coalesce: a number of bytes. */
void
read_coalesce(Options *options, const char *name, const char *value)
{
	options->coalesce = read_bytes(name, value, 0, COALESCE_LIMIT);
}
