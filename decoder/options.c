/*-------------------------------------------------------------------------
 *
 * options.c
 *	  The options of START_REPLICATION and pg_logical_slot_get_changes().
 *
 * Adding one: a field in Options, a function that reads its value, a line in
 * the table below, a line in docs/options.md.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "lib/stringinfo.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/varlena.h"

#include "identifier.h"
#include "options.h"
#include "template.h"

/* Reads the value of one option. */
typedef void (*OptionReader)(Options *options, const char *name,
							 const char *value);

typedef struct OptionDescription
{
	const char *name;
	OptionReader read;
	const char *default_value; /* NULL: the reader is not called */
} OptionDescription;

static void read_tables(Options *options, const char *name, const char *value);
static void read_topic(Options *options, const char *name, const char *value);
static void read_role(Options *options, const char *name, const char *value);
static void read_headers(Options *options, const char *name, const char *value);
static void read_max_event_bytes(Options *options, const char *name,
								 const char *value);
static void read_coalesce(Options *options, const char *name,
						  const char *value);

static const OptionDescription descriptions[] = {
	{"tables", read_tables, "public.outbox"},
	{"topic", read_topic, "${aggregate_type|aggregatetype}.events"},
	{"key", read_role, NULL},
	{"id", read_role, NULL},
	{"event_type", read_role, NULL},
	{"payload", read_role, NULL},
	{"headers", read_headers, "id,event_type:eventType"},
	{"max_event_bytes", read_max_event_bytes, "1000000"},
	{"coalesce", read_coalesce, "0"},
};

/* The option of each role, and its columns where the option is not given. */
static const struct
{
	const char *option;
	const char *columns[2];
} role_defaults[N_ROLES] = {
	[ROLE_AGGREGATE_TYPE] = {"topic", {"aggregate_type", "aggregatetype"}},
	[ROLE_AGGREGATE_ID] = {"key", {"aggregate_id", "aggregateid"}},
	[ROLE_EVENT_TYPE] = {"event_type", {"event_type", "type"}},
	[ROLE_ID] = {"id", {"id", NULL}},
	[ROLE_PAYLOAD] = {"payload", {"payload", NULL}},
};

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

/* tables: a comma list of schema.table. */
static void
read_tables(Options *options, const char *name, const char *value)
{
	const char *allowed =
		"a comma list of schema.table, names quoted as in SQL";
	const char *p = value;
	List *tables = NIL;

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
static void
read_topic(Options *options, const char *name, const char *value)
{
	options->topic = template_parse(name, value);
}

/* key, id, event_type, payload: one column. */
static void
read_role(Options *options, const char *name, const char *value)
{
	const char *p = value;
	char *column;

	skip_space(&p);
	column = scan_identifier(&p);
	skip_space(&p);
	if (column == NULL || *p != '\0')
		invalid_value(name, value, "the name of one column, quoted as in SQL");
	for (int role = 0; role < N_ROLES; role++)
	{
		if (strcmp(role_defaults[role].option, name) == 0)
			options->roles[role].columns = list_make1(column);
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

/* headers: a comma list of column[:name]; empty for none. */
static void
read_headers(Options *options, const char *name, const char *value)
{
	const char *allowed = "a comma list of column or column:header";
	const char *p = value;
	List *headers = NIL;

	options->headers = NIL;
	skip_space(&p);
	if (*p == '\0')
		return;
	do
	{
		HeaderOption *header = palloc0(sizeof(HeaderOption));
		ListCell *lc;

		skip_space(&p);
		header->column = scan_identifier(&p);
		if (header->column == NULL)
			invalid_value(name, value, allowed);
		header->name = header->column;
		skip_space(&p);
		if (*p == ':')
		{
			p++;
			skip_space(&p);
			header->name = scan_header_name(&p);
			if (header->name == NULL)
				invalid_value(name, value, allowed);
		}
		foreach (lc, headers)
		{
			HeaderOption *other = lfirst(lc);

			if (strcmp(other->name, header->name) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("option \"%s\" names header \"%s\" twice", name,
								header->name)));
		}
		headers = lappend(headers, header);
	} while (next_item(name, value, &p, allowed));

	options->headers = headers;
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
static void
read_max_event_bytes(Options *options, const char *name, const char *value)
{
	options->max_event_bytes =
		read_bytes(name, value, 1, MAX_EVENT_BYTES_LIMIT);
}

/* coalesce: a number of bytes. */
static void
read_coalesce(Options *options, const char *name, const char *value)
{
	options->coalesce = read_bytes(name, value, 0, COALESCE_LIMIT);
}

/* Raises the ERROR of an option that there is not. */
static void
unknown_option(const char *name)
{
	StringInfoData known;
	const char *nearest = NULL;
	int nearest_distance = 4;
	int length = strlen(name);

	initStringInfo(&known);
	for (int i = 0; i < lengthof(descriptions); i++)
	{
		const char *other = descriptions[i].name;
		int distance = INT_MAX;

		appendStringInfo(&known, "%s%s", i > 0 ? ", " : "", other);
		if (length < 64)
			distance = varstr_levenshtein_less_equal(name, length, other,
													 strlen(other), 1, 1, 1,
													 nearest_distance, true);
		if (distance < nearest_distance && distance < length)
		{
			nearest = other;
			nearest_distance = distance;
		}
	}
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("unknown option \"%s\"", name),
					nearest ? errhint("Did you mean \"%s\"?", nearest)
							: errhint("The options are: %s.", known.data)));
}

/* Returns the place of an option in the table, or raises an ERROR. */
static int
find_option(const char *name)
{
	for (int i = 0; i < lengthof(descriptions); i++)
	{
		if (strcmp(descriptions[i].name, name) == 0)
			return i;
	}
	unknown_option(name);
	pg_unreachable();
}

/* Sets all options to their defaults. */
static void
set_defaults(Options *options)
{
	memset(options, 0, sizeof(Options));
	for (int role = 0; role < N_ROLES; role++)
	{
		RoleOption *target = &options->roles[role];

		target->option = role_defaults[role].option;
		for (int i = 0; i < lengthof(role_defaults[role].columns); i++)
		{
			if (role_defaults[role].columns[i] != NULL)
				target->columns =
					lappend(target->columns,
							pstrdup(role_defaults[role].columns[i]));
		}
	}
	for (int i = 0; i < lengthof(descriptions); i++)
	{
		if (descriptions[i].default_value != NULL)
			descriptions[i].read(options, descriptions[i].name,
								 descriptions[i].default_value);
	}
}

void
options_parse(Options *options, List *elements)
{
	bool given[lengthof(descriptions)] = {false};
	ListCell *lc;

	set_defaults(options);
	foreach (lc, elements)
	{
		DefElem *element = lfirst(lc);
		int i = find_option(element->defname);

		if (given[i])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s\" is given twice", element->defname)));
		given[i] = true;
		if (element->arg == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s\" has no value", element->defname)));
		descriptions[i].read(options, element->defname, strVal(element->arg));
	}
}
