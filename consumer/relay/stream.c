/*-------------------------------------------------------------------------
 *
 * relay/stream.c
 *	  PostgreSQL's side of the relay: connections, reading, confirming.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "relay/end.h"
#include "relay/handover.h"
#include "relay/hold.h"
#include "relay/progress.h"
#include "relay/stream.h"

/* The shortest time between two statuses that confirm something, in ms. */
#define CONFIRM_INTERVAL_MS 100

/* A relay that stands by looks at the slot this often, in ms. */
#define STANDBY_MS 1000

/*
 * Messages read before Kafka, signals and timers have their turn, and for how
 * long, in ms.
 */
#define MESSAGES_PER_TURN 1000
#define TURN_MS 100

/* While nothing is read a status shows soon that the server is gone; in ms. */
#define DEAF_STATUS_MS 1000

/*
 * While something is in flight there is a status as often, in ms, and the
 * network has to acknowledge it in so many: else the slot may be another's
 * soon.
 */
#define FLIGHT_STATUS_MS 500
#define UNACKNOWLEDGED_MS 1000

void
relay_release_message(Relay *relay)
{
	relay->hold.waiting = false;
	intake_drop(relay->intake);
	pgstream_free_buffer(&relay->message);
}

/* Tells whether positions of the last stream mean something on this one. */
static bool
is_same_history(const PgHistory *last, const PgHistory *now, Lsn received)
{
	return strcmp(now->system_identifier, last->system_identifier) == 0 &&
		   strcmp(now->timeline, last->timeline) == 0 && now->end >= received;
}

/* The server has another history, or it is the first: no position counts. */
static void
forget_positions(Relay *relay, const PgHistory *now)
{
	if (*relay->history.system_identifier != '\0')
		log_warning("the server has another history: no position of the last "
					"one counts any more",
					LOG_TEXT("system", relay->history.system_identifier),
					LOG_TEXT("timeline", relay->history.timeline),
					LOG_LSN("received", relay->received),
					LOG_LSN("end", now->end));
	tracker_reset(relay->tracker);
	intake_reset(relay->intake);
	relay->received = 0;
	relay->published = 0;
}

/* The stream has begun, for the first time or again. */
static void
on_started(Relay *relay)
{
	const PgHistory *history = pgstream_history(relay->stream);
	int64_t quiet;

	if (!is_same_history(&relay->history, history, relay->received))
		forget_positions(relay, history);
	relay->history = *history;
	quiet = relay->delivery->begin(relay);
	log_info("streaming",
			 LOG_TEXT("slot", config_text(relay->config, CONFIG_RELAY_SLOT)),
			 LOG_TEXT("system", history->system_identifier),
			 LOG_TEXT("timeline", history->timeline),
			 LOG_INT("waited_s",
					 outage_lasted(&relay->outage, clock_ms()) / 1000),
			 LOG_INT("publishes_in_ms", quiet));
	relay->confirmed = 0;
	relay->drained = true;
	relay_note_proof(relay);
	relay->status_ms = clock_ms();
	relay->acked_ms = clock_ms();
	relay->status_asked = false;
	relay->heard_ms = clock_ms();
	relay->asked = false;
	outage_end(&relay->outage);
	relay->counters.connects++;
	relay->standing_by = false;
	relay->waiting.text[0] = '\0';
}

/* Logs what is waited for, immediately and then at growing intervals. */
static void
tell_waiting(Relay *relay, PgErrorClass error_class, const Error *err)
{
	int64_t now = clock_ms();
	bool busy = error_class == PG_ERROR_BUSY;

	relay->waiting = *err;
	if (!outage_is_due(&relay->outage, now) && busy == relay->standing_by)
		return;
	relay->standing_by = busy;
	if (busy)
	{
		log_info("standing by: another relay has the slot",
				 LOG_INT("waited_s", outage_lasted(&relay->outage, now) / 1000),
				 LOG_TEXT("reason", err->text));
		relay->delivery->stand_by(relay);
	}
	else if (error_class == PG_ERROR_TABLE)
		log_warning("waiting for a table of [outbox] tables; nothing is "
					"published before it exists",
					LOG_INT("waited_s",
							outage_lasted(&relay->outage, now) / 1000),
					LOG_TEXT("error", err->text));
	else
		log_warning("waiting for PostgreSQL; trying again",
					LOG_INT("waited_s",
							outage_lasted(&relay->outage, now) / 1000),
					LOG_TEXT("error", err->text));
}

/* Tells whether an error ends by itself, or when somebody else does something.
 */
static bool
may_pass(PgErrorClass error_class)
{
	return error_class == PG_ERROR_LOST || error_class == PG_ERROR_BUSY ||
		   error_class == PG_ERROR_NO_SENDER || error_class == PG_ERROR_TABLE;
}

/* The connection ended: connects again later, or gives up. */
static void
on_disconnected(Relay *relay, PgErrorClass error_class, const Error *err)
{
	relay_release_message(relay);
	relay->delivery->lose_stream(relay);
	relay_lost_stream(relay);
	if (relay->phase != PHASE_RUNNING)
	{
		log_warning("PostgreSQL is away", LOG_TEXT("error", err->text));
		return;
	}
	if (!may_pass(error_class))
	{
		relay_give_up_with(relay, pgerror_exit_status(error_class), err);
		return;
	}
	relay->reconnect_ms = clock_ms() + backoff_next(&relay->backoff);
	tell_waiting(relay, error_class, err);
}

void
relay_hang_up(Relay *relay, const Error *reason)
{
	pgstream_close(relay->stream);
	on_disconnected(relay, PG_ERROR_LOST, reason);
}

/* Another relay has the slot: looks again later, on the same connection. */
static void
on_busy(Relay *relay, const Error *err)
{
	backoff_reset(&relay->backoff);
	relay_lost_stream(relay);
	relay->others = true;
	relay->reconnect_ms = clock_ms() + STANDBY_MS;
	tell_waiting(relay, PG_ERROR_BUSY, err);
}

/* The server waits with the start of the stream. */
static void
on_blocked(Relay *relay, const Error *err)
{
	int64_t now = clock_ms();

	if (outage_is_due(&relay->blocked, now))
		log_warning("waiting for the stream to begin",
					LOG_INT("waited_s",
							outage_lasted(&relay->blocked, now) / 1000),
					LOG_TEXT("reason", err->text));
}

/* Takes the lines of the present message; false if that has to wait. */
static bool
take_lines(Relay *relay)
{
	Error err;

	if (relay->message.buffer == NULL)
		return true;
	if (relay_is_quiet(relay) || relay_is_holding(relay))
		return false;
	switch (intake_take(relay->intake, &err))
	{
		case INTAKE_FULL:
			return false;
		case INTAKE_HELD:
			relay_hold(relay);
			return false;
		case INTAKE_BROKEN:
			relay_give_up(relay, &err);
			break;
		case INTAKE_EMPTY:
			break;
	}
	if (intake_position(relay->intake) > relay->received)
		relay->received = intake_position(relay->intake);
	relay_release_message(relay);
	return true;
}

/* Notes that PostgreSQL sent something. */
static void
note_heard(Relay *relay)
{
	relay_note_proof(relay);
	relay->heard_ms = clock_ms();
	relay->asked = false;
}

/*
 * A keepalive is a sign of life, and no more: its position may be behind lines
 * that still sit in the decoder's buffer (decoder/outlet.c), so it is never
 * confirmed.  It is reported as written, which quiets the server.
 */
static void
on_keepalive(Relay *relay)
{
	const PgMessage *message = &relay->message;

	if (message->end > relay->received)
		relay->received = message->end;
	relay->status_asked |= message->reply_requested;
}

/* Takes one step of the connection; false when the socket is to be awaited. */
static bool
advance_stream(Relay *relay)
{
	PgErrorClass error_class = PG_ERROR_LOST;
	Error err;

	switch (
		pgstream_advance(relay->stream, &relay->message, &error_class, &err))
	{
		case PGSTREAM_WAIT:
			/* libpq may have read a part: of TLS, a record. */
			relay->drained = !pgstream_may_be_over(relay->stream);
			return false;
		case PGSTREAM_BLOCKED:
			on_blocked(relay, &err);
			return false;
		case PGSTREAM_BUSY:
			on_busy(relay, &err);
			return false;
		case PGSTREAM_STARTED:
			on_started(relay);
			break;
		case PGSTREAM_DATA:
			backoff_reset(&relay->backoff);
			note_heard(relay);
			relay->more_comes = relay->message.is_full;
			if (relay->phase == PHASE_RUNNING)
				intake_give(relay->intake, relay->message.data,
							relay->message.len);
			else
				relay_release_message(relay);
			break;
		case PGSTREAM_KEEPALIVE:
			backoff_reset(&relay->backoff);
			note_heard(relay);
			on_keepalive(relay);
			break;
		case PGSTREAM_ENDED:
			relay->ended = relay->phase == PHASE_FINISHING;
			if (relay->ended)
				return false;
			error_set(&err, "the server ended the stream");
			on_disconnected(relay, PG_ERROR_LOST, &err);
			return false;
		case PGSTREAM_FAILED:
			on_disconnected(relay, error_class, &err);
			return false;
	}
	return true;
}

void
relay_serve_stream(Relay *relay)
{
	int64_t until = clock_ms() + TURN_MS;

	relay->more = false;
	/* At the end no more of it is published. */
	if (relay->phase != PHASE_RUNNING)
		relay_release_message(relay);
	for (int i = 0; i < MESSAGES_PER_TURN && clock_ms() < until; i++)
	{
		if (!take_lines(relay) || relay->phase == PHASE_DRAINING)
			return;
		if (!advance_stream(relay))
			return;
	}
	relay->more = true;
}

/*
 * Not before what is in flight is acknowledged or given up: libpq may wait for
 * the look-up of a name, and the loop with it.
 */
int64_t
relay_reconnect_due(const Relay *relay)
{
	if (relay->phase != PHASE_RUNNING || relay->reconnect_ms == 0 ||
		relay->give_up_ms != 0)
		return INT64_MAX;
	return relay->reconnect_ms;
}

void
relay_serve_reconnect(Relay *relay)
{
	if (clock_ms() < relay_reconnect_due(relay))
		return;
	relay->reconnect_ms = 0;
	outage_end(&relay->blocked);
	if (pgstream_is_standing_by(relay->stream))
		pgstream_look_again(relay->stream);
	else
		pgstream_connect(relay->stream);
}

/* Gives up a stream on which nothing comes. */
static void
hang_up_silent(Relay *relay)
{
	Error err;

	error_set(&err, "PostgreSQL was silent for %" PRId64 " s",
			  config_number(relay->config, CONFIG_RELAY_RECEIVE_TIMEOUT) /
				  1000);
	relay_hang_up(relay, &err);
}

bool
relay_is_listening(const Relay *relay)
{
	return relay->message.buffer == NULL && relay->phase != PHASE_DRAINING;
}

/*
 * A stream is asked for a sign of life after half of the time it may be silent,
 * as walreceiver.c does; before it has begun each step has its own time.
 */
int64_t
relay_silence_due(const Relay *relay)
{
	int64_t timeout =
		config_number(relay->config, CONFIG_RELAY_RECEIVE_TIMEOUT);

	if (!pgstream_is_streaming(relay->stream) || !relay_is_listening(relay))
		return INT64_MAX;
	return relay->heard_ms + (relay->asked ? timeout : timeout / 2);
}

void
relay_serve_silence(Relay *relay)
{
	/* While nothing is read the silence is our own. */
	if (!relay_is_listening(relay))
	{
		relay->heard_ms = clock_ms();
		relay->asked = false;
	}
	if (clock_ms() < relay_silence_due(relay))
		return;
	if (relay->asked)
		hang_up_silent(relay);
	else
	{
		relay->asked = true;
		relay->status_asked = true;
	}
}

/* Tells whether something is in flight that may not leave without the slot. */
static bool
needs_the_slot(const Relay *relay)
{
	/* Exactly once is fenced. */
	return relay->delivery->lasts && kafka_in_flight(relay->kafka) > 0;
}

/* Tells whether the network acknowledges what is sent; else hangs up. */
static bool
is_acknowledged(Relay *relay)
{
	int64_t silent = pgstream_unacknowledged(relay->stream);
	int64_t now = clock_ms();
	Error reason;

	if (silent == 0)
		relay->acked_ms = now;
	/* What is sent first after a silence has still to be acknowledged. */
	if (silent > now - relay->acked_ms)
		silent = now - relay->acked_ms;
	if (silent < UNACKNOWLEDGED_MS || !needs_the_slot(relay))
		return true;
	error_set(&reason,
			  "the network has acknowledged nothing for %" PRId64
			  " ms, and events are in flight",
			  silent);
	relay_hang_up(relay, &reason);
	return false;
}

void
relay_send_status(Relay *relay)
{
	Lsn flush = tracker_flush(relay->tracker);
	/* Servers before August 2025 let a slot be set back. */
	Lsn told = flush < pgstream_slot_lsn(relay->stream) ? 0 : flush;
	Error err;

	if (!is_acknowledged(relay))
		return;
	if (flush > relay->received)
		relay->received = flush;
	relay->status_ms = clock_ms();
	relay->status_asked = false;
	if (pgstream_send_status(relay->stream, relay->received, told, relay->asked,
							 &err))
	{
		relay->confirmed = flush;
		intake_confirmed(relay->intake, flush);
		relay_note_confirmed(relay, flush);
		log_debug("status", LOG_LSN("written", relay->received),
				  LOG_LSN("flushed", flush));
		return;
	}
	relay_hang_up(relay, &err);
}

/* The longest time between two statuses, in ms. */
static int64_t
status_interval(const Relay *relay)
{
	int64_t interval =
		config_number(relay->config, CONFIG_RELAY_STATUS_INTERVAL);
	int64_t sender = pgstream_sender_timeout(relay->stream);

	/* At least three times, and one may be late. */
	if (sender > 0 && sender / 4 < interval)
		interval = sender / 4 + 1;
	if (!relay_is_listening(relay) && interval > DEAF_STATUS_MS)
		interval = DEAF_STATUS_MS;
	if (needs_the_slot(relay) && interval > FLIGHT_STATUS_MS)
		interval = FLIGHT_STATUS_MS;
	return interval;
}

int64_t
relay_status_due(const Relay *relay)
{
	if (relay->status_asked)
		return 0;
	if (tracker_flush(relay->tracker) > relay->confirmed)
		return relay->status_ms + CONFIRM_INTERVAL_MS;
	return relay->status_ms + status_interval(relay);
}

void
relay_serve_status(Relay *relay)
{
	if (pgstream_is_streaming(relay->stream) &&
		clock_ms() >= relay_status_due(relay))
		relay_send_status(relay);
}
