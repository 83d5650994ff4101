/*-------------------------------------------------------------------------
 *
 * option_readers.c
 *	  Read the value of one option each.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/pg_list.h"

#include "option_readers.h"
#include "protocol.h"
#include "scan.h"
#include "template.h"

/* More shards than this are refused. */
#define MAX_SHARDS 1024

void
invalid_value(const char *name, const char *value, const char *allowed)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("option \"%s\": invalid value \"%s\"", name, value),
					errhint("Allowed is %s.", allowed)));
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

/* topic: a template. */
void
read_topic(EventOptions *events, const char *name, const char *value)
{
	events->topic = template_parse(name, value, true);
	if (events->topic == NIL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("option \"%s\" is empty", name)));
}

/* The role that an option names. */
static RoleOption *
find_role(EventOptions *events, const char *name)
{
	for (int role = 0; role < N_ROLES; role++)
	{
		if (strcmp(events->roles[role].option, name) == 0)
			return &events->roles[role];
	}
	pg_unreachable();
}

/* route_by, id, event_type, payload, partition, timestamp: a column. */
void
read_role(EventOptions *events, const char *name, const char *value)
{
	RoleOption *role = find_role(events, name);
	const char *p = value;

	role->columns = scan_alternatives(&p, '\0');
	role->given = true;
	if (role->columns == NIL)
		invalid_value(name, value,
					  "the name of a column, quoted as in SQL, or a|b for the "
					  "first of some that the table has");
}

/* key: a column, a template, or empty for none. */
void
read_key(EventOptions *events, const char *name, const char *value)
{
	RoleOption *role = find_role(events, name);
	const char *p = value;

	role->given = true;
	role->columns = NIL;
	scan_space(&p);
	if (*p == '\0')
		return;
	/* First, for "${a}" is a key with quotes around it, not a column. */
	if (is_template(value))
	{
		events->key = template_parse(name, value, false);
		return;
	}
	role->columns = scan_alternatives(&p, '\0');
	if (role->columns == NIL)
		invalid_value(name, value,
					  "the name of a column, quoted as in SQL, a|b for the "
					  "first of some that the table has, a template such as "
					  "${a}:${b}, or nothing for no key");
}

/* Which of two words a value is: false for the first, true for the second. */
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
read_empty_payload(EventOptions *events, const char *name, const char *value)
{
	events->blank_is_tombstone = read_word(name, value, "value", "tombstone");
}

/* key_encoding: text or raw. */
void
read_key_encoding(EventOptions *events, const char *name, const char *value)
{
	events->raw_key = read_word(name, value, "text", "raw");
}

/* where: a condition on the columns. */
void
read_where(EventOptions *events, const char *name, const char *value)
{
	events->where = filter_parse(name, value);
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
read_route_regex(EventOptions *events, const char *name, const char *value)
{
	events->route_regex = pstrdup(value);
}

/* route_replacement: the same. */
void
read_route_replacement(EventOptions *events, const char *name,
					   const char *value)
{
	events->route_replacement = pstrdup(value);
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
read_max_event_bytes(EventOptions *events, const char *name, const char *value)
{
	events->max_event_bytes = read_bytes(name, value, 1, MAX_EVENT_BYTES_LIMIT);
}

/* coalesce: a number of bytes. */
void
read_coalesce(Options *options, const char *name, const char *value)
{
	options->coalesce = read_bytes(name, value, 0, COALESCE_LIMIT);
}
