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

#endif /* PG_OUTBOX_KAFKA_REFUSAL_H */
