/*-------------------------------------------------------------------------
 *
 * audit/place.h
 *	  Where keys belong: in which partition, and in which shard.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_AUDIT_PLACE_H
#define PG_OUTBOX_AUDIT_PLACE_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "config/values.h"

typedef int32_t (*AuditPartitioner)(const rd_kafka_topic_t *topic,
									const void *key, size_t len, int32_t count,
									void *topic_arg, void *message_arg);

typedef struct AuditPlace
{
	AuditPartitioner partitioner; /* NULL: it does not go by the key */
	int shard;                    /* this one ... */
	int n_shards;                 /* ... of so many */
} AuditPlace;

/* Reads what [kafka] and [outbox] say of it. */
extern void audit_place_read(AuditPlace *place, const Config *config);

/* The partition, of so many, of a record with a key; -1: not known. */
extern int audit_partition_of(const AuditPlace *place, Slice key, int count);

/* Tells whether an event with a key is of the shard (docs/options.md). */
extern bool audit_is_of_shard(const AuditPlace *place, Slice key);

#endif /* PG_OUTBOX_AUDIT_PLACE_H */
