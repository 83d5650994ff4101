/*-------------------------------------------------------------------------
 *
 * relay/observe.c
 *	  Lets the guests of the loop look at the relay.
 *
 *-------------------------------------------------------------------------
 */
#include "base/clock.h"
#include "relay/hold.h"
#include "relay/observe.h"

/* The relay's state, and why it is not streaming. */
static void
observe_state(const Relay *relay, Snapshot *snapshot)
{
	if (relay->phase != PHASE_RUNNING)
		snapshot->state = SNAPSHOT_STOPPING;
	else if (relay->standing_by)
		snapshot->state = SNAPSHOT_STANDING_BY;
	else if (!pgstream_is_streaming(relay->stream))
		snapshot->state = SNAPSHOT_CONNECTING;
	else if (relay_is_held(relay))
		snapshot->state = SNAPSHOT_HELD;
	else
		snapshot->state = SNAPSHOT_STREAMING;
	if (snapshot->state == SNAPSHOT_HELD)
		snapshot->reason = relay->hold.reason.text;
	else if (relay->waiting.text[0] != '\0')
		snapshot->reason = relay->waiting.text;
	snapshot->postgres_ms = outage_lasted(&relay->outage, clock_ms());
}

/*
 * For how long something has waited while nothing moved, in ms.  What was read
 * and cannot be given to Kafka waits, too; with nothing in flight, reading on
 * is to move.
 */
static int64_t
observe_stillness(Relay *relay)
{
	uint64_t progress = tracker_progress(relay->tracker);
	Lsn position = intake_position(relay->intake);
	bool owes = tracker_owed(relay->tracker) > 0;
	bool moved = progress != relay->still.progress ||
				 (!owes && position != relay->still.position);
	int64_t now = clock_ms();

	relay->still.progress = progress;
	relay->still.position = position;
	if (!owes && relay->message.buffer == NULL)
		relay->still.since_ms = 0;
	else if (moved || relay->still.since_ms == 0)
		relay->still.since_ms = now;
	return relay->still.since_ms == 0 ? 0 : now - relay->still.since_ms;
}

/* Everything, as it is now. */
static void
observe(Relay *relay, Snapshot *snapshot)
{
	int64_t oldest = tracker_oldest_time(relay->tracker);

	*snapshot = (Snapshot){
		.kafka_ms = kafka_away_ms(relay->kafka),
		.kafka_reason = kafka_last_error(relay->kafka),
		.counters = &relay->counters,
		.in_flight_events = kafka_in_flight(relay->kafka),
		.in_flight_bytes = kafka_in_flight_bytes(relay->kafka),
		.has_oldest = oldest > 0,
		.stuck_ms = observe_stillness(relay),
		.received = relay->received,
		.confirmed = relay->confirmed,
		.now_ms = clock_epoch_ms(),
		.uptime_ms = clock_ms() - relay->started_ms,
	};
	if (oldest > 0 && oldest < snapshot->now_ms)
		snapshot->oldest_ms = snapshot->now_ms - oldest;
	relay->counters.restarts = kafka_restarts(relay->kafka);
	relay->counters.skipped = intake_skipped(relay->intake);
	relay->counters.transactions = tracker_finished(relay->tracker);
	observe_state(relay, snapshot);
}

void
relay_poll_guests(const Relay *relay, struct pollfd *fds)
{
	for (size_t i = 0; i < relay->n_guests; i++)
	{
		const RelayGuest *guest = &relay->guests[i];

		fds[i] = (struct pollfd){.fd = guest->fd(guest->self),
								 .events = guest->events(guest->self)};
	}
}

int64_t
relay_guests_due(const Relay *relay)
{
	int64_t due = INT64_MAX;

	for (size_t i = 0; i < relay->n_guests; i++)
	{
		int64_t next = relay->guests[i].due(relay->guests[i].self);

		if (next < due)
			due = next;
	}
	return due;
}

void
relay_serve_guests(Relay *relay, const struct pollfd *fds)
{
	bool is_new = relay->phase != relay->observed;
	Snapshot snapshot;

	relay->observed = relay->phase;
	for (size_t i = 0; i < relay->n_guests; i++)
	{
		const RelayGuest *guest = &relay->guests[i];

		/* One that is told of the end may be the last to hear of it. */
		if (fds[i].revents == 0 && !is_new &&
			clock_ms() < guest->due(guest->self))
			continue;
		observe(relay, &snapshot);
		guest->serve(guest->self, &snapshot);
	}
}
