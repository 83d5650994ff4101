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
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "postgres/connection.h"
#include "postgres/failure.h"
#include "postgres/stream.h"

struct PgStream
{
	PgStart *start; /* has the connection before the stream has begun */
	const char *slot;
	char temporary[32]; /* the name of a slot of our own */
	PGconn *conn;       /* of the stream; NULL: there is none */
	bool finishing;     /* CopyDone is sent */
	bool ending;        /* and has come: the last result is awaited */
};

/* Seconds from 1970-01-01 to 2000-01-01, where PostgreSQL's clock starts. */
#define POSTGRES_EPOCH INT64_C(946684800)

/* Lengths of the messages inside CopyData, in bytes, with their first one. */
#define DATA_HEADER_LENGTH (1 + 8 + 8 + 8)
#define KEEPALIVE_LENGTH (1 + 8 + 8 + 1)
#define STATUS_LENGTH (1 + 8 + 8 + 8 + 8 + 1)

/* Makes a stream. */
static PgStream *
new_stream(const Config *config)
{
	PgStream *stream = xcalloc(1, sizeof(PgStream));

	stream->slot = config_text(config, CONFIG_RELAY_SLOT);
	return stream;
}

PgStream *
pgstream_new(const Config *config, bool may_create)
{
	PgStream *stream = new_stream(config);

	stream->start =
		pgstart_new(config, &(PgStartPlan){.slot = stream->slot,
										   .may_create = may_create});
	return stream;
}

PgStream *
pgstream_new_temporary(const Config *config)
{
	PgStream *stream = new_stream(config);

	snprintf(stream->temporary, sizeof(stream->temporary), "pg_outbox_tail_%d",
			 (int) getpid());
	stream->slot = stream->temporary;
	stream->start = pgstart_new(config, &(PgStartPlan){
											.slot = stream->slot,
											.may_create = true,
											.kind = PG_SLOT_TEMPORARY,
											.is_temporary = true,
										});
	return stream;
}

void
pgstream_free(PgStream *stream)
{
	pgstream_close(stream);
	pgstart_free(stream->start);
	free(stream);
}

void
pgstream_close(PgStream *stream)
{
	pgstart_close(stream->start);
	pgconn_set_stream(NULL);
	PQfinish(stream->conn);
	stream->conn = NULL;
	stream->finishing = false;
	stream->ending = false;
}

void
pgstream_connect(PgStream *stream)
{
	pgstream_close(stream);
	pgstart_connect(stream->start);
}

int
pgstream_fd(const PgStream *stream)
{
	return stream->conn ? PQsocket(stream->conn) : pgstart_fd(stream->start);
}

short
pgstream_events(const PgStream *stream)
{
	if (stream->conn == NULL)
		return pgstart_events(stream->start);
	return POLLIN | (PQflush(stream->conn) == 1 ? POLLOUT : 0);
}

int
pgstream_side_fd(const PgStream *stream)
{
	return pgstart_side_fd(stream->start);
}

short
pgstream_side_events(const PgStream *stream)
{
	return pgstart_side_events(stream->start);
}

bool
pgstream_is_standing_by(const PgStream *stream)
{
	return stream->conn == NULL && pgstart_is_standing_by(stream->start);
}

void
pgstream_look_again(PgStream *stream)
{
	pgstart_look_again(stream->start);
}

const char *
pgstream_timeline_history(const PgStream *stream)
{
	return pgstart_timeline_history(stream->start);
}

int64_t
pgstream_sender_timeout(const PgStream *stream)
{
	return pgstart_sender_timeout(stream->start);
}

int64_t
pgstream_slot_free(const PgStream *stream)
{
	return pgstart_slot_free(stream->start);
}

Lsn
pgstream_slot_lsn(const PgStream *stream)
{
	return pgstart_slot_lsn(stream->start);
}

int64_t
pgstream_unacknowledged(const PgStream *stream)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	if (getsockopt(pgstream_fd(stream), IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return 0;
	/* Without a route nothing leaves; without a window nothing may. */
	if (info.tcpi_unacked == 0 &&
		(info.tcpi_notsent_bytes == 0 || info.tcpi_snd_wnd == 0))
		return 0;
	return info.tcpi_last_ack_recv;
}

int64_t
pgstream_due(const PgStream *stream)
{
	return pgstart_due(stream->start);
}

bool
pgstream_is_streaming(const PgStream *stream)
{
	return stream->conn != NULL && !stream->finishing && !stream->ending;
}

const PgHistory *
pgstream_history(const PgStream *stream)
{
	return pgstart_history(stream->start);
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
	*error_class =
		pgfailure_judge(stream->conn, result, stream->slot, NULL, err);
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

/* Goes on to begin the stream. */
static PgStreamResult
advance_start(PgStream *stream, PgErrorClass *error_class, Error *err)
{
	switch (pgstart_advance(stream->start, error_class, err))
	{
		case PGSTART_BLOCKED:
			return PGSTREAM_BLOCKED;
		case PGSTART_BUSY:
			return PGSTREAM_BUSY;
		case PGSTART_STARTED:
			stream->conn = pgstart_take(stream->start);
			pgconn_set_stream(stream->conn);
			return PGSTREAM_STARTED;
		case PGSTART_FAILED:
			return PGSTREAM_FAILED;
		case PGSTART_WAIT:
		case PGSTART_EXISTS:
		case PGSTART_CREATED:
			break;
	}
	return PGSTREAM_WAIT;
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
		message->is_full = message->len >= PGSTART_COALESCE_BYTES;
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
		stream->ending = true;
		return advance_ending(stream, error_class, err);
	}
	return fail(stream, NULL, error_class, err);
}

PgStreamResult
pgstream_advance(PgStream *stream, PgMessage *message,
				 PgErrorClass *error_class, Error *err)
{
	if (stream->conn == NULL)
		return advance_start(stream, error_class, err);
	if (stream->ending)
		return advance_ending(stream, error_class, err);
	return advance_stream(stream, message, error_class, err);
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
	stream->finishing = true;
	return true;
}
