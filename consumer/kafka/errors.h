/*-------------------------------------------------------------------------
 *
 * kafka/errors.h
 *	  Which errors of the brokers are logged, and when.
 *
 * librdkafka reports an error at each try to connect, every second or two for
 * as long as it lasts, for each broker.  Each kind of error is logged at once
 * and then at growing intervals, however often deliveries come in between: a
 * cluster of which one broker is down delivers and fails all the time.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_KAFKA_ERRORS_H
#define PG_OUTBOX_KAFKA_ERRORS_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/outage.h"

/* Errors that are repaired in different places. */
typedef enum KafkaErrorKind
{
	KAFKA_ERROR_UNREACHABLE,
	KAFKA_ERROR_AUTHENTICATION,
	KAFKA_ERROR_TLS,
	KAFKA_ERROR_OTHER,
	KAFKA_ERROR_KINDS
} KafkaErrorKind;

/* All zero: there was none. */
typedef struct KafkaErrors
{
	struct
	{
		Outage outage;
		int64_t last_ms; /* when the last one came, logged or not */
	} kinds[KAFKA_ERROR_KINDS];
	bool waiting;         /* since an error Kafka did nothing */
	bool told;            /* and it was logged */
	int64_t waiting_ms;   /* since when, in ms of clock_ms() */
	int64_t delivered_ms; /* when something was delivered last */
} KafkaErrors;

/*
 * Tells whether an error is to be logged; events are in flight or not.  now_ms
 * is clock_ms().
 */
extern bool kafka_errors_is_due(KafkaErrors *errors, rd_kafka_resp_err_t code,
								bool in_flight, int64_t now_ms);

/* How long errors of this kind have been coming, in ms. */
extern int64_t kafka_errors_lasted(const KafkaErrors *errors,
								   rd_kafka_resp_err_t code, int64_t now_ms);

/*
 * What helps against an error, as a sentence to put behind its text: "" where
 * that says enough.  version is librdkafka's, as rd_kafka_version() has it.
 */
extern const char *kafka_errors_hint(rd_kafka_resp_err_t code, const char *text,
									 int version);

/*
 * Something was delivered.  True if that is to be logged, since an error was;
 * *waited_ms is then how long ago that began.
 */
extern bool kafka_errors_delivered(KafkaErrors *errors, int64_t now_ms,
								   int64_t *waited_ms);

#endif /* PG_OUTBOX_KAFKA_ERRORS_H */
