/*-------------------------------------------------------------------------
 *
 * relay/delivery.h
 *	  How events become visible in Kafka, and so what may be confirmed: at
 *	  least once (relay/at_least_once.c) or exactly once
 *	  (relay/exactly_once.c).
 *
 * The loop calls these functions and knows nothing of the difference.  The
 * first is hardly more than what the loop would do without them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_DELIVERY_H
#define PG_OUTBOX_RELAY_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "config/values.h"
#include "kafka/producer.h"

struct Relay;

typedef struct Delivery
{
	/*
	 * The slot is ours and its stream has begun: decides from where to publish,
	 * and returns for how long nothing is published yet, in ms.
	 */
	int64_t (*begin)(struct Relay *relay);

	/* Another relay has the slot. */
	void (*stand_by)(struct Relay *relay);

	/* The stream has ended before its time. */
	void (*lose_stream)(struct Relay *relay);

	/* The producer is about to be stopped. */
	void (*lose_producer)(struct Relay *relay);

	/* What Kafka acknowledged stays, whatever becomes of the producer. */
	bool lasts;

	/* A record is in Kafka's log. */
	void (*take_delivery)(struct Relay *relay, const KafkaDelivery *delivery);

	/*
	 * The producer failed, or Kafka refuses something for good.  True if that
	 * is dealt with; else an event is refused, or a new producer is to begin.
	 */
	bool (*take_failure)(struct Relay *relay, bool refused, const char *reason);

	/* Does what is due, and tells when that is, in ms of clock_ms(). */
	void (*serve)(struct Relay *relay);
	int64_t (*due)(struct Relay *relay);

	/* True if nothing more will become of what was taken so far. */
	bool (*is_settled)(struct Relay *relay);

	void (*free)(struct Relay *relay);
} Delivery;

extern Delivery *at_least_once_new(void);
extern Delivery *exactly_once_new(const Config *config);

#endif /* PG_OUTBOX_RELAY_DELIVERY_H */
