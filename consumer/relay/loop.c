/*-------------------------------------------------------------------------
 *
 * relay/loop.c
 *	  The loop of the relay: streams from the slot and forwards to Kafka.
 *
 * One thread and one poll(): PostgreSQL's socket, librdkafka's queue, signals
 * and a few timers.  The relay keeps no state of its own: it confirms to the
 * slot what is in Kafka, and PostgreSQL discards no more than that.
 *
 * Where the process may die, and what follows:
 *	- after an event was read or produced, before Kafka has it: it was not
 *	  confirmed, so PostgreSQL sends it again;
 *	- after Kafka has it, before it was confirmed: PostgreSQL sends it again,
 *	  and it is published twice;
 *	- after it was confirmed: it is in Kafka.
 * Redelivery restarts from one earlier position and keeps the order, so the
 * events of a key are repeated in order, never swapped.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/exit.h"
#include "base/log.h"
#include "relay/drain.h"
#include "relay/end.h"
#include "relay/handover.h"
#include "relay/hold.h"
#include "relay/kafka.h"
#include "relay/loop.h"
#include "relay/observe.h"
#include "relay/pause.h"
#include "relay/state.h"
#include "relay/stream.h"

/* The waits between two tries to connect, in ms. */
#define RECONNECT_MIN_MS 100
#define RECONNECT_MAX_MS 10000

/* The waits before an event that is held is given to Kafka again, in ms. */
#define HOLD_MIN_MS 1000
#define HOLD_MAX_MS 60000

/* Maintains the tables, if this relay holds the slot and does not stand by. */
static void
serve_maintenance(Relay *relay)
{
	if (relay->phase == PHASE_RUNNING && pgstream_is_streaming(relay->stream))
		maintenance_serve(relay->maintenance);
}

/* Reads the log's level again. */
static void
reload(const Relay *relay)
{
	LogLevel level;
	Error err;
	char *name = config_reread(relay->config, CONFIG_LOG_LEVEL, &err);

	if (name == NULL || !log_level_parse(name, &level))
		log_warning("reload failed; settings unchanged",
					LOG_TEXT("error", err.text));
	else
	{
		log_set_level(level);
		log_info("reloaded", LOG_TEXT("level", name));
	}
	free(name);
}

/*
 * Takes signals: SIGTERM and SIGINT end the relay in order, SIGHUP reads the
 * configuration file again, SIGCONT means that the process was stopped.
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
			relay_hurry_hold(relay);
			continue;
		}
		if (info.ssi_signo == SIGCONT)
		{
			relay->continued = true;
			continue;
		}
		log_info("stopping: delivering what is in flight",
				 LOG_TEXT("signal", strsignal((int) info.ssi_signo)),
				 LOG_INT("events", kafka_in_flight(relay->kafka)));
		relay_start_draining(relay, EXIT_DONE);
	}
}

/* What the loop polls beside its guests: see wait_for_something(). */
#define OWN_FDS 5

/* The earlier of two times. */
static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* What the loop may sleep, in ms; -1 = until something happens. */
static int
poll_timeout(Relay *relay)
{
	int64_t due = INT64_MAX;
	int64_t wait;

	if (relay->more || relay->restart)
		return 0;
	if (pgstream_is_streaming(relay->stream))
	{
		due = relay_status_due(relay);
		if (relay->phase == PHASE_RUNNING)
			due = earlier(due, maintenance_due(relay->maintenance));
	}
	if (relay->phase == PHASE_RUNNING)
		due = earlier(due, pgstream_due(relay->stream));
	due = earlier(due, relay_silence_due(relay));
	due = earlier(due, relay_topics_due(relay));
	due = earlier(due, relay_restart_due(relay));
	due = earlier(due, relay_hold_due(relay));
	due = earlier(due, relay_handover_due(relay));
	due = earlier(due, relay_guests_due(relay));
	due = earlier(due, relay->delivery->due(relay));
	due = earlier(due, relay_reconnect_due(relay));
	if (relay->phase != PHASE_RUNNING)
		due = earlier(due, relay->deadline_ms);
	if (due == INT64_MAX)
		return -1;
	wait = due - clock_ms();
	return wait < 0 ? 0 : (int) wait;
}

/*
 * What to await of PostgreSQL's socket.  While the budget is used, or nothing
 * more is wanted, that is its end, and what has still to be written.
 */
static short
stream_events(const Relay *relay)
{
	short events = pgstream_events(relay->stream);

	if (relay_is_listening(relay))
		return events;
	return (events & POLLOUT) | POLLRDHUP;
}

/* PostgreSQL's socket is closed, and nobody is going to read from it. */
static void
serve_hangup(Relay *relay, short happened)
{
	Error reason;

	if ((happened & (POLLRDHUP | POLLHUP | POLLERR)) == 0 ||
		relay_is_listening(relay) || pgstream_fd(relay->stream) < 0)
		return;
	error_set(&reason, "the server closed the connection");
	relay_hang_up(relay, &reason);
}

/* Waits until something happens; returns what does to PostgreSQL's socket. */
static short
wait_for_something(Relay *relay, struct pollfd *fds)
{
	Error err;

	fds[0] = (struct pollfd){.fd = relay->signals, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = kafka_fd(relay->kafka), .events = POLLIN};
	fds[2] = fds[3] = (struct pollfd){.fd = -1};
	fds[4] = (struct pollfd){.fd = pgstream_side_fd(relay->stream),
							 .events = pgstream_side_events(relay->stream)};
	relay_poll_guests(relay, fds + OWN_FDS);

	if (pgstream_fd(relay->stream) >= 0)
		fds[2] = (struct pollfd){.fd = pgstream_fd(relay->stream),
								 .events = stream_events(relay)};
	if (relay->phase == PHASE_RUNNING && pgstream_is_streaming(relay->stream))
		fds[3] =
			(struct pollfd){.fd = maintenance_fd(relay->maintenance),
							.events = maintenance_events(relay->maintenance)};
	relay->sleep_ms = poll_timeout(relay);
	if (poll(fds, OWN_FDS + relay->n_guests, (int) relay->sleep_ms) < 0 &&
		errno != EINTR)
	{
		error_set(&err, "poll: %s", strerror(errno));
		relay_give_up(relay, &err);
	}
	return fds[2].revents;
}

/* The loop. */
static void
run(Relay *relay)
{
	struct pollfd fds[OWN_FDS + RELAY_GUESTS] = {{.fd = -1}};

	while (relay->phase != PHASE_DONE)
	{
		short happened = wait_for_something(relay, fds);

		serve_signals(relay);
		relay_serve_pause(relay);
		serve_hangup(relay, happened);
		relay_serve_handover(relay);
		relay_serve_kafka(relay);
		relay_serve_restart(relay);
		relay_serve_topics(relay);
		relay_serve_reconnect(relay);
		if (relay->phase != PHASE_DRAINING)
			relay_serve_stream(relay);
		relay->delivery->serve(relay);
		relay_serve_hold(relay);
		relay_serve_silence(relay);
		relay_serve_status(relay);
		serve_maintenance(relay);
		if (relay->phase == PHASE_DRAINING)
			relay_serve_draining(relay);
		if (relay->phase == PHASE_FINISHING)
			relay_serve_finishing(relay);
		relay_serve_guests(relay, fds + OWN_FDS);
	}
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
	sigaddset(&set, SIGCONT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* What setting on_error says. */
static OnError
on_error_of(const Config *config)
{
	const char *on_error = config_text(config, CONFIG_RELAY_ON_ERROR);

	if (strcmp(on_error, "stop") == 0)
		return ON_ERROR_STOP;
	if (strcmp(on_error, "dead-letter") == 0)
		return ON_ERROR_DEAD_LETTER;
	if (strcmp(on_error, "skip") == 0)
		return ON_ERROR_SKIP;
	return ON_ERROR_HOLD;
}

/* What [relay] says about events. */
static IntakeOptions
intake_options(const Config *config)
{
	return (IntakeOptions){
		.budget = (uint64_t) config_number(config, CONFIG_RELAY_INFLIGHT_BYTES),
		.on_error = on_error_of(config),
		.dead_letter_topic =
			config_text(config, CONFIG_RELAY_DEAD_LETTER_TOPIC),
		.skip = config_text(config, CONFIG_RELAY_SKIP),
	};
}

/* How events become visible. */
static Delivery *
make_delivery(const Config *config)
{
	return config_is_exactly_once(config) ? exactly_once_new(config)
										  : at_least_once_new();
}

int
relay_run(const Config *config, bool create_slot, const RelayGuest *guests,
		  size_t n_guests)
{
	Relay relay = {.config = config, .guests = guests, .n_guests = n_guests};
	IntakeOptions options;
	Error err;

	relay.signals = open_signals();
	relay.kafka = kafka_new(config, &err);
	if (relay.kafka == NULL)
	{
		fprintf(stderr, "pg_outbox: %s\n", err.text);
		return EXIT_USAGE;
	}
	relay.stream = pgstream_new(config, create_slot);
	relay.tracker = tracker_new();
	options = intake_options(config);
	relay.on_error = options.on_error;
	relay.intake = intake_new(relay.kafka, relay.tracker, &options);
	relay.delivery = make_delivery(config);
	relay.maintenance = maintenance_new(config);
	backoff_init(&relay.backoff, RECONNECT_MIN_MS, RECONNECT_MAX_MS,
				 (uint64_t) getpid());
	backoff_init(&relay.restarts, RECONNECT_MIN_MS, RECONNECT_MAX_MS,
				 (uint64_t) getpid());
	backoff_init(&relay.hold.backoff, HOLD_MIN_MS, HOLD_MAX_MS,
				 (uint64_t) getpid());

	counters_init(&relay.counters,
				  (size_t) config_number(config, CONFIG_HTTP_METRICS_TOPICS));
	relay.started_ms = clock_ms();

	log_info("starting", LOG_TEXT("version", PG_OUTBOX_VERSION));
	if (create_slot)
		log_warning("--create-slot is for trying out: should the slot be lost, "
					"a new one begins later, and what commits in between is "
					"not published; create it once with pg_outbox create-slot");
	relay.reconnect_ms = clock_ms();
	run(&relay);
	log_info("stopped", LOG_LSN("confirmed", relay.confirmed),
			 LOG_INT("status", relay.exit_status));

	relay_release_message(&relay);
	relay.delivery->free(&relay);
	pgstream_free(relay.stream);
	kafka_free(relay.kafka);
	maintenance_free(relay.maintenance);
	intake_free(relay.intake);
	tracker_free(relay.tracker);
	counters_free(&relay.counters);
	close(relay.signals);
	return relay.exit_status;
}
