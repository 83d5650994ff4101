/*-------------------------------------------------------------------------
 *
 * relay/kafka.h
 *	  Kafka's side of the relay: deliveries, refusals, a new producer.
 *
 * The serve functions do what is due, and the due functions return when that
 * is, in ms of clock_ms(); INT64_MAX = never.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_KAFKA_H
#define PG_OUTBOX_RELAY_KAFKA_H

#include <stdint.h>

#include "relay/state.h"

/* Takes what Kafka has to say. */
extern void relay_serve_kafka(Relay *relay);

/*
 * Stops the producer, if that was asked for, and begins another one when it is
 * time to.  What was in flight is given up, and is delivered again in its
 * order.  The same, and at once, if relay/handover.c asked for that.
 */
extern void relay_serve_restart(Relay *relay);
extern int64_t relay_restart_due(const Relay *relay);

/* Looks after topics that may be missing. */
extern void relay_serve_topics(Relay *relay);
extern int64_t relay_topics_due(const Relay *relay);

#endif /* PG_OUTBOX_RELAY_KAFKA_H */
