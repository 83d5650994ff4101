/*-------------------------------------------------------------------------
 *
 * commands/tail.c
 *	  The command "tail": shows events as they would be published.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/exit.h"
#include "commands/signals.h"
#include "commands/tail.h"
#include "envelope/reader.h"
#include "postgres/stream.h"

/* A status is sent this often, in ms: well within wal_sender_timeout. */
#define STATUS_INTERVAL_MS 5000

typedef struct Tail
{
	PgStream *stream;
	EnvelopeReader *reader;
	bool pretty;
	Lsn position;            /* all before is shown */
	int64_t status_ms;       /* when the last status was sent */
	int64_t heard_ms;        /* when the server last sent something */
	int64_t receive_timeout; /* longest silence of it, in ms */
	bool asked;              /* for a sign of life, since then */
	bool blocked;            /* what the server waits for was said */
	int signals;             /* signalfd */
	bool ended;
	int exit_status;
} Tail;

/* Prints bytes; what would move a terminal's cursor becomes a dot. */
static void
print_slice(Slice text)
{
	for (size_t i = 0; i < text.len; i++)
	{
		unsigned char c = (unsigned char) text.data[i];

		putchar(c < ' ' || c == 0x7f ? '.' : c);
	}
}

/* Prints an event, or an error in red, for people. */
static void
print_event(const Envelope *event)
{
	if (event->kind == ENVELOPE_ERROR)
	{
		printf("\033[31m");
		print_slice(event->error);
		printf("\033[0m ");
	}
	printf("\033[36m");
	print_slice(event->topic);
	printf("\033[0m  \033[33m");
	print_slice(event->key.data ? event->key : (Slice){"(no key)", 8});
	printf("\033[0m");
	for (size_t i = 0; i < event->n_headers; i++)
	{
		printf("  \033[2m");
		print_slice(event->headers[i].name);
		putchar('=');
		print_slice(event->headers[i].value);
		printf("\033[0m");
	}
	printf("\n  ");
	print_slice(event->payload.data ? event->payload
									: (Slice){"(no value)", 10});
	putchar('\n');
}

/* Shows one line; false, with the reason in err, if it makes no sense. */
static bool
show_line(Tail *tail, const char *line, size_t len, Error *err)
{
	Envelope envelope;

	if (!envelope_read(tail->reader, line, len, &envelope, err))
		return false;
	switch (envelope.kind)
	{
		case ENVELOPE_EVENT:
		case ENVELOPE_ERROR:
			if (tail->pretty)
				print_event(&envelope);
			else
				printf("%.*s\n", (int) len, line);
			break;
		case ENVELOPE_COMMIT:
		case ENVELOPE_POSITION:
			tail->position = envelope.lsn;
			break;
	}
	return true;
}

/* Shows the lines of a message. */
static bool
show_lines(Tail *tail, const char *lines, size_t len, Error *err)
{
	const char *end = lines + len;

	while (lines < end)
	{
		const char *feed = memchr(lines, '\n', (size_t) (end - lines));
		const char *stop = feed ? feed : end;

		if (!show_line(tail, lines, (size_t) (stop - lines), err))
			return false;
		lines = stop + 1;
	}
	return fflush(stdout) == 0 || error_set(err, "standard output is closed");
}

/* Ends with an error. */
static void
give_up(Tail *tail, int exit_status, const Error *err)
{
	fprintf(stderr, "pg_outbox: %s\n", err->text);
	tail->ended = true;
	tail->exit_status = exit_status;
}

/* Tells the server what was read, so that it keeps no WAL for us. */
static void
send_status(Tail *tail)
{
	Error err;

	tail->status_ms = clock_ms();
	if (pgstream_is_streaming(tail->stream) &&
		!pgstream_send_status(tail->stream, tail->position, tail->position,
							  tail->asked, &err))
		give_up(tail, EXIT_FAILED, &err);
}

/* Says once what the server waits for. */
static void
tell_blocked(Tail *tail, const Error *err)
{
	if (!tail->blocked)
		fprintf(stderr, "pg_outbox: waiting: %s\n", err->text);
	tail->blocked = true;
}

/* Notes that the server is there. */
static void
note_heard(Tail *tail)
{
	tail->heard_ms = clock_ms();
	tail->asked = false;
}

/* Takes one step of the connection; false when the socket is to be awaited. */
static bool
advance(Tail *tail)
{
	PgMessage message = {0};
	PgErrorClass error_class = PG_ERROR_LOST;
	Error err;

	switch (pgstream_advance(tail->stream, &message, &error_class, &err))
	{
		case PGSTREAM_WAIT:
			return false;
		case PGSTREAM_BLOCKED:
			tell_blocked(tail, &err);
			return false;
		case PGSTREAM_STARTED:
			if (tail->pretty)
				fprintf(stderr, "waiting for events; Ctrl-C ends\n");
			note_heard(tail);
			return true;
		case PGSTREAM_DATA:
			note_heard(tail);
			if (!show_lines(tail, message.data, message.len, &err))
				give_up(tail, EXIT_FAILED, &err);
			pgstream_free_buffer(&message);
			return !tail->ended;
		case PGSTREAM_KEEPALIVE:
			note_heard(tail);
			if (message.reply_requested)
				send_status(tail);
			return !tail->ended;
		case PGSTREAM_ENDED:
			error_set(&err, "the server ended the stream");
			break;
		case PGSTREAM_BUSY:
		case PGSTREAM_FAILED:
			break;
	}
	give_up(tail, pgerror_exit_status(error_class), &err);
	return false;
}

/*
 * When a stream that is silent is asked for a sign of life, and when it is
 * given up then.
 */
static int64_t
silence_due(const Tail *tail)
{
	if (!pgstream_is_streaming(tail->stream))
		return INT64_MAX;
	return tail->heard_ms +
		   (tail->asked ? tail->receive_timeout : tail->receive_timeout / 2);
}

/* Does what is due by now. */
static void
serve_timers(Tail *tail)
{
	int64_t now = clock_ms();
	Error err;

	if (now >= silence_due(tail))
	{
		if (tail->asked)
		{
			error_set(&err, "PostgreSQL was silent for %" PRId64 " s",
					  tail->receive_timeout / 1000);
			give_up(tail, EXIT_FAILED, &err);
			return;
		}
		tail->asked = true;
		tail->status_ms = 0;
	}
	if (now >= tail->status_ms + STATUS_INTERVAL_MS)
		send_status(tail);
}

/* The earlier of two times. */
static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Waits for the server, a signal, or the time at which something is due. */
static void
wait_for_something(Tail *tail)
{
	struct pollfd fds[3] = {
		{.fd = tail->signals, .events = POLLIN},
		{.fd = pgstream_fd(tail->stream),
		 .events = pgstream_events(tail->stream)},
		{.fd = pgstream_side_fd(tail->stream),
		 .events = pgstream_side_events(tail->stream)},
	};
	int64_t due = earlier(pgstream_due(tail->stream), silence_due(tail));
	int64_t wait =
		earlier(due, tail->status_ms + STATUS_INTERVAL_MS) - clock_ms();

	poll(fds, 3, wait > 0 ? (int) wait : 0);
	if (fds[0].revents != 0)
		tail->ended = true;
}

int
command_tail(const Config *config, const Arguments *arguments)
{
	Tail tail = {.stream = pgstream_new_temporary(config),
				 .receive_timeout =
					 config_number(config, CONFIG_RELAY_RECEIVE_TIMEOUT),
				 .reader = envelope_reader_new(),
				 .pretty = isatty(STDOUT_FILENO) && !arguments->json,
				 .signals = signals_open(),
				 .exit_status = EXIT_DONE};

	pgstream_connect(tail.stream);
	while (!tail.ended)
	{
		wait_for_something(&tail);
		while (!tail.ended && advance(&tail))
			;
		if (!tail.ended)
			serve_timers(&tail);
	}
	signals_release(tail.signals);
	pgstream_free(tail.stream);
	envelope_reader_free(tail.reader);
	return tail.exit_status;
}
