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

#include "config/values.h"
#include "base/error.h"
#include "kafka/record.h"
#include "kafka/refusal.h"

typedef struct Kafka Kafka;

typedef enum KafkaResult
{
	KAFKA_QUEUED, /* a delivery or a failure will be reported */
	KAFKA_FULL,   /* no room now: again after the next delivery */
	KAFKA_REFUSED /* not as it is; the refusal says why */
} KafkaResult;

/* Why a batch of events failed. */
typedef struct KafkaFailure
{
	uint64_t ticket;      /* of one of its events, the largest */
	bool refused;         /* as it is; else it may work with a new producer */
	KafkaRefusal refusal; /* its reason is set either way */
} KafkaFailure;

/* An event that is in Kafka, on all in-sync replicas. */
typedef struct KafkaDelivery
{
	uint64_t ticket;
	const char *topic;
	uint64_t bytes; /* of key, value and headers */
} KafkaDelivery;

/* What kafka_serve() calls back; argument is the caller's. */
typedef struct KafkaHandlers
{
	void (*delivered)(void *argument, const KafkaDelivery *delivery);
	/*
	 * Kafka did not take a batch, and no later one of this producer will get
	 * there: kafka_stop() is to follow, outside of the handler.
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
 * Gives up what is in flight; no delivery of it will be reported any more.
 * There is no producer then, nothing is in flight, and kafka_produce() says
 * KAFKA_FULL, until kafka_begin() makes the next one.  If it cannot, as for
 * want of a file of certificates, that is logged, and kafka_look_after() tries
 * again.
 */
extern void kafka_stop(Kafka *kafka);
extern void kafka_begin(Kafka *kafka);

/*
 * From now on nothing leaves the producer, and it connects no more.  What has
 * been acknowledged can still be reported; then kafka_stop() is to follow.
 */
extern void kafka_cut(Kafka *kafka);

/*
 * With delivery exactly once: goes on with a new producer whose
 * transactional.id is this, as will be that of those that follow it.  It needs
 * to take over (kafka/transactions.h) before events can be produced.
 */
extern void kafka_set_transactional_id(Kafka *kafka, const char *id);

/*
 * Tells whether the present producer is one that may not go on, as
 * kafka_serve() has said: no event and no commit of its leaves it any more.
 */
extern bool kafka_is_broken(const Kafka *kafka);

/* Tells whether it has used as many topics as one producer may. */
extern bool kafka_is_worn(const Kafka *kafka);

/* The present producer: for kafka/transactions.c. */
extern struct rd_kafka_s *kafka_handle(const Kafka *kafka);

/* Takes what has happened and forgets it. */
extern void kafka_drain(Kafka *kafka);

/* Makes kafka_fd() readable; from any thread. */
extern void kafka_wake(const Kafka *kafka);

/*
 * How many connections the present producer has closed or lost so far, from any
 * thread, and the longest that a request may wait for its answer, in ms.
 */
extern unsigned kafka_closed_sockets(const Kafka *kafka);
extern int64_t kafka_request_timeout(const Kafka *kafka);

/* How long Kafka lets a transaction be open, in ms. */
extern int64_t kafka_transaction_timeout(const Kafka *kafka);

/* Becomes readable when kafka_serve() has something to do. */
extern int kafka_fd(const Kafka *kafka);

/* Copies a record into the producer's queue. */
extern KafkaResult kafka_produce(Kafka *kafka, const KafkaRecord *record,
								 uint64_t ticket, KafkaRefusal *refusal);

/*
 * Calls back for all that has happened.  False, with the reason in err, if the
 * producer failed as a whole: kafka_stop() is to follow.
 */
extern bool kafka_serve(Kafka *kafka, const KafkaHandlers *handlers,
						Error *err);

/*
 * Checks whether topics that get no delivery exist, and logs those that do
 * not, or creates them; if nothing is to be delivered, whether Kafka answers
 * again.  To be called now and then while kafka_waits().
 */
extern void kafka_look_after(Kafka *kafka);

/*
 * Tells whether anything is awaited of Kafka: the delivery of an event, a topic
 * to be created before the next one, or that it answers after an error.
 */
extern bool kafka_waits(const Kafka *kafka);

/*
 * For how long Kafka has not been reachable, in ms, as far as its client says;
 * 0 = it is.
 */
extern int64_t kafka_away_ms(const Kafka *kafka);

/* The last error of Kafka's client; NULL = none since Kafka answered. */
extern const char *kafka_last_error(const Kafka *kafka);

/* Producers that were begun in place of another one. */
extern uint64_t kafka_restarts(const Kafka *kafka);

/*
 * Tells whether the report that an event in flight was delivered could be wrong
 * because of what becomes of those before it: see kafka/pilots.h.  To be waited
 * for before a transaction is committed.
 */
extern bool kafka_is_unguarded(const Kafka *kafka);

/* Events in flight, and the memory they take in bytes. */
extern uint64_t kafka_in_flight(const Kafka *kafka);
extern uint64_t kafka_in_flight_bytes(const Kafka *kafka);

#endif /* PG_OUTBOX_KAFKA_PRODUCER_H */
