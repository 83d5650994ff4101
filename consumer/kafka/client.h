/*-------------------------------------------------------------------------
 *
 * kafka/client.h
 *	  Clients that ask Kafka something, beside the producer that publishes.
 *
 * They create no topic and log nothing: the answer says what a log line would.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_KAFKA_CLIENT_H
#define PG_OUTBOX_KAFKA_CLIENT_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "config/values.h"

/*
 * Makes a client of properties that it takes over, with these events
 * (RD_KAFKA_EVENT_...).  The caller destroys it.  NULL, with the reason in err,
 * if it cannot be made.
 */
extern rd_kafka_t *kafka_client_new(rd_kafka_type_t type, rd_kafka_conf_t *conf,
									int events, Error *err);

/* A property, and its value. */
typedef const char *KafkaProperty[2];

/*
 * The same of [kafka], for reading: it reports the end of a partition, and
 * belongs to no group.  So many properties are over those of [kafka].
 */
extern rd_kafka_t *kafka_client_reader(const Config *config,
									   const KafkaProperty *properties,
									   size_t count, bool committed_only,
									   Error *err);

/* The last reason that a client noted, or what the code stands for. */
extern void kafka_client_reason(rd_kafka_t *client, rd_kafka_resp_err_t code,
								Error *reason);

#endif /* PG_OUTBOX_KAFKA_CLIENT_H */
