/*-------------------------------------------------------------------------
 *
 * kafka/record.h
 *	  What is handed to Kafka for one event.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_KAFKA_RECORD_H
#define PG_OUTBOX_KAFKA_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* The partitioner decides; librdkafka's RD_KAFKA_PARTITION_UA. */
#define KAFKA_ANY_PARTITION (-1)

/* All that it points to belongs to who made it. */
typedef struct KafkaRecord
{
	Slice topic;
	Slice key;   /* NULL: none */
	Slice value; /* NULL: none, a tombstone */
	int32_t partition;
	int64_t ts; /* ms since 1970-01-01 UTC */
	const NamedSlice *headers;
	size_t n_headers;
} KafkaRecord;

#endif /* PG_OUTBOX_KAFKA_RECORD_H */
