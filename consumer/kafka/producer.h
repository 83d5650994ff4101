/*-------------------------------------------------------------------------
 *
 * kafka/producer.h
 *	  The Kafka producer: events in, deliveries out.
 *
 * The producer is idempotent and gapless and never gives an event up by
 * itself: settings that contradict this are refused.  It runs threads of its
 * own, but speaks to the relay only through a descriptor to poll.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_KAFKA_PRODUCER_H
#define PG_OUTBOX_KAFKA_PRODUCER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "config/values.h"
#include "kafka/record.h"

typedef struct Kafka Kafka;

typedef enum KafkaResult
{
	KAFKA_QUEUED, /* a delivery or a failure will be told */
	KAFKA_FULL,   /* no room now: again after the next delivery */
	KAFKA_REFUSED /* never; the reason is in err */
} KafkaResult;

/* Why a batch of events failed. */
typedef struct KafkaFailure
{
	uint64_t ticket; /* of one of its events, the largest */
	bool refused;    /* for good; else it may work with a new producer */
	bool too_large;
	Error reason;
} KafkaFailure;

/* What kafka_serve() calls back; argument is the caller's. */
typedef struct KafkaHandlers
{
	/* The event of this ticket is in Kafka, on all in-sync replicas. */
	void (*delivered)(void *argument, uint64_t ticket);
	/*
	 * Kafka did not take a batch, and no later one of this producer will get
	 * there: kafka_restart() is to follow, outside of the handler.
	 */
	void (*failed)(void *argument, const KafkaFailure *failure);
	void *argument;
} KafkaHandlers;

/*
 * Makes a producer of [kafka].  NULL, and in err which property is wrong and
 * why, if the configuration is.  Brokers need not be there yet.
 */
extern Kafka *kafka_new(const Config *config, Error *err);

/* Ends the producer; what is still in flight is given up. */
extern void kafka_free(Kafka *kafka);

/*
 * Gives up what is in flight and goes on with a new producer, on which nothing
 * is in flight.  No delivery of an old one will be told any more.
 */
extern void kafka_restart(Kafka *kafka);

/* Becomes readable when kafka_serve() has something to do. */
extern int kafka_fd(const Kafka *kafka);

/* Copies a record into the producer's queue. */
extern KafkaResult kafka_produce(Kafka *kafka, const KafkaRecord *record,
								 uint64_t ticket, Error *err);

/*
 * Calls back for all that has happened.  False, with the reason in err, if the
 * producer failed as a whole: kafka_restart() is to follow.
 */
extern bool kafka_serve(Kafka *kafka, const KafkaHandlers *handlers,
						Error *err);

/*
 * Looks whether topics that get no delivery are there at all, and tells of
 * those that are not, or creates them.  To be called now and then while events
 * are in flight.
 */
extern void kafka_look_after_topics(Kafka *kafka);

/* Events in flight, and the memory they take in bytes. */
extern uint64_t kafka_in_flight(const Kafka *kafka);
extern uint64_t kafka_in_flight_bytes(const Kafka *kafka);

#endif /* PG_OUTBOX_KAFKA_PRODUCER_H */
