/*-------------------------------------------------------------------------
 *
 * kafka/probe.h
 *	  Whether Kafka lets the relay do what it has to do, without doing it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_KAFKA_PROBE_H
#define PG_OUTBOX_KAFKA_PROBE_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/slice.h"
#include "config/values.h"

/* The longest time to wait for an answer, in ms. */
#define KAFKA_PROBE_MS 5000

/*
 * A producer of [kafka] for questions, which creates no topic and logs nothing.
 * The caller destroys it.  NULL, with the reason in err, if [kafka] is wrong.
 */
extern rd_kafka_t *kafka_probe_open(const Config *config, Error *err);

/*
 * Tells whether Kafka accepts the idempotent producer.  False with what it says
 * in err; true if there was no answer, too.
 */
extern bool kafka_probe_idempotence(rd_kafka_t *producer, Error *err);

/*
 * Tells whether all brokers can be reached where the metadata says that they
 * are.  False with the first that cannot in err.
 */
extern bool kafka_probe_listeners(rd_kafka_t *producer,
								  const struct rd_kafka_metadata *metadata,
								  Error *err);

/* Says of a broker that it cannot be reached at the "host:port" it names. */
extern void kafka_probe_unreached(Error *err, long broker, Slice address,
								  const char *reason);

/*
 * Tells whether the relay may write to a topic that exists.  Nothing is
 * written: see the comment in the source.  False with what Kafka says in err;
 * true if there was no answer, too.
 */
extern bool kafka_probe_write(const Config *config, const char *topic,
							  Error *err);

/*
 * Tells whether the brokers hand out transactions to the relay's principal:
 * with an id of its own, since the relay's would fence one that works.  Either
 * way answer says how it is, for people.
 */
extern bool kafka_probe_transactions(const Config *config,
									 const char *system_identifier,
									 Error *answer);

#endif /* PG_OUTBOX_KAFKA_PROBE_H */
