/*-------------------------------------------------------------------------
 *
 * relay.c
 *	  The command "run": streams from the slot and forwards to Kafka.
 *
 * One thread and one poll(): PostgreSQL's socket, librdkafka's queue, signals
 * and a few timers.  The relay keeps no state of its own: the slot is told
 * what is in Kafka, and forgets no more than that.
 *
 * Where the process may die, and what follows:
 *	- after an event was read or produced, before Kafka has it: the slot was
 *	  not told, so the event comes again;
 *	- after Kafka has it, before PostgreSQL was told: it comes again, and is
 *	  published twice;
 *	- after PostgreSQL was told: it is in Kafka.
 * What comes again comes in order and from one position on, so the events of a
 * key are repeated in order, never swapped.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "backoff.h"
#include "clock.h"
#include "exit.h"
#include "intake.h"
#include "kafka.h"
#include "log.h"
#include "maintenance.h"
#include "outage.h"
#include "pgstream.h"
#include "relay.h"
#include "tracker.h"
#include "xalloc.h"

typedef enum Phase
{
	PHASE_RUNNING,
	PHASE_DRAINING,  /* nothing new is read; what is in flight is awaited */
	PHASE_FINISHING, /* the end of the stream is awaited */
	PHASE_DONE
} Phase;

typedef struct Relay
{
	const Config *config;
	Kafka *kafka;
	PgStream *stream;
	Tracker *tracker;
	Intake *intake;
	Maintenance *maintenance;
	Backoff backoff;  /* of connections to PostgreSQL */
	Backoff restarts; /* of the producer */
	int signals;      /* signalfd */

	OnError on_error;
	Phase phase;
	int exit_status;
	bool all_confirmed;  /* false: something read is not known to be */
	int64_t deadline_ms; /* of draining and finishing */

	PgMessage message; /* whose lines the intake has */
	bool more;         /* stopped reading before the socket was empty */
	bool restart;      /* the producer has to be made anew */
	Outage outage;     /* PostgreSQL cannot be reached, or the slot is in use */
	int64_t reconnect_ms; /* when to connect again; 0 = connected */
	int64_t connect_ms;   /* when the last try began */
	int64_t heard_ms;     /* when PostgreSQL last sent something */
	bool asked;           /* for a sign of life, since then */
	int64_t topics_ms;    /* when topics were last looked after */
	PgHistory history;    /* of the last stream; empty = none yet */

	Lsn received;      /* the furthest position that was read */
	Lsn confirmed;     /* the last flush position told on this connection */
	int64_t status_ms; /* when the last status was sent */
	bool status_asked;
} Relay;

/* The shortest time between two statuses that confirm something, in ms. */
#define CONFIRM_INTERVAL_MS 100

/* The waits between two tries to connect, in ms. */
#define RECONNECT_MIN_MS 100
#define RECONNECT_MAX_MS 10000

/* A relay that stands by looks at the slot this often, in ms. */
#define STANDBY_MS 1000

/* How long the end of the stream is awaited, in ms. */
#define FINISH_TIMEOUT_MS 5000

/* How often topics that may be missing are looked after, in ms. */
#define TOPICS_INTERVAL_MS 1000

/* Messages read before Kafka, signals and timers have their turn. */
#define MESSAGES_PER_TURN 1000

/* Stops reading and delivers what is in flight, to exit with a status. */
static void
start_draining(Relay *relay, int exit_status)
{
	if (relay->phase != PHASE_RUNNING)
		return;
	relay->phase = PHASE_DRAINING;
	relay->more = false;
	relay->exit_status = exit_status;
	relay->deadline_ms = clock_ms() + config_get_number(relay->config, "relay",
														"shutdown_timeout");
}

/* Something happened that the relay cannot go on from. */
static void
give_up(Relay *relay, const Error *err)
{
	log_error(err->text);
	start_draining(relay, EXIT_FAILED);
	relay->exit_status = EXIT_FAILED;
}

/* Not all that was read could be confirmed; what was not comes again. */
static void
end_unconfirmed(Relay *relay, const char *message, const char *reason)
{
	log_warning(message, LOG_TEXT("error", reason));
	relay->all_confirmed = false;
	relay->exit_status = EXIT_FAILED;
}

/* An event is in Kafka. */
static void
on_delivered(void *argument, uint64_t ticket)
{
	Relay *relay = argument;

	tracker_delivered(relay->tracker, ticket);
	backoff_reset(&relay->restarts);
}

/* Kafka refuses an event for good, and the relay stops before it. */
static void
stop_at_refusal(Relay *relay, const KafkaFailure *failure)
{
	Lsn lsn = tracker_ticket_lsn(relay->tracker, failure->ticket);
	Error err;

	relay->all_confirmed = false;
	if (relay->exit_status == EXIT_FAILED)
		return;
	error_set(&err,
			  "Kafka refuses an event of the transaction at " LSN_FORMAT
			  ": %s; neither it nor anything later is confirmed, so start "
			  "pg_outbox again when this is mended",
			  LSN_ARGS(lsn), failure->reason.text);
	give_up(relay, &err);
}

/*
 * Kafka did not take a batch.  Nothing later of this producer gets there, so a
 * new one begins where the slot stands; if an event is refused for good and is
 * not to stop the relay, with one event at a time in flight until it is known
 * which one that is.
 */
static void
on_failed(void *argument, const KafkaFailure *failure)
{
	Relay *relay = argument;
	Error err;

	if (relay->restart)
		return;
	if (failure->refused && relay->on_error == ON_ERROR_STOP)
	{
		stop_at_refusal(relay, failure);
		return;
	}
	relay->restart = true;
	if (!failure->refused)
		log_warning("events were not delivered; beginning again where the "
					"slot stands",
					LOG_TEXT("error", failure->reason.text));
	else if (!intake_is_careful(relay->intake))
		intake_be_careful(relay->intake);
	else if (intake_refused(relay->intake, failure->reason.text,
							failure->too_large, &err))
		backoff_reset(&relay->restarts);
	else
	{
		relay->restart = false;
		relay->all_confirmed = false;
		give_up(relay, &err);
	}
}

/* Takes what Kafka has to say. */
static void
serve_kafka(Relay *relay)
{
	const KafkaHandlers handlers = {on_delivered, on_failed, relay};
	Error err;

	if (kafka_serve(relay->kafka, &handlers, &err))
		return;
	log_warning("the Kafka producer failed; beginning again where the slot "
				"stands",
				LOG_TEXT("error", err.text));
	relay->restart = true;
}

/* Gives the buffer of the present message back. */
static void
release_message(Relay *relay)
{
	intake_drop(relay->intake);
	pgstream_free_buffer(&relay->message);
}

/*
 * Begins again, with a new producer, where the slot stands: what was in flight
 * is given up, and comes again in its order.
 */
static void
serve_restart(Relay *relay)
{
	if (!relay->restart)
		return;
	relay->restart = false;
	if (relay->phase != PHASE_RUNNING)
	{
		relay->all_confirmed = false;
		relay->exit_status = EXIT_FAILED;
		relay->deadline_ms = clock_ms(); /* nothing more will be delivered */
		return;
	}
	release_message(relay);
	pgstream_close(relay->stream);
	kafka_restart(relay->kafka);
	tracker_reset(relay->tracker);
	memset(&relay->history, 0, sizeof(relay->history));
	relay->reconnect_ms = clock_ms() + backoff_next(&relay->restarts);
}

/* The stream has begun, for the first time or again. */
static void
on_started(Relay *relay)
{
	const PgHistory *history = pgstream_history(relay->stream);
	bool same = strcmp(history->system_identifier,
					   relay->history.system_identifier) == 0 &&
				strcmp(history->timeline, relay->history.timeline) == 0 &&
				history->end >= relay->received;

	log_info("streaming",
			 LOG_TEXT("slot", config_get(relay->config, "relay", "slot")),
			 LOG_TEXT("system", history->system_identifier),
			 LOG_TEXT("timeline", history->timeline),
			 LOG_INT("waited_s",
					 outage_lasted(&relay->outage, clock_ms()) / 1000));
	if (same)
		tracker_reconnected(relay->tracker);
	else
	{
		tracker_reset(relay->tracker);
		intake_restart(relay->intake);
		relay->received = 0;
	}
	relay->history = *history;
	relay->confirmed = 0;
	relay->status_ms = clock_ms();
	relay->status_asked = false;
	relay->heard_ms = clock_ms();
	relay->asked = false;
	outage_end(&relay->outage);
}

/* Tells that PostgreSQL is waited for: once, then rarely. */
static void
tell_waiting(Relay *relay, PgErrorClass error_class, const Error *err)
{
	int64_t now = clock_ms();

	if (!outage_is_due(&relay->outage, now))
		return;
	if (error_class == PG_ERROR_BUSY)
		log_info("standing by: another relay has the slot",
				 LOG_INT("waited_s", outage_lasted(&relay->outage, now) / 1000),
				 LOG_TEXT("reason", err->text));
	else
		log_warning("waiting for PostgreSQL; trying again",
					LOG_INT("waited_s",
							outage_lasted(&relay->outage, now) / 1000),
					LOG_TEXT("error", err->text));
}

/* The connection ended: connects again later, or gives up. */
static void
on_disconnected(Relay *relay, PgErrorClass error_class, const Error *err)
{
	int64_t wait = STANDBY_MS;

	release_message(relay);
	if (relay->phase != PHASE_RUNNING)
	{
		end_unconfirmed(relay,
						"the connection to PostgreSQL ended before all was "
						"confirmed; some events will be published again",
						err->text);
		return;
	}
	if (error_class == PG_ERROR_REFUSED || error_class == PG_ERROR_MISSING)
	{
		give_up(relay, err);
		return;
	}
	if (error_class == PG_ERROR_LOST)
		wait = backoff_next(&relay->backoff);
	relay->reconnect_ms = clock_ms() + wait;
	tell_waiting(relay, error_class, err);
}

/* Takes the lines of the present message; false if that has to wait. */
static bool
take_lines(Relay *relay)
{
	Error err;

	if (relay->message.buffer == NULL)
		return true;
	switch (intake_take(relay->intake, &err))
	{
		case INTAKE_FULL:
			return false;
		case INTAKE_STOPPED:
			give_up(relay, &err);
			break;
		case INTAKE_EMPTY:
			break;
	}
	if (intake_position(relay->intake) > relay->received)
		relay->received = intake_position(relay->intake);
	release_message(relay);
	return true;
}

/* Notes that PostgreSQL sent something. */
static void
note_heard(Relay *relay)
{
	relay->heard_ms = clock_ms();
	relay->asked = false;
}

/*
 * A keepalive is a sign of life, and no more: its position may be behind lines
 * that still sit in the decoder's buffer (decoder/outlet.c), so it is never
 * confirmed.  That it was read is told, which quiets the server.
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
			return false;
		case PGSTREAM_STARTED:
			on_started(relay);
			break;
		case PGSTREAM_DATA:
			backoff_reset(&relay->backoff);
			note_heard(relay);
			if (relay->phase == PHASE_RUNNING)
				intake_give(relay->intake, relay->message.data,
							relay->message.len);
			else
				release_message(relay);
			break;
		case PGSTREAM_KEEPALIVE:
			backoff_reset(&relay->backoff);
			note_heard(relay);
			on_keepalive(relay);
			break;
		case PGSTREAM_ENDED:
			if (relay->phase == PHASE_FINISHING)
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

/* Reads the stream as far as there is room, but for no more than a turn. */
static void
serve_stream(Relay *relay)
{
	relay->more = false;
	for (int i = 0; i < MESSAGES_PER_TURN; i++)
	{
		if (!take_lines(relay) || relay->phase == PHASE_DRAINING)
			return;
		if (!advance_stream(relay))
			return;
	}
	relay->more = true;
}

/* Connects again if it is time to. */
static void
serve_reconnect(Relay *relay)
{
	if (relay->phase != PHASE_RUNNING || relay->reconnect_ms == 0 ||
		clock_ms() < relay->reconnect_ms)
		return;
	relay->reconnect_ms = 0;
	relay->connect_ms = clock_ms();
	pgstream_connect(relay->stream);
}

/* Gives up a connection on which nothing comes. */
static void
hang_up(Relay *relay, const char *what, int64_t timeout_ms)
{
	Error err;

	error_set(&err, "PostgreSQL %s for %" PRId64 " s", what, timeout_ms / 1000);
	pgstream_close(relay->stream);
	on_disconnected(relay, PG_ERROR_LOST, &err);
}

/* Tells whether the relay reads what PostgreSQL sends. */
static bool
is_listening(const Relay *relay)
{
	return relay->message.buffer == NULL && relay->phase != PHASE_DRAINING;
}

/*
 * When something has to be done about the silence of PostgreSQL, in ms: a
 * stream is asked for a sign of life after half of the time it may be silent,
 * as walreceiver.c does; a connection that is being made has its own time.
 */
static int64_t
silence_due(const Relay *relay)
{
	int64_t timeout =
		config_get_number(relay->config, "relay", "receive_timeout");

	if (pgstream_fd(relay->stream) < 0)
		return INT64_MAX;
	if (pgstream_is_connecting(relay->stream))
		return relay->connect_ms +
			   config_get_number(relay->config, "relay", "connect_timeout");
	if (!pgstream_is_streaming(relay->stream) || !is_listening(relay))
		return INT64_MAX;
	return relay->heard_ms + (relay->asked ? timeout : timeout / 2);
}

/* Asks a silent PostgreSQL for a sign of life, and gives it up at last. */
static void
serve_silence(Relay *relay)
{
	/* While nothing is read the silence is our own. */
	if (!is_listening(relay))
		note_heard(relay);
	if (clock_ms() < silence_due(relay))
		return;
	if (pgstream_is_connecting(relay->stream))
		hang_up(relay, "did not answer",
				config_get_number(relay->config, "relay", "connect_timeout"));
	else if (relay->asked)
		hang_up(relay, "was silent",
				config_get_number(relay->config, "relay", "receive_timeout"));
	else
	{
		relay->asked = true;
		relay->status_asked = true;
	}
}

/* Looks after topics that may be missing. */
static void
serve_topics(Relay *relay)
{
	if (kafka_in_flight(relay->kafka) == 0 ||
		clock_ms() < relay->topics_ms + TOPICS_INTERVAL_MS)
		return;
	kafka_look_after_topics(relay->kafka);
	relay->topics_ms = clock_ms();
}

/* Tells the server what was read and what it may forget. */
static void
send_status(Relay *relay)
{
	Lsn flush = tracker_flush(relay->tracker);
	Error err;

	if (flush > relay->received)
		relay->received = flush;
	relay->status_ms = clock_ms();
	relay->status_asked = false;
	if (pgstream_send_status(relay->stream, relay->received, flush,
							 relay->asked, &err))
	{
		relay->confirmed = flush;
		intake_confirmed(relay->intake, flush);
		log_debug("status", LOG_LSN("written", relay->received),
				  LOG_LSN("flushed", flush));
		return;
	}
	pgstream_close(relay->stream);
	on_disconnected(relay, PG_ERROR_LOST, &err);
}

/* When the next status is due, in ms. */
static int64_t
status_due(const Relay *relay)
{
	if (relay->status_asked)
		return 0;
	if (tracker_flush(relay->tracker) > relay->confirmed)
		return relay->status_ms + CONFIRM_INTERVAL_MS;
	return relay->status_ms +
		   config_get_number(relay->config, "relay", "status_interval");
}

/* Looks after the tables: who has the slot does, and nobody who stands by. */
static void
serve_maintenance(Relay *relay)
{
	if (relay->phase == PHASE_RUNNING && pgstream_is_streaming(relay->stream))
		maintenance_serve(relay->maintenance);
}

/* Sends a status if one is due. */
static void
serve_status(Relay *relay)
{
	if (pgstream_is_streaming(relay->stream) && clock_ms() >= status_due(relay))
		send_status(relay);
}

/* Reads the log's level again. */
static void
reload(const Relay *relay)
{
	LogLevel level;
	Error err;
	char *name = config_reread(relay->config, "log", "level", &err);

	if (name == NULL || !log_level_parse(name, &level))
		log_warning("nothing is reloaded", LOG_TEXT("error", err.text));
	else
	{
		log_set_level(level);
		log_info("reloaded", LOG_TEXT("level", name));
	}
	free(name);
}

/*
 * Takes signals: SIGTERM and SIGINT end the relay in order, SIGHUP reads the
 * configuration file again.
 */
static void
serve_signals(Relay *relay)
{
	struct signalfd_siginfo info;

	while (read(relay->signals, &info, sizeof(info)) == sizeof(info))
	{
		if (info.ssi_signo == SIGHUP)
		{
			reload(relay);
			continue;
		}
		log_info("stopping: delivering what is in flight",
				 LOG_TEXT("signal", strsignal((int) info.ssi_signo)),
				 LOG_INT("events", kafka_in_flight(relay->kafka)));
		start_draining(relay, EXIT_DONE);
	}
}

/* Confirms what is delivered and asks for the end of the stream. */
static void
confirm_and_finish(Relay *relay)
{
	Error err;

	if (pgstream_is_streaming(relay->stream))
		send_status(relay);
	if (pgstream_is_streaming(relay->stream) &&
		pgstream_finish(relay->stream, &err))
	{
		relay->phase = PHASE_FINISHING;
		relay->deadline_ms = clock_ms() + FINISH_TIMEOUT_MS;
		return;
	}
	relay->phase = PHASE_DONE;
	if (tracker_flush(relay->tracker) > relay->confirmed)
		end_unconfirmed(relay,
						"PostgreSQL is away, so not all that is in Kafka was "
						"confirmed; some events will be published again",
						NULL);
}

/* Goes on with the end once all is delivered, or the time is out. */
static void
serve_draining(Relay *relay)
{
	bool delivered = kafka_in_flight(relay->kafka) == 0;

	if (!delivered && clock_ms() < relay->deadline_ms)
		return;
	if (!delivered)
		end_unconfirmed(relay,
						"not all was delivered in time; it will be published "
						"at the next start",
						NULL);
	confirm_and_finish(relay);
}

/* The end of the stream has come, or was waited for long enough. */
static void
serve_finishing(Relay *relay)
{
	if (pgstream_fd(relay->stream) < 0)
		relay->phase = PHASE_DONE;
	else if (clock_ms() >= relay->deadline_ms)
	{
		relay->phase = PHASE_DONE;
		end_unconfirmed(relay,
						"PostgreSQL did not end the stream in time; some "
						"events may be published again",
						NULL);
	}
}

/* The earlier of two times. */
static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* What the loop may sleep, in ms; -1 = until something happens. */
static int
poll_timeout(const Relay *relay)
{
	int64_t due = INT64_MAX;
	int64_t wait;

	if (relay->more)
		return 0;
	if (pgstream_is_streaming(relay->stream))
	{
		due = status_due(relay);
		if (relay->phase == PHASE_RUNNING)
			due = earlier(due, maintenance_due(relay->maintenance));
	}
	due = earlier(due, silence_due(relay));
	if (kafka_in_flight(relay->kafka) > 0)
		due = earlier(due, relay->topics_ms + TOPICS_INTERVAL_MS);
	if (relay->phase == PHASE_RUNNING && relay->reconnect_ms != 0)
		due = earlier(due, relay->reconnect_ms);
	if (relay->phase != PHASE_RUNNING)
		due = earlier(due, relay->deadline_ms);
	if (due == INT64_MAX)
		return -1;
	wait = due - clock_ms();
	return wait < 0 ? 0 : (int) wait;
}

/*
 * Waits until something happens.  While the budget is used, or nothing more is
 * wanted, the socket is left out but for what has still to be written: a
 * poll() for nothing would still return when the server hangs up, at once and
 * for ever.
 */
static void
wait_for_something(Relay *relay)
{
	struct pollfd fds[4] = {
		{.fd = relay->signals, .events = POLLIN},
		{.fd = kafka_fd(relay->kafka), .events = POLLIN},
		{.fd = -1},
		{.fd = -1},
	};
	Error err;

	if (pgstream_fd(relay->stream) >= 0)
	{
		short events = pgstream_events(relay->stream);

		if (!is_listening(relay))
			events &= POLLOUT;
		if (events != 0)
			fds[2] = (struct pollfd){.fd = pgstream_fd(relay->stream),
									 .events = events};
	}
	if (relay->phase == PHASE_RUNNING && pgstream_is_streaming(relay->stream))
		fds[3] =
			(struct pollfd){.fd = maintenance_fd(relay->maintenance),
							.events = maintenance_events(relay->maintenance)};
	if (poll(fds, 4, poll_timeout(relay)) < 0 && errno != EINTR)
	{
		error_set(&err, "poll: %s", strerror(errno));
		give_up(relay, &err);
	}
}

/* The loop. */
static void
run(Relay *relay)
{
	while (relay->phase != PHASE_DONE)
	{
		wait_for_something(relay);
		serve_signals(relay);
		serve_kafka(relay);
		serve_restart(relay);
		serve_topics(relay);
		serve_reconnect(relay);
		if (relay->phase != PHASE_DRAINING)
			serve_stream(relay);
		serve_silence(relay);
		serve_status(relay);
		serve_maintenance(relay);
		if (relay->phase == PHASE_DRAINING)
			serve_draining(relay);
		if (relay->phase == PHASE_FINISHING)
			serve_finishing(relay);
	}
}

/*
 * After an event that cannot be published: tells how to go on behind it.  A
 * slot can only skip whole transactions, and all before its new position, so
 * this is told only if all before is confirmed.
 */
static void
tell_how_to_skip(const Relay *relay)
{
	Lsn lsn = intake_stopped_at(relay->intake);
	char sql[160];

	if (lsn == 0 || !relay->all_confirmed)
		return;
	snprintf(sql, sizeof(sql),
			 "SELECT pg_replication_slot_advance('%s', '" LSN_FORMAT "');",
			 config_get(relay->config, "relay", "slot"), LSN_ARGS(lsn));
	log_info("all before that transaction is confirmed; to skip it and go on:",
			 LOG_TEXT("sql", sql));
}

/*
 * Takes the signals by a descriptor.  Before any thread starts, since a
 * thread takes the mask of the one that makes it.
 */
static int
open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* What [relay] says about events. */
static IntakeOptions
intake_options(const Config *config)
{
	const char *on_error = config_get(config, "relay", "on_error");

	return (
		IntakeOptions){.budget = (uint64_t) config_get_number(config, "relay",
															  "inflight_bytes"),
					   .on_error = strcmp(on_error, "dead-letter") == 0
									   ? ON_ERROR_DEAD_LETTER
								   : strcmp(on_error, "skip") == 0
									   ? ON_ERROR_SKIP
									   : ON_ERROR_STOP,
					   .dead_letter_topic =
						   config_get(config, "relay", "dead_letter_topic")};
}

int
relay_run(const Config *config)
{
	Relay relay = {.config = config, .all_confirmed = true};
	IntakeOptions options;
	Error err;

	/* librdkafka's threads else each hold memory of their own back. */
	mallopt(M_ARENA_MAX, 2);
	relay.signals = open_signals();
	relay.kafka = kafka_new(config, &err);
	if (relay.kafka == NULL)
	{
		fprintf(stderr, "pg_outbox: %s\n", err.text);
		return EXIT_USAGE;
	}
	relay.stream = pgstream_new(config);
	relay.tracker = tracker_new();
	options = intake_options(config);
	relay.on_error = options.on_error;
	relay.intake = intake_new(relay.kafka, relay.tracker, &options);
	relay.maintenance = maintenance_new(config);
	backoff_init(&relay.backoff, RECONNECT_MIN_MS, RECONNECT_MAX_MS,
				 (uint64_t) getpid());
	backoff_init(&relay.restarts, RECONNECT_MIN_MS, RECONNECT_MAX_MS,
				 (uint64_t) getpid());

	log_info("starting", LOG_TEXT("version", PG_OUTBOX_VERSION));
	relay.connect_ms = clock_ms();
	pgstream_connect(relay.stream);
	run(&relay);
	tell_how_to_skip(&relay);
	log_info("stopped", LOG_LSN("confirmed", relay.confirmed),
			 LOG_INT("status", relay.exit_status));

	release_message(&relay);
	pgstream_free(relay.stream);
	kafka_free(relay.kafka);
	maintenance_free(relay.maintenance);
	intake_free(relay.intake);
	tracker_free(relay.tracker);
	close(relay.signals);
	return relay.exit_status;
}
