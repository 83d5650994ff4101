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
extern OptionReader read_topic;
extern OptionReader read_route_regex;
extern OptionReader read_route_replacement;
extern OptionReader read_role;
extern OptionReader read_headers;
extern OptionReader read_empty_payload;
extern OptionReader read_shard;
extern OptionReader read_origin;
extern OptionReader read_max_event_bytes;
extern OptionReader read_coalesce;

#endif /* PG_OUTBOX_OPTION_READERS_H */
