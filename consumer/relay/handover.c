/*-------------------------------------------------------------------------
 *
 * relay/handover.c
 *	  The slot goes from one relay to another, or may have.
 *
 * Kafka does not know who has the slot.  What a relay handed to librdkafka
 * before it lost the slot would be written behind what the next one publishes,
 * and then the last event of a key is not its newest.  So who has lost its
 * stream stops soon, and who has got it begins late:
 *	- what is in flight when the stream is lost may be acknowledged for
 *	  GRACE_MS, and is then given up with its sockets (kafka/sockets.c);
 *	- nothing is published before nobody else has had the slot for QUIET_MS: by
 *	  a process that is new neither, since the last one may have lost the slot
 *	  just now and know no more than that;
 *	- who gets it back, and cannot know that no other has published meanwhile,
 *	  publishes again what the slot has: the other may have begun before what
 *	  this one published last, and not have come as far.
 * Both times count from when the slot was last known to be ours, not from when
 * its loss was noticed: relay_note_proof().  As long as something is in flight
 * the network has to acknowledge a status each FLIGHT_STATUS_MS
 * (relay/stream.c), so a relay that is cut off stops before a server that is
 * promoted, or a person, gives the slot to another.  That the server gives it
 * away by itself is noticed at the latest by limit_silence (postgres/start.c).
 *
 * This holds as long as the process runs; see relay/pause.c.
 *
 *-------------------------------------------------------------------------
 */
#include "base/clock.h"
#include "base/log.h"
#include "relay/handover.h"

/* How long what is in flight may be acknowledged without a stream, in ms. */
#define GRACE_MS 1000

/* How long nobody else has had the slot before it is published, in ms. */
#define QUIET_MS 2000

void
relay_note_proof(Relay *relay)
{
	if (relay->drained)
		relay->proof_ms = relay->turn_ms - relay->late_ms;
	relay->drained = false;
}

void
relay_lost_stream(Relay *relay)
{
	relay->quiet_ms = 0;
	if (relay->lost_ms == 0 && *relay->history.system_identifier != '\0')
		relay->lost_ms = relay->proof_ms;
	if (relay->give_up_ms == 0 && !relay->purge &&
		kafka_in_flight(relay->kafka) > 0)
		relay->give_up_ms = relay->proof_ms + GRACE_MS;
}

bool
relay_others_published(const Relay *relay)
{
	if (relay->lost_ms == 0)
		return false;
	return relay->others || clock_ms() - relay->lost_ms >= QUIET_MS;
}

int64_t
relay_quiet_length(const Relay *relay)
{
	int64_t free_ms = pgstream_slot_free(relay->stream);

	return free_ms < QUIET_MS ? QUIET_MS - free_ms : 0;
}

int64_t
relay_got_stream(Relay *relay)
{
	int64_t wait = relay_quiet_length(relay);

	relay->lost_ms = 0;
	relay->others = false;
	relay->quiet_ms = wait == 0 ? 0 : clock_ms() + wait;
	return wait;
}

bool
relay_is_quiet(const Relay *relay)
{
	return relay->quiet_ms != 0 && clock_ms() < relay->quiet_ms;
}

void
relay_give_up_in_flight(Relay *relay, const char *reason)
{
	relay->give_up_ms = 0;
	kafka_cut(relay->kafka);
	if (relay->phase != PHASE_RUNNING)
	{
		relay->deadline_ms = clock_ms();
		return;
	}
	relay->purge = true;
	log_warning("what Kafka has not acknowledged is given up, and comes again",
				LOG_INT("events", kafka_in_flight(relay->kafka)),
				LOG_TEXT("reason", reason));
}

void
relay_serve_handover(Relay *relay)
{
	if (relay->give_up_ms == 0)
		return;
	if (kafka_in_flight(relay->kafka) == 0)
		relay->give_up_ms = 0;
	else if (clock_ms() >= relay->give_up_ms)
		relay_give_up_in_flight(relay, "another relay may get the slot");
}

int64_t
relay_handover_due(const Relay *relay)
{
	int64_t due = INT64_MAX;

	if (relay->give_up_ms != 0)
		due = relay->give_up_ms;
	if (relay_is_quiet(relay) && relay->quiet_ms < due)
		due = relay->quiet_ms;
	return due;
}
