/*-------------------------------------------------------------------------
 *
 * options.c
 *	  The options of START_REPLICATION and pg_logical_slot_get_changes().
 *
 * Some are about the connection; the others may stand behind an entry of option
 * "tables", too, and then hold for what that entry stands for.
 *
 * Adding one: a field in Options or EventOptions, a function in
 * option_readers.c that reads its value, a line in the table below, a line in
 * docs/options.md, a line in the relay's settings
 * (consumer/config/settings.c).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "lib/stringinfo.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/varlena.h"

#include "option_readers.h"
#include "options.h"
#include "protocol.h"

typedef struct OptionDescription
{
	const char *name;
	OptionReader *read;            /* one of the two is set */
	EventOptionReader *read_event; /* a table may have its own */
	const char *default_value;     /* NULL: the reader is not called */
} OptionDescription;

static const OptionDescription descriptions[] = {
	{"proto_version", read_proto_version, NULL, NULL},
	{"tables", read_tables, NULL, "public.outbox"},
	{"messages", read_messages, NULL, "pg_outbox"},
	{"topic", NULL, read_topic, "${aggregate_type|aggregatetype}.events"},
	{"route_by", NULL, read_role, NULL},
	{"route_regex", NULL, read_route_regex, NULL},
	{"route_replacement", NULL, read_route_replacement, NULL},
	{"key", NULL, read_key, NULL},
	{"key_encoding", NULL, read_key_encoding, "text"},
	{"id", NULL, read_role, NULL},
	{"event_type", NULL, read_role, NULL},
	{"payload", NULL, read_role, NULL},
	{"value", NULL, read_value, "payload"},
	{"partition", NULL, read_role, NULL},
	{"timestamp", NULL, read_role, NULL},
	{"headers", NULL, read_headers, "id,event_type:eventType"},
	{"where", NULL, read_where, NULL},
	{"empty_payload", NULL, read_empty_payload, "value"},
	{"shard", read_shard, NULL, "0/1"},
	{"max_event_bytes", NULL, read_max_event_bytes,
	 CppAsString2(PROTOCOL_MAX_EVENT_BYTES)},
	{"origin", read_origin, NULL, "any"},
	{"coalesce", read_coalesce, NULL, "0"},
};
#define N_OPTIONS lengthof(descriptions)

/* The option of each role, and its columns where the option is not given. */
static const struct
{
	const char *option;
	const char *columns[2];
} role_defaults[N_ROLES] = {
	[ROLE_AGGREGATE_TYPE] = {"route_by", {"aggregate_type", "aggregatetype"}},
	[ROLE_AGGREGATE_ID] = {"key", {"aggregate_id", "aggregateid"}},
	[ROLE_EVENT_TYPE] = {"event_type", {"event_type", "type"}},
	[ROLE_ID] = {"id", {"id", NULL}},
	[ROLE_PAYLOAD] = {"payload", {"payload", NULL}},
	[ROLE_PARTITION] = {"partition", {NULL, NULL}},
	[ROLE_TIMESTAMP] = {"timestamp", {NULL, NULL}},
};

/* Rejects an unknown option and suggests the nearest name. */
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

/* Notes that an option is given, with its value; not twice. */
static void
take_value(const char *values[], const char *name, const char *value)
{
	int i = find_option(name);

	if (values[i] != NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("option \"%s\" is given twice", name)));
	if (value == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("option \"%s\" has no value", name)));
	values[i] = value;
}

/* The value of an option, or NULL. */
static const char *
value_of(const char *const values[], const char *name)
{
	return values[find_option(name)];
}

/* The option that makes a router, or NULL. */
static const char *
routing_option(const char *const values[])
{
	static const char *const names[] = {"route_by", "route_regex",
										"route_replacement"};

	for (int i = 0; i < lengthof(names); i++)
	{
		if (value_of(values, names[i]) != NULL)
			return names[i];
	}
	return NULL;
}

/* Raises the ERROR of options that cannot be given together. */
static void
check_together(const char *const values[])
{
	const char *route = routing_option(values);

	if (route != NULL && value_of(values, "topic") != NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("options \"topic\" and \"%s\" exclude each "
							   "other",
							   route),
						errhint("Give \"topic\", or any of \"route_by\", "
								"\"route_regex\" and "
								"\"route_replacement\".")));
}

/* Sets the columns of all roles to their defaults. */
static void
set_default_roles(EventOptions *events)
{
	for (int role = 0; role < N_ROLES; role++)
	{
		RoleOption *target = &events->roles[role];

		target->option = role_defaults[role].option;
		for (int i = 0; i < lengthof(role_defaults[role].columns); i++)
		{
			if (role_defaults[role].columns[i] != NULL)
				target->columns =
					lappend(target->columns,
							pstrdup(role_defaults[role].columns[i]));
		}
	}
}

/* Reads the options of events: those of a table, else of all, else defaults. */
static void
read_events(EventOptions *events, const char *const own[],
			const char *const all[])
{
	bool own_topic = value_of(own, "topic") != NULL;
	bool own_route = routing_option(own) != NULL;
	bool routes = own_route || (!own_topic && routing_option(all) != NULL);

	check_together(own);
	memset(events, 0, sizeof(EventOptions));
	set_default_roles(events);
	for (int i = 0; i < N_OPTIONS; i++)
	{
		const OptionDescription *option = &descriptions[i];
		const char *value = own[i] != NULL   ? own[i]
							: all[i] != NULL ? all[i]
											 : option->default_value;

		if (option->read_event != NULL && value != NULL)
			option->read_event(events, option->name, value);
	}
	if (events->raw_key && events->key != NIL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("option \"key_encoding\": a key that is a "
							   "template is text, never raw")));
	if (routes)
		events->router =
			router_create(events->route_regex, events->route_replacement);
}

/* Gives the entries of option "tables" their options. */
static void
read_entries(Options *options, const char *const all[])
{
	ListCell *lc;

	foreach (lc, options->tables)
	{
		TableEntry *entry = lfirst(lc);
		const char *own[N_OPTIONS] = {NULL};
		EventOptions *events;
		ListCell *cell;

		entry->events = &options->events;
		if (entry->overrides == NIL)
			continue;
		foreach (cell, entry->overrides)
		{
			const OptionValue *override = lfirst(cell);

			if (descriptions[find_option(override->name)].read_event == NULL)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("option \"%s\" cannot be that of one table: "
								"%s",
								override->name, entry->source)));
			take_value(own, override->name, override->value);
		}
		events = palloc0(sizeof(EventOptions));
		read_events(events, own, all);
		entry->events = events;
	}
}

void
options_parse(Options *options, List *elements)
{
	const char *none[N_OPTIONS] = {NULL};
	const char *all[N_OPTIONS] = {NULL};
	ListCell *lc;

	foreach (lc, elements)
	{
		DefElem *element = lfirst(lc);

		take_value(all, element->defname,
				   element->arg != NULL ? strVal(element->arg) : NULL);
	}
	check_together(all);
	memset(options, 0, sizeof(Options));
	for (int i = 0; i < N_OPTIONS; i++)
	{
		const OptionDescription *option = &descriptions[i];
		const char *value = all[i] != NULL ? all[i] : option->default_value;

		if (option->read != NULL && value != NULL)
			option->read(options, option->name, value);
	}
	read_events(&options->events, none, all);
	read_entries(options, all);
}
