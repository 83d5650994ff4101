/*-------------------------------------------------------------------------
 *
 * relay/hold.c
 *	  The relay before an event that cannot be published.
 *
 * To end here would make supervisor and standby publish what came before in
 * the same transaction again and again.  So slot and connection are kept, the
 * position is confirmed as far as it goes, and nothing passes the event until
 * Kafka takes it after all, or somebody says what is to become of it.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/exit.h"
#include "base/log.h"
#include "relay/end.h"
#include "relay/hold.h"

/* Says which event it is, and what can be done about it. */
static void
report(const Relay *relay, const char *message)
{
	const IntakeHeld *held = intake_held(relay->intake);
	const Hold *hold = &relay->hold;
	int64_t now = clock_ms();
	char hint[200];

	snprintf(hint, sizeof(hint),
			 "to pass over it, run pg_outbox with --skip " POSITION_FORMAT
			 "; to keep it in a topic, set on_error = dead-letter",
			 POSITION_ARGS(held->position));
	log_error(message, LOG_LSN("lsn", held->position.lsn),
			  LOG_INT("seq", held->position.seq),
			  LOG_TEXT("key", held->key[0] != '\0' ? held->key : NULL),
			  LOG_TEXT("reason", held->reason.text),
			  LOG_INT("waited_s", outage_lasted(&hold->outage, now) / 1000),
			  LOG_TEXT("hint", hint));
}

/* Tells whether this is the event, and the reason, of last time. */
static bool
is_known(const Hold *hold, const IntakeHeld *held)
{
	return hold->outage.since_ms != 0 &&
		   position_compare(hold->position, held->position) == 0 &&
		   strcmp(hold->reason.text, held->reason.text) == 0;
}

void
relay_hold(Relay *relay)
{
	Hold *hold = &relay->hold;
	const IntakeHeld *held = intake_held(relay->intake);
	int64_t now = clock_ms();

	if (!is_known(hold, held))
	{
		outage_end(&hold->outage);
		backoff_reset(&hold->backoff);
		hold->position = held->position;
		hold->reason = held->reason;
	}
	hold->waiting = true;
	hold->retry_ms =
		held->may_pass ? now + backoff_next(&hold->backoff) : INT64_MAX;
	relay_serve_hold(relay);
}

bool
relay_is_holding(const Relay *relay)
{
	return relay->hold.waiting;
}

bool
relay_is_held(const Relay *relay)
{
	return relay->hold.outage.since_ms != 0;
}

/* What came before is delivered: ends before the event. */
static void
stop_before(Relay *relay)
{
	report(relay, "stopping: an event cannot be published");
	relay_start_draining(relay, EXIT_PERSON);
}

/* Gives the event to Kafka again, through a producer that knows nothing yet. */
static void
try_again(Relay *relay)
{
	relay->hold.waiting = false;
	intake_try_again(relay->intake);
	if (relay->delivery->lasts)
	{
		kafka_stop(relay->kafka);
		kafka_begin(relay->kafka);
	}
	else
	{
		/* What came before it in its transaction has to be read again. */
		relay->restart = true;
		relay->at_once = true;
	}
	log_debug("trying again to publish the event that is held",
			  LOG_LSN("lsn", relay->hold.position.lsn),
			  LOG_INT("seq", relay->hold.position.seq));
}

/* The event was published, or passed over. */
static void
end_hold(Relay *relay)
{
	int64_t lasted = outage_lasted(&relay->hold.outage, clock_ms());

	log_info("not held any more; going on",
			 LOG_LSN("lsn", relay->hold.position.lsn),
			 LOG_INT("seq", relay->hold.position.seq),
			 LOG_INT("waited_s", lasted / 1000));
	outage_end(&relay->hold.outage);
	relay->hold.waiting = false;
}

void
relay_serve_hold(Relay *relay)
{
	Hold *hold = &relay->hold;
	int64_t now = clock_ms();

	if (relay->phase != PHASE_RUNNING)
		return;
	if (intake_held(relay->intake) == NULL)
	{
		if (hold->outage.since_ms != 0)
			end_hold(relay);
		hold->waiting = false;
		return;
	}
	if (!hold->waiting)
		return;
	if (relay->on_error == ON_ERROR_STOP)
	{
		if (now >= relay_hold_due(relay))
			stop_before(relay);
		return;
	}
	if (outage_is_due(&hold->outage, now))
		report(relay, "holding: an event cannot be published, and nothing "
					  "behind it is");
	if (now >= relay_hold_due(relay))
		try_again(relay);
}

int64_t
relay_hold_due(Relay *relay)
{
	const Hold *hold = &relay->hold;
	bool ready = relay->delivery->is_settled(relay) && relay->produce_ms == 0;

	if (!hold->waiting || relay->phase != PHASE_RUNNING)
		return INT64_MAX;
	if (relay->on_error == ON_ERROR_STOP)
		return ready ? 0 : INT64_MAX;
	if (ready && hold->retry_ms < hold->outage.next_ms)
		return hold->retry_ms;
	return hold->outage.next_ms;
}

void
relay_hurry_hold(Relay *relay)
{
	if (relay->hold.waiting && relay->hold.retry_ms != INT64_MAX)
		relay->hold.retry_ms = clock_ms();
}
