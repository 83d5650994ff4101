/*-------------------------------------------------------------------------
 *
 * audit/client.h
 *	  A client of Kafka that reads, and changes nothing.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_AUDIT_CLIENT_H
#define PG_OUTBOX_AUDIT_CLIENT_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

#include "base/error.h"
#include "config/values.h"

/* The longest that one question may take, in ms. */
#define AUDIT_ANSWER_MS 10000

/*
 * Opens a client with the properties of [kafka].  NULL, with the reason in err,
 * if they are wrong.
 */
extern rd_kafka_t *audit_client_open(const Config *config, bool committed_only,
									 int *status, Error *err);

/*
 * Says why a question about a topic (NULL: none in particular) failed, and
 * returns false.
 */
extern bool audit_client_fail(rd_kafka_t *client, const char *topic,
							  rd_kafka_resp_err_t code, int *status,
							  Error *err);

#endif /* PG_OUTBOX_AUDIT_CLIENT_H */
