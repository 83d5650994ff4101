/*-------------------------------------------------------------------------
 *
 * options.c
 *	  The options of START_REPLICATION and pg_logical_slot_get_changes().
 *
 * Adding one: a field in Options, a function in option_readers.c that reads its
 * value, a line in the table below, a line in docs/options.md, a line in the
 * relay's settings (consumer/config/settings.c).
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
	OptionReader *read;
	const char *default_value; /* NULL: the reader is not called */
} OptionDescription;

static const OptionDescription descriptions[] = {
	{"proto_version", read_proto_version, NULL},
	{"tables", read_tables, "public.outbox"},
	{"messages", read_messages, "pg_outbox"},
	{"topic", read_topic, "${aggregate_type|aggregatetype}.events"},
	{"route_by", read_role, NULL},
	{"route_regex", read_route_regex, NULL},
	{"route_replacement", read_route_replacement, NULL},
	{"key", read_role, NULL},
	{"id", read_role, NULL},
	{"event_type", read_role, NULL},
	{"payload", read_role, NULL},
	{"partition", read_role, NULL},
	{"timestamp", read_role, NULL},
	{"headers", read_headers, "id,event_type:eventType"},
	{"empty_payload", read_empty_payload, "value"},
	{"shard", read_shard, "0/1"},
	{"max_event_bytes", read_max_event_bytes,
	 CppAsString2(PROTOCOL_MAX_EVENT_BYTES)},
	{"origin", read_origin, "any"},
	{"coalesce", read_coalesce, "0"},
};

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

/* Tells whether an option is among the elements. */
static bool
is_given(const bool *given, const char *name)
{
	return given[find_option(name)];
}

/* Compiles the regular expression if an option asks for one. */
static void
make_router(Options *options, const bool *given)
{
	const char *route = is_given(given, "route_by")      ? "route_by"
						: is_given(given, "route_regex") ? "route_regex"
						: is_given(given, "route_replacement")
							? "route_replacement"
							: NULL;

	if (route == NULL)
		return;
	if (is_given(given, "topic"))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("options \"topic\" and \"%s\" exclude each "
							   "other",
							   route),
						errhint("Give \"topic\", or any of \"route_by\", "
								"\"route_regex\" and "
								"\"route_replacement\".")));
	options->router =
		router_create(options->route_regex, options->route_replacement);
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
	make_router(options, given);
}
