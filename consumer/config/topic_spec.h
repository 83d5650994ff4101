/*-------------------------------------------------------------------------
 *
 * config/topic_spec.h
 *	  How topics are to be created: PARTITIONS[:REPLICATION[,property=value]...]
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CONFIG_TOPIC_SPEC_H
#define PG_OUTBOX_CONFIG_TOPIC_SPEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* More properties than this are refused. */
#define TOPIC_SPEC_MAX_PROPERTIES 20

typedef struct TopicSpec
{
	int partitions;
	int replication; /* -1: the broker's default */
	size_t n_properties;
	const char *names[TOPIC_SPEC_MAX_PROPERTIES];
	const char *values[TOPIC_SPEC_MAX_PROPERTIES];
	char *text; /* owned: what names and values point into */
} TopicSpec;

/*
 * Reads a specification.  False, with what is allowed in err, if it is
 * invalid.  The caller frees one that was read.
 */
extern bool topic_spec_parse(TopicSpec *spec, const char *text, Error *err);
extern void topic_spec_free(TopicSpec *spec);

#endif /* PG_OUTBOX_CONFIG_TOPIC_SPEC_H */
