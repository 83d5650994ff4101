/*-------------------------------------------------------------------------
 *
 * commands/tail.c
 *	  The command "tail": shows events as they would be published.
 *
 *-------------------------------------------------------------------------
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/exit.h"
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
	Lsn position; /* all before is shown */
	int64_t status_ms;
	int signals; /* signalfd */
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
give_up(Tail *tail, const Error *err)
{
	fprintf(stderr, "pg_outbox: %s\n", err->text);
	tail->ended = true;
	tail->exit_status = EXIT_FAILED;
}

/* Tells the server what was read, so that it keeps no WAL for us. */
static void
send_status(Tail *tail)
{
	Error err;

	tail->status_ms = clock_ms();
	if (pgstream_is_streaming(tail->stream) &&
		!pgstream_send_status(tail->stream, tail->position, tail->position,
							  false, &err))
		give_up(tail, &err);
}

/* Takes one step of the connection; false when the socket is to be awaited. */
static bool
advance(Tail *tail)
{
	PgMessage message = {0};
	PgErrorClass error_class;
	Error err;

	switch (pgstream_advance(tail->stream, &message, &error_class, &err))
	{
		case PGSTREAM_WAIT:
			return false;
		case PGSTREAM_STARTED:
			if (tail->pretty)
				fprintf(stderr, "waiting for events; Ctrl-C ends\n");
			return true;
		case PGSTREAM_DATA:
			if (!show_lines(tail, message.data, message.len, &err))
				give_up(tail, &err);
			pgstream_free_buffer(&message);
			return !tail->ended;
		case PGSTREAM_KEEPALIVE:
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
	give_up(tail, &err);
	return false;
}

/* Waits for the server, a signal, or the time of the next status. */
static void
wait_for_something(Tail *tail)
{
	struct pollfd fds[2] = {
		{.fd = tail->signals, .events = POLLIN},
		{.fd = pgstream_fd(tail->stream),
		 .events = pgstream_events(tail->stream)},
	};

	poll(fds, 2, STATUS_INTERVAL_MS);
	if (fds[0].revents != 0)
		tail->ended = true;
}

/* Takes the signals that end it by a descriptor. */
static int
open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

int
command_tail(const Config *config, const Arguments *arguments)
{
	Tail tail = {.stream = pgstream_new_temporary(config),
				 .reader = envelope_reader_new(),
				 .pretty = isatty(STDOUT_FILENO) && !arguments->json,
				 .signals = open_signals(),
				 .exit_status = EXIT_DONE};

	pgstream_connect(tail.stream);
	while (!tail.ended)
	{
		wait_for_something(&tail);
		while (!tail.ended && advance(&tail))
			;
		if (!tail.ended && clock_ms() >= tail.status_ms + STATUS_INTERVAL_MS)
			send_status(&tail);
	}
	pgstream_free(tail.stream);
	envelope_reader_free(tail.reader);
	close(tail.signals);
	return tail.exit_status;
}
