/*-------------------------------------------------------------------------
 *
 * postgres/stream.c
 *	  The replication connection: from connecting to the end of the stream.
 *
 *-------------------------------------------------------------------------
 */
#include <arpa/inet.h>
#include <endian.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "decoder/protocol.h"
#include "postgres/connection.h"
#include "postgres/slot.h"
#include "postgres/stream.h"

typedef enum State
{
	STATE_CLOSED,
	STATE_CONNECTING,
	STATE_IDENTIFYING, /* IDENTIFY_SYSTEM is sent */
	STATE_LOOKING,     /* the query about the slot is sent */
	STATE_STANDING_BY, /* another has the slot; nothing is sent */
	STATE_CREATING,    /* CREATE_REPLICATION_SLOT is sent */
	STATE_STARTING,    /* START_REPLICATION is sent */
	STATE_STREAMING,
	STATE_FINISHING, /* CopyDone is sent */
	STATE_ENDING     /* and has come: the last result is awaited */
} State;

struct PgStream
{
	const Config *config;
	const char *slot;
	char temporary[32]; /* the name of a slot of our own, or empty */
	PGconn *conn;
	unsigned first_host; /* to try first, of several */
	State state;
	PostgresPollingStatusType polling; /* while connecting */
	PGresult *result; /* of the command that was sent, or NULL */
	bool started_once;
	PgHistory history;
	int64_t sender_timeout_ms;
};

/*
 * What is to be known before the slot is asked for: START_REPLICATION for one
 * that is in use writes an ERROR into the server's log each time.
 */
#define LOOK_FORMAT \
	"SELECT (SELECT setting FROM pg_catalog.pg_settings " \
	"WHERE name = 'wal_sender_timeout'), " \
	"(SELECT active_pid FROM pg_catalog.pg_replication_slots " \
	"WHERE slot_name = '%s')"

/* Seconds from 1970-01-01 to 2000-01-01, where PostgreSQL's clock starts. */
#define POSTGRES_EPOCH INT64_C(946684800)

/*
 * How many bytes of lines the decoder gathers into one message.  Always more
 * than none, since without there are no position lines.
 */
#define COALESCE_BYTES 65536

/* Lengths of the messages inside CopyData, in bytes, with their first one. */
#define DATA_HEADER_LENGTH (1 + 8 + 8 + 8)
#define KEEPALIVE_LENGTH (1 + 8 + 8 + 1)
#define STATUS_LENGTH (1 + 8 + 8 + 8 + 8 + 1)

PgStream *
pgstream_new(const Config *config)
{
	PgStream *stream = xcalloc(1, sizeof(PgStream));

	stream->config = config;
	stream->slot = config_text(config, CONFIG_RELAY_SLOT);
	return stream;
}

PgStream *
pgstream_new_temporary(const Config *config)
{
	PgStream *stream = pgstream_new(config);

	snprintf(stream->temporary, sizeof(stream->temporary), "pg_outbox_tail_%d",
			 (int) getpid());
	stream->slot = stream->temporary;
	return stream;
}

void
pgstream_free(PgStream *stream)
{
	pgstream_close(stream);
	free(stream);
}

void
pgstream_close(PgStream *stream)
{
	PQclear(stream->result);
	stream->result = NULL;
	PQfinish(stream->conn);
	stream->conn = NULL;
	stream->state = STATE_CLOSED;
}

/* Passes the server's notices and warnings on to the log. */
static void
log_notice(void *arg, const PGresult *result)
{
	(void) arg;
	log_warning("PostgreSQL says",
				LOG_TEXT("message",
						 PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)));
}

void
pgstream_connect(PgStream *stream)
{
	pgstream_close(stream);
	stream->conn = pgconn_start(stream->config, stream->first_host);
	PQsetNoticeReceiver(stream->conn, log_notice, NULL);
	stream->polling = PGRES_POLLING_WRITING;
	stream->state = STATE_CONNECTING;
}

void
pgstream_pass_host(PgStream *stream)
{
	stream->first_host++;
}

int
pgstream_fd(const PgStream *stream)
{
	return stream->conn ? PQsocket(stream->conn) : -1;
}

short
pgstream_events(const PgStream *stream)
{
	if (stream->state == STATE_CONNECTING)
		return stream->polling == PGRES_POLLING_READING ? POLLIN : POLLOUT;
	return POLLIN | (PQflush(stream->conn) == 1 ? POLLOUT : 0);
}

bool
pgstream_is_connecting(const PgStream *stream)
{
	return stream->state == STATE_CONNECTING ||
		   stream->state == STATE_IDENTIFYING || stream->state == STATE_LOOKING;
}

bool
pgstream_is_standing_by(const PgStream *stream)
{
	return stream->state == STATE_STANDING_BY;
}

bool
pgstream_is_streaming(const PgStream *stream)
{
	return stream->state == STATE_STREAMING;
}

const PgHistory *
pgstream_history(const PgStream *stream)
{
	return &stream->history;
}

int64_t
pgstream_sender_timeout(const PgStream *stream)
{
	return stream->sender_timeout_ms;
}

bool
pgstream_may_be_over(const PgStream *stream)
{
	struct pollfd fd = {.fd = pgstream_fd(stream),
						.events = POLLIN | POLLRDHUP};

	return fd.fd < 0 || poll(&fd, 1, 0) != 0;
}

/* Closes a connection that failed, after noting why. */
static PgStreamResult
fail(PgStream *stream, const PGresult *result, PgErrorClass *error_class,
	 Error *err)
{
	*error_class = pgerror_classify(stream->conn, result, stream->slot, err);
	pgstream_close(stream);
	return PGSTREAM_FAILED;
}

/* Closes a connection on which something came that makes no sense. */
static PgStreamResult
fail_protocol(PgStream *stream, const char *what, PgErrorClass *error_class,
			  Error *err)
{
	error_set(err, "PostgreSQL sent %s", what);
	*error_class = PG_ERROR_REFUSED;
	pgstream_close(stream);
	return PGSTREAM_FAILED;
}

/* Sends one command and goes over to the state that waits for its result. */
static bool
send_command(PgStream *stream, const char *command, State next)
{
	log_debug("sending", LOG_TEXT("command", command));
	if (!PQsendQuery(stream->conn, command))
		return false;
	stream->state = next;
	return true;
}

/* Writes a string literal of the replication grammar (repl_scanner.l). */
static void
write_literal(FILE *out, const char *text)
{
	fputc('\'', out);
	for (; *text != '\0'; text++)
	{
		if (*text == '\'')
			fputc('\'', out);
		fputc(*text, out);
	}
	fputc('\'', out);
}

/* Sends START_REPLICATION with the decoder's options of [outbox]. */
static bool
send_start(PgStream *stream)
{
	char *command = NULL;
	size_t size;
	FILE *out = open_memstream(&command, &size);
	const char *key;
	const char *value;
	size_t cursor = 0;
	bool sent;

	if (out == NULL)
		xalloc_failed();
	/* At 0/0: the slot alone knows where to begin. */
	fprintf(out,
			"START_REPLICATION SLOT \"%s\" LOGICAL 0/0 "
			"(\"proto_version\" '" PROTOCOL_VERSION "', \"coalesce\" '%d'",
			stream->slot, COALESCE_BYTES);
	while (config_next(stream->config, "outbox", &cursor, &key, &value))
	{
		fprintf(out, ", \"%s\" ", key);
		write_literal(out, value);
	}
	fputc(')', out);
	fclose(out);
	sent = send_command(stream, command, STATE_STARTING);
	free(command);
	return sent;
}

/* Goes on connecting. */
static PgStreamResult
advance_connecting(PgStream *stream, PgErrorClass *error_class, Error *err)
{
	struct pollfd fd = {.fd = PQsocket(stream->conn),
						.events = pgstream_events(stream)};

	/* PQconnectPoll() may only be called when the socket is ready. */
	if (poll(&fd, 1, 0) == 0)
		return PGSTREAM_WAIT;
	stream->polling = PQconnectPoll(stream->conn);
	switch (stream->polling)
	{
		case PGRES_POLLING_READING:
		case PGRES_POLLING_WRITING:
			return PGSTREAM_WAIT;
		case PGRES_POLLING_OK:
			if (PQsetnonblocking(stream->conn, 1) == 0 &&
				send_command(stream, "IDENTIFY_SYSTEM", STATE_IDENTIFYING))
				return PGSTREAM_WAIT;
			break;
		default:
			break;
	}
	return fail(stream, NULL, error_class, err);
}

/* Notes whose WAL it is, from the result of IDENTIFY_SYSTEM. */
static bool
read_history(PgStream *stream, const PGresult *result)
{
	PgHistory *history = &stream->history;
	const char *end;

	if (PQntuples(result) != 1 || PQnfields(result) < 3)
		return false;
	snprintf(history->system_identifier, sizeof(history->system_identifier),
			 "%s", PQgetvalue(result, 0, 0));
	snprintf(history->timeline, sizeof(history->timeline), "%s",
			 PQgetvalue(result, 0, 1));
	end = PQgetvalue(result, 0, 2);
	return lsn_parse(end, strlen(end), &history->end);
}

/* Sends the command that creates the slot. */
static PgStreamResult
create_slot(PgStream *stream, PgSlotKind kind, PgErrorClass *error_class,
			Error *err)
{
	char command[PGSLOT_COMMAND_LENGTH];

	pgslot_create_command(stream->slot, kind, command);
	if (send_command(stream, command, STATE_CREATING))
		return PGSTREAM_WAIT;
	return fail(stream, NULL, error_class, err);
}

/* Sends the query about the slot. */
static bool
send_look(PgStream *stream)
{
	char query[sizeof(LOOK_FORMAT) + 64];

	snprintf(query, sizeof(query), LOOK_FORMAT, stream->slot);
	return send_command(stream, query, STATE_LOOKING);
}

/*
 * The server gives a client up that it does not hear for wal_sender_timeout.
 * Statuses come three times as often; if they are not acknowledged the kernel
 * ends the connection, so that a network that is broken ends it on this side
 * first.
 */
static void
limit_silence(const PgStream *stream)
{
	int fd = PQsocket(stream->conn);
	unsigned limit = (unsigned) (stream->sender_timeout_ms / 3);
	unsigned set = 0;
	socklen_t len = sizeof(set);

	/* Of a Unix socket there is none, and no network either. */
	if (limit == 0 ||
		getsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &set, &len) < 0)
		return;
	if (set == 0 || set > limit)
		setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof(limit));
}

/* The slot is in use: keeps the connection, to look again. */
static PgStreamResult
stand_by(PgStream *stream)
{
	stream->state = STATE_STANDING_BY;
	return PGSTREAM_BUSY;
}

/* The query about the slot succeeded: stands by, or goes on. */
static PgStreamResult
looked(PgStream *stream, const PGresult *result, PgErrorClass *error_class,
	   Error *err)
{
	if (PQntuples(result) != 1 || PQnfields(result) != 2)
		return fail_protocol(stream, "no row about the slot", error_class, err);
	stream->sender_timeout_ms = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	limit_silence(stream);
	if (!PQgetisnull(result, 0, 1))
	{
		error_set(err, "replication slot \"%s\" is active for PID %s",
				  stream->slot, PQgetvalue(result, 0, 1));
		return stand_by(stream);
	}
	if (*stream->temporary != '\0')
		return create_slot(stream, PG_SLOT_TEMPORARY, error_class, err);
	if (!send_start(stream))
		return fail(stream, NULL, error_class, err);
	return PGSTREAM_WAIT;
}

/* A command succeeded: notes what it said and sends the next. */
static PgStreamResult
command_succeeded(PgStream *stream, const PGresult *result,
				  PgErrorClass *error_class, Error *err)
{
	if (stream->state == STATE_LOOKING)
		return looked(stream, result, error_class, err);
	if (stream->state == STATE_IDENTIFYING)
	{
		if (!read_history(stream, result))
			return fail_protocol(stream, "no history", error_class, err);
		if (!send_look(stream))
			return fail(stream, NULL, error_class, err);
		return PGSTREAM_WAIT;
	}
	if (stream->state == STATE_CREATING && *stream->temporary == '\0')
		log_warning("slot created; events committed before are not in it",
					LOG_TEXT("slot", stream->slot),
					LOG_TEXT("at", PQgetvalue(result, 0, 1)));
	if (!send_start(stream))
		return fail(stream, NULL, error_class, err);
	return PGSTREAM_WAIT;
}

/* A command failed: creates the slot if that is what was missing. */
static PgStreamResult
command_failed(PgStream *stream, const PGresult *result,
			   PgErrorClass *error_class, Error *err)
{
	*error_class = pgerror_classify(stream->conn, result, stream->slot, err);
	/* Another was faster. */
	if (*error_class == PG_ERROR_BUSY)
		return stand_by(stream);
	if (*error_class == PG_ERROR_MISSING && !stream->started_once &&
		config_bool(stream->config, CONFIG_RELAY_CREATE_SLOT))
		return create_slot(stream, PG_SLOT_PERMANENT, error_class, err);
	pgstream_close(stream);
	return PGSTREAM_FAILED;
}

/* The command that was sent has ended. */
static PgStreamResult
command_ended(PgStream *stream, PgErrorClass *error_class, Error *err)
{
	PGresult *result = stream->result;
	PgStreamResult next;

	stream->result = NULL;
	if (PQresultStatus(result) == PGRES_TUPLES_OK)
		next = command_succeeded(stream, result, error_class, err);
	else
		next = command_failed(stream, result, error_class, err);
	PQclear(result);
	return next;
}

/* Takes what has come of the result of the command that was sent. */
static PgStreamResult
advance_command(PgStream *stream, PgErrorClass *error_class, Error *err)
{
	if (!PQconsumeInput(stream->conn))
		return fail(stream, NULL, error_class, err);
	/* PQgetResult() waits for what PQisBusy() misses. */
	while (!PQisBusy(stream->conn))
	{
		PGresult *result = PQgetResult(stream->conn);

		if (result == NULL)
			return command_ended(stream, error_class, err);
		PQclear(stream->result);
		stream->result = result;
		if (PQresultStatus(result) != PGRES_COPY_BOTH)
			continue;
		stream->state = STATE_STREAMING;
		stream->started_once = true;
		return PGSTREAM_STARTED;
	}
	return PGSTREAM_WAIT;
}

/* Nothing is asked for, so what comes is the end of the connection. */
static PgStreamResult
advance_standing_by(PgStream *stream, PgErrorClass *error_class, Error *err)
{
	if (!PQconsumeInput(stream->conn))
		return fail(stream, NULL, error_class, err);
	return PGSTREAM_WAIT;
}

void
pgstream_look_again(PgStream *stream)
{
	/* If it cannot be sent, the next step finds out why. */
	if (!send_look(stream))
		stream->state = STATE_LOOKING;
}

/* Reads eight bytes in network order. */
static uint64_t
read_uint64(const char *data)
{
	uint64_t value;

	memcpy(&value, data, sizeof(value));
	return be64toh(value);
}

/* Writes eight bytes in network order. */
static void
write_uint64(char *data, uint64_t value)
{
	value = htobe64(value);
	memcpy(data, &value, sizeof(value));
}

/* Takes one CopyData message apart, which is freed unless it is data. */
static PgStreamResult
read_message(PgStream *stream, char *buffer, size_t len, PgMessage *message,
			 PgErrorClass *error_class, Error *err)
{
	if (len >= DATA_HEADER_LENGTH && buffer[0] == 'w')
	{
		message->buffer = buffer;
		message->data = buffer + DATA_HEADER_LENGTH;
		message->len = len - DATA_HEADER_LENGTH;
		return PGSTREAM_DATA;
	}
	if (len == KEEPALIVE_LENGTH && buffer[0] == 'k')
	{
		message->end = read_uint64(buffer + 1);
		message->reply_requested = buffer[KEEPALIVE_LENGTH - 1] != 0;
		PQfreemem(buffer);
		return PGSTREAM_KEEPALIVE;
	}
	PQfreemem(buffer);
	return fail_protocol(stream, "a message of an unknown kind", error_class,
						 err);
}

/* The stream is over: in order, or by an error. */
static PgStreamResult
advance_ending(PgStream *stream, PgErrorClass *error_class, Error *err)
{
	if (!PQconsumeInput(stream->conn))
		return fail(stream, NULL, error_class, err);
	while (!PQisBusy(stream->conn))
	{
		PGresult *result = PQgetResult(stream->conn);
		PgStreamResult next = PGSTREAM_ENDED;

		/* The server ended its half of the copy first: end ours. */
		if (PQresultStatus(result) == PGRES_COPY_IN)
		{
			PQclear(result);
			PQputCopyEnd(stream->conn, NULL);
			continue;
		}
		if (PQresultStatus(result) == PGRES_COMMAND_OK)
			pgstream_close(stream);
		else
			next = fail(stream, result, error_class, err);
		PQclear(result);
		return next;
	}
	return PGSTREAM_WAIT;
}

/* Reads the next message of the stream. */
static PgStreamResult
advance_stream(PgStream *stream, PgMessage *message, PgErrorClass *error_class,
			   Error *err)
{
	char *buffer;
	int len = PQgetCopyData(stream->conn, &buffer, 1);

	if (len == 0)
	{
		if (!PQconsumeInput(stream->conn))
			return fail(stream, NULL, error_class, err);
		len = PQgetCopyData(stream->conn, &buffer, 1);
	}
	if (len > 0)
		return read_message(stream, buffer, (size_t) len, message, error_class,
							err);
	if (len == 0)
		return PGSTREAM_WAIT;
	if (len == -1)
	{
		stream->state = STATE_ENDING;
		return advance_ending(stream, error_class, err);
	}
	return fail(stream, NULL, error_class, err);
}

PgStreamResult
pgstream_advance(PgStream *stream, PgMessage *message,
				 PgErrorClass *error_class, Error *err)
{
	switch (stream->state)
	{
		case STATE_CLOSED:
			return PGSTREAM_WAIT;
		case STATE_CONNECTING:
			return advance_connecting(stream, error_class, err);
		case STATE_IDENTIFYING:
		case STATE_LOOKING:
		case STATE_CREATING:
		case STATE_STARTING:
			return advance_command(stream, error_class, err);
		case STATE_STANDING_BY:
			return advance_standing_by(stream, error_class, err);
		case STATE_STREAMING:
		case STATE_FINISHING:
			return advance_stream(stream, message, error_class, err);
		case STATE_ENDING:
			return advance_ending(stream, error_class, err);
	}
	return PGSTREAM_WAIT;
}

void
pgstream_free_buffer(PgMessage *message)
{
	PQfreemem(message->buffer);
	memset(message, 0, sizeof(PgMessage));
}

/* The time as PostgreSQL counts it: µs since 2000-01-01. */
static uint64_t
postgres_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t) ((now.tv_sec - POSTGRES_EPOCH) * 1000000 +
					   now.tv_nsec / 1000);
}

bool
pgstream_send_status(PgStream *stream, Lsn written, Lsn flushed, bool ask,
					 Error *err)
{
	char status[STATUS_LENGTH] = {'r'};

	write_uint64(status + 1, written);
	write_uint64(status + 9, flushed);
	write_uint64(status + 17, flushed); /* applied */
	write_uint64(status + 25, postgres_now());
	status[33] = ask ? 1 : 0;
	if (PQputCopyData(stream->conn, status, sizeof(status)) == 1 &&
		PQflush(stream->conn) >= 0)
		return true;
	return error_set(err, "%s", PQerrorMessage(stream->conn));
}

bool
pgstream_finish(PgStream *stream, Error *err)
{
	if (PQputCopyEnd(stream->conn, NULL) != 1 || PQflush(stream->conn) < 0)
		return error_set(err, "%s", PQerrorMessage(stream->conn));
	stream->state = STATE_FINISHING;
	return true;
}
