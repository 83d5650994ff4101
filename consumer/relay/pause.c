/*-------------------------------------------------------------------------
 *
 * relay/pause.c
 *	  Notices that the process was stopped and continued.
 *
 * Meanwhile another relay may have got the slot, and begun to publish.  The
 * loop finds that out before it does anything else, but librdkafka's threads go
 * on at the same time, and what they send before they are stopped nobody can
 * take back.  That a process is stopped as a whole, or its machine, is the one
 * case in which relay/handover.c cannot hold what it promises.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>

#include "base/clock.h"
#include "relay/handover.h"
#include "relay/pause.h"
#include "relay/stream.h"

/*
 * A turn of the loop that comes so late that another relay may publish, in ms:
 * less than QUIET_MS, since that begins when the slot is lost.
 */
#define PAUSE_MS 1500

/*
 * Notes for how long this process may have been stopped since the last turn:
 * what it took longer than it was to sleep, or all of it after a SIGCONT.
 */
static void
note_turn(Relay *relay)
{
	int64_t now = clock_ms();
	int64_t passed = relay->turn_ms == 0 ? 0 : now - relay->turn_ms;
	int64_t late = relay->sleep_ms < 0 ? 0 : passed - relay->sleep_ms;

	relay->turn_ms = now;
	if (relay->continued)
		late = passed;
	relay->continued = false;
	relay->late_ms = late > 0 ? late : 0;
}

void
relay_serve_pause(Relay *relay)
{
	int64_t timeout = pgstream_sender_timeout(relay->stream);
	int64_t pause;
	Error reason;

	note_turn(relay);
	pause = relay->late_ms;
	if (pause < PAUSE_MS || !pgstream_is_streaming(relay->stream))
		return;
	/* The server waited since the last status, a quarter of its time ago. */
	if ((timeout == 0 || pause < timeout / 2) &&
		!pgstream_may_be_over(relay->stream))
		return;
	error_set(&reason, "this process was stopped for up to %" PRId64 " ms",
			  pause);
	relay_give_up_in_flight(relay, reason.text);
	relay_hang_up(relay, &reason);
}
