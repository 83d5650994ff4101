/*-------------------------------------------------------------------------
 *
 * audit/topics.h
 *	  The topics that an audit reads, and from where to where.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_AUDIT_TOPICS_H
#define PG_OUTBOX_AUDIT_TOPICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/kept.h"
#include "base/error.h"
#include "base/slice.h"
#include "config/values.h"

typedef struct AuditTopics
{
	AuditTopic **items; /* sorted by name once they are looked up */
	size_t count;
	void *tree; /* by name */
	const AuditTopic *last;
} AuditTopics;

/* Adds a topic unless it is there. */
extern void audit_topics_add(AuditTopics *topics, Slice name);

/* The topic of a name, or NULL. */
extern AuditTopic *audit_topics_find(AuditTopics *topics, Slice name);

/*
 * Adds the topics of the cluster whose whole name matches a POSIX extended
 * regular expression, with their number in *count.  False, with the reason in
 * err, if it is none (EXIT_USAGE) or Kafka does not answer.
 */
extern bool audit_topics_match(AuditTopics *topics, const Config *config,
							   const char *expression, size_t *count,
							   int *status, Error *err);

/*
 * Looks up partitions and offsets of all topics: what is written from now on is
 * not read.  With a time in ms since 1970 only records from then on are;
 * INT64_MIN: all.  A topic that does not exist has no partitions then.  False,
 * with the reason in err, if Kafka does not answer or forbids it.
 */
extern bool audit_topics_look_up(AuditTopics *topics, const Config *config,
								 int64_t since_ms, int *status, Error *err);

extern void audit_topics_free(AuditTopics *topics);

#endif /* PG_OUTBOX_AUDIT_TOPICS_H */
