/*-------------------------------------------------------------------------
 *
 * kafka/sockets.h
 *	  The sockets of a producer, which can be cut at any moment.
 *
 * What a producer has handed to its sockets would still reach Kafka after the
 * producer has ended, however late a broken network lets it through, and so
 * behind what another relay published since.  These sockets drop what is in
 * them when they are closed, even by the end of the process, and can be closed
 * for good while librdkafka's threads use them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_KAFKA_SOCKETS_H
#define PG_OUTBOX_KAFKA_SOCKETS_H

#include <librdkafka/rdkafka.h>

typedef struct KafkaSockets KafkaSockets;

/*
 * Makes a set without sockets and gives it to the properties of one producer,
 * which it must outlive.  It takes their opaque pointer.
 */
extern KafkaSockets *kafkasockets_new(rd_kafka_conf_t *conf);
extern void kafkasockets_free(KafkaSockets *sockets);

/*
 * Resets every connection and lets no new one be made: when this returns the
 * producer cannot send another byte.  Does not wait.
 */
extern void kafkasockets_close(KafkaSockets *sockets);

/* How many have been closed so far, by either side; from any thread. */
extern unsigned kafkasockets_count_closed(KafkaSockets *sockets);

#endif /* PG_OUTBOX_KAFKA_SOCKETS_H */
