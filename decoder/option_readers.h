/*-------------------------------------------------------------------------
 *
 * option_readers.h
 *	  Read the value of one option each.
 *
 * All take the option's name and its value, put what they read into the
 * options, palloc'd, and raise an ERROR that names the option, the value and
 * what is allowed if it cannot be read.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_OPTION_READERS_H
#define PG_OUTBOX_OPTION_READERS_H

#include "options.h"

typedef void OptionReader(Options *options, const char *name,
						  const char *value);

extern OptionReader read_proto_version;
extern OptionReader read_tables;
extern OptionReader read_messages;
extern OptionReader read_shard;
extern OptionReader read_origin;
extern OptionReader read_coalesce;

typedef void EventOptionReader(EventOptions *events, const char *name,
							   const char *value);

extern EventOptionReader read_topic;
extern EventOptionReader read_route_regex;
extern EventOptionReader read_route_replacement;
extern EventOptionReader read_role;
extern EventOptionReader read_key;
extern EventOptionReader read_key_encoding;
extern EventOptionReader read_value;
extern EventOptionReader read_headers;
extern EventOptionReader read_where;
extern EventOptionReader read_empty_payload;
extern EventOptionReader read_max_event_bytes;

/* Raises the ERROR of a value that cannot be read. */
extern void invalid_value(const char *name, const char *value,
						  const char *allowed) __attribute__((noreturn));

/*
 * Reads the name of a header or member, in double quotes or up to white space
 * or a character of SQL's syntax; palloc'd, or NULL.
 */
extern char *scan_alias(const char **cursor);

#endif /* PG_OUTBOX_OPTION_READERS_H */
