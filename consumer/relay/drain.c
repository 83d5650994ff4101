/*-------------------------------------------------------------------------
 *
 * relay/drain.c
 *	  The end of the relay: what is in flight is delivered and confirmed.
 *
 *-------------------------------------------------------------------------
 */
#include "base/clock.h"
#include "base/exit.h"
#include "base/log.h"
#include "relay/drain.h"
#include "relay/stream.h"

/* How long the end of the stream is awaited, in ms. */
#define FINISH_TIMEOUT_MS 5000

/*
 * Everything is delivered but cannot be confirmed.  That is not a failure: the
 * relay has done what it can.
 */
static void
tell_unconfirmed(void)
{
	log_warning("PostgreSQL is away, so not all that is in Kafka was "
				"confirmed; it will be published again");
}

/* Confirms what is delivered and asks for the end of the stream. */
static void
confirm_and_finish(Relay *relay)
{
	Error err;

	if (pgstream_is_streaming(relay->stream))
		relay_send_status(relay);
	if (pgstream_is_streaming(relay->stream) &&
		pgstream_finish(relay->stream, &err))
	{
		relay->phase = PHASE_FINISHING;
		relay->deadline_ms = clock_ms() + FINISH_TIMEOUT_MS;
		return;
	}
	relay->phase = PHASE_DONE;
	if (tracker_flush(relay->tracker) > relay->confirmed)
		tell_unconfirmed();
}

void
relay_serve_draining(Relay *relay)
{
	bool delivered = relay->delivery->is_settled(relay);

	if (!delivered && clock_ms() < relay->deadline_ms)
		return;
	if (!delivered)
	{
		log_warning("not all was delivered in time; it will be published at "
					"the next start",
					LOG_INT("events", kafka_in_flight(relay->kafka)));
		relay->exit_status = EXIT_FAILED;
		/* Nothing of it may get there once the slot is another relay's. */
		kafka_cut(relay->kafka);
	}
	confirm_and_finish(relay);
}

void
relay_serve_finishing(Relay *relay)
{
	if (pgstream_fd(relay->stream) >= 0 && clock_ms() < relay->deadline_ms)
		return;
	relay->phase = PHASE_DONE;
	if (!relay->ended)
		tell_unconfirmed();
}
