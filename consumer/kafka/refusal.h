/*-------------------------------------------------------------------------
 *
 * kafka/refusal.h
 *	  Why Kafka, or librdkafka before it, refuses a record.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_KAFKA_REFUSAL_H
#define PG_OUTBOX_KAFKA_REFUSAL_H

#include <stdbool.h>

#include "base/error.h"

struct rd_kafka_message_s;

typedef struct KafkaRefusal
{
	const char *code; /* librdkafka's name of the error; static */
	bool too_large;
	bool invalid;   /* it breaks a rule of its topic, as one without a key on a
					 * compacted topic */
	bool partition; /* there is no such partition */
	bool lasts;     /* by our own settings: Kafka never sees it */
	Error reason;   /* for people: topic, what is wrong, what to do */
} KafkaRefusal;

/* Tells whether Kafka will never take what it answered this error code to. */
extern bool kafka_refuses(int code);

/* Begins to describe a refusal by its error code; it has no reason yet. */
extern void kafka_refusal_begin(KafkaRefusal *refusal, int code);

/*
 * Describes what Kafka answered to a batch, by the largest message in it; and
 * that an event is larger than message.max.bytes, whose value is limit.
 */
extern void kafka_refusal_of_batch(KafkaRefusal *refusal,
								   const struct rd_kafka_message_s *message);
extern void kafka_refusal_of_size(KafkaRefusal *refusal, const char *topic,
								  const char *limit);

#endif /* PG_OUTBOX_KAFKA_REFUSAL_H */
