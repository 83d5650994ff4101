/*-------------------------------------------------------------------------
 *
 * kafka/ending.h
 *	  Producers that end in the background.
 *
 * rd_kafka_destroy() waits for all threads of a producer, and one of them may
 * be looking up the name of a broker, which takes as long as the resolver
 * wants.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_KAFKA_ENDING_H
#define PG_OUTBOX_KAFKA_ENDING_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

#include "kafka/look.h"
#include "kafka/sockets.h"

/*
 * Ends a producer with its look and its sockets, in a thread of its own.  All
 * that the caller made of it must be gone, and what is in flight purged.
 */
extern void kafkaending_begin(rd_kafka_t *producer, KafkaLook *look,
							  KafkaSockets *sockets);

/* Waits until all have ended; false if that takes longer, in ms. */
extern bool kafkaending_wait(int64_t timeout_ms);

#endif /* PG_OUTBOX_KAFKA_ENDING_H */
