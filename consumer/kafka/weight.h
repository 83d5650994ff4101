/*-------------------------------------------------------------------------
 *
 * kafka/weight.h
 *	  The memory that a record takes in librdkafka until it is delivered.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_KAFKA_WEIGHT_H
#define PG_OUTBOX_KAFKA_WEIGHT_H

#include <librdkafka/rdkafka.h>
#include <stdint.h>

#include "kafka/record.h"

/* The bytes of key, value and headers of a record. */
extern size_t kafka_bytes_of_record(const KafkaRecord *record);

/*
 * In bytes, the allocator's share included; the same for a record and for the
 * message that librdkafka made of it, of which *bytes are key, value and
 * headers.
 */
extern uint64_t kafka_weight_of_record(const KafkaRecord *record);
extern uint64_t kafka_weight_of_message(const rd_kafka_message_t *message,
										uint64_t *bytes);

#endif /* PG_OUTBOX_KAFKA_WEIGHT_H */
