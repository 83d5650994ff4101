/*-------------------------------------------------------------------------
 *
 * relay/at_least_once.c
 *	  Delivery at least once: an event that Kafka acknowledged is published.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "relay/handover.h"
#include "relay/published.h"
#include "relay/state.h"

/*
 * As long as the process lives, the server is of the same history, and no other
 * relay published meanwhile, events that were handed to the producer are
 * recognised by their position.
 */
static int64_t
begin(Relay *relay)
{
	if (relay_others_published(relay))
	{
		log_info("another relay may have published meanwhile: what is not "
				 "confirmed is published again");
		tracker_reset(relay->tracker);
		intake_restart(relay->intake);
	}
	else
		tracker_reconnected(relay->tracker);
	return relay_got_stream(relay);
}

/* Says once what no relay of two can be kept from. */
static void
stand_by(Relay *relay)
{
	static bool said;

	(void) relay;
	if (said)
		return;
	said = true;
	log_info("with two relays one that was paused as a process, and goes on "
			 "when the other has taken over, may publish again behind it; "
			 "delivery = exactly-once prevents that");
}

/* What is in flight counts when it arrives. */
static void
ignore(Relay *relay)
{
	(void) relay;
}

static void
take_delivery(Relay *relay, const KafkaDelivery *delivery)
{
	published_count(relay, delivery);
	tracker_delivered(relay->tracker, delivery->ticket);
}

static bool
take_failure(Relay *relay, bool refused, const char *reason)
{
	(void) relay;
	(void) refused;
	(void) reason;
	return false;
}

static int64_t
due(Relay *relay)
{
	(void) relay;
	return INT64_MAX;
}

static bool
is_settled(Relay *relay)
{
	return kafka_in_flight(relay->kafka) == 0;
}

static void
free_delivery(Relay *relay)
{
	free(relay->delivery);
}

Delivery *
at_least_once_new(void)
{
	Delivery *delivery = xcalloc(1, sizeof(Delivery));

	*delivery = (Delivery){.begin = begin,
						   .stand_by = stand_by,
						   .lose_stream = ignore,
						   .lose_producer = ignore,
						   .lasts = true,
						   .take_delivery = take_delivery,
						   .take_failure = take_failure,
						   .serve = ignore,
						   .due = due,
						   .is_settled = is_settled,
						   .free = free_delivery};
	return delivery;
}
