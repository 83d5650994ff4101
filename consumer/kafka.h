/*-------------------------------------------------------------------------
 *
 * kafka.h
 *	  The Kafka producer: events in, deliveries out.
 *
 * The producer is idempotent and gapless and never gives an event up by
 * itself: settings that contradict this are refused.  It runs threads of its
 * own, but speaks to the relay only through a descriptor to poll.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_KAFKA_H
#define PG_OUTBOX_KAFKA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "envelope.h"
#include "error.h"

typedef struct Kafka Kafka;

typedef enum KafkaResult
{
	KAFKA_QUEUED, /* a delivery or a failure will be told */
	KAFKA_FULL,   /* no room now: again after the next delivery */
	KAFKA_REFUSED /* never; the reason is in err */
} KafkaResult;

/* What kafka_serve() calls back; argument is the caller's. */
typedef struct KafkaHandlers
{
	/* The event of this ticket is in Kafka, on all in-sync replicas. */
	void (*delivered)(void *argument, uint64_t ticket);
	/* Kafka will not take the event of this ticket; err says why. */
	void (*failed)(void *argument, uint64_t ticket, const Error *err);
	void *argument;
} KafkaHandlers;

/*
 * Makes a producer of [kafka].  NULL, and in err which property is wrong and
 * why, if the configuration is.  Brokers need not be there yet.
 */
extern Kafka *kafka_new(const Config *config, Error *err);

/* Ends the producer; what is still in flight is given up. */
extern void kafka_free(Kafka *kafka);

/* Becomes readable when kafka_serve() has something to do. */
extern int kafka_fd(const Kafka *kafka);

/* Copies an event into the producer's queue. */
extern KafkaResult kafka_produce(Kafka *kafka, const Envelope *event,
								 uint64_t ticket, Error *err);

/*
 * Calls back for all that has happened.  False, with the reason in err, if the
 * producer failed as a whole and can deliver nothing any more.
 */
extern bool kafka_serve(Kafka *kafka, const KafkaHandlers *handlers,
						Error *err);

/* Events in flight, and the memory they take in bytes. */
extern uint64_t kafka_in_flight(const Kafka *kafka);
extern uint64_t kafka_in_flight_bytes(const Kafka *kafka);

#endif /* PG_OUTBOX_KAFKA_H */
