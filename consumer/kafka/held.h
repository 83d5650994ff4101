/*-------------------------------------------------------------------------
 *
 * kafka/held.h
 *	  Records that wait for a topic, behind the first one of it.
 *
 * That one is in librdkafka and finds out that the topic is there.  If these
 * were with it they would leave together, to a broker that takes the second
 * request and not the first (kafka/pilots.h).
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_KAFKA_HELD_H
#define PG_OUTBOX_KAFKA_HELD_H

#include <stdint.h>

#include "kafka/record.h"

/* First in, first out; all zero: empty. */
typedef struct KafkaHeld
{
	struct HeldRecord *first; /* owned, with those that follow it */
	struct HeldRecord *last;
} KafkaHeld;

/* Adds a copy of a record but for its topic, which is the queue's. */
extern void kafka_held_add(KafkaHeld *held, const KafkaRecord *record,
						   uint64_t ticket);

/*
 * The record that is next, and its ticket; NULL = none.  Its bytes stay until
 * it is dropped.
 */
extern const KafkaRecord *kafka_held_first(const KafkaHeld *held,
										   uint64_t *ticket);
extern void kafka_held_drop_first(KafkaHeld *held);

/* Drops all. */
extern void kafka_held_release(KafkaHeld *held);

#endif /* PG_OUTBOX_KAFKA_HELD_H */
