/*-------------------------------------------------------------------------
 *
 * kafka/look.h
 *	  A fresh look at a topic: does it exist, and how many partitions has it?
 *	  Or at the brokers: does one of them answer?
 *
 * librdkafka before 2.3.0 can only wait for the answer (rd_kafka_metadata()),
 * and the loop must not, so each look has a thread of its own.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_KAFKA_LOOK_H
#define PG_OUTBOX_KAFKA_LOOK_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

typedef struct KafkaLook KafkaLook;

/* What a look found. */
typedef struct KafkaLookAnswer
{
	const char *topic;         /* valid until the next look begins; or NULL */
	rd_kafka_resp_err_t error; /* of the topic, or of the look itself */
	int partitions;            /* 0 with an error, or without a topic */
} KafkaLookAnswer;

/*
 * The producer must outlive it.  An answer makes the eventfd readable.
 */
extern KafkaLook *kafkalook_new(rd_kafka_t *producer, int fd);

/* Waits for the end of a look that is on its way, which has a bound. */
extern void kafkalook_free(KafkaLook *look);

/*
 * Begins to look at a topic, or with NULL at the brokers; false if a look is on
 * its way already.
 */
extern bool kafkalook_begin(KafkaLook *look, const char *topic);

/* Takes the answer of the look; false if it has not come yet. */
extern bool kafkalook_take(KafkaLook *look, KafkaLookAnswer *answer);

#endif /* PG_OUTBOX_KAFKA_LOOK_H */
