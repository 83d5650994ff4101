/*-------------------------------------------------------------------------
 *
 * postgres/stream.h
 *	  The replication connection: from connecting to the end of the stream.
 *
 * Nothing here blocks but the look-up of a host's name inside libpq.  The
 * caller polls pgstream_fd() for pgstream_events(), and the side connection
 * likewise, and calls pgstream_advance() then and when pgstream_due() has come.
 * The protocol is that of "Streaming Replication Protocol" in PostgreSQL's
 * documentation; pg_recvlogical.c is its reference client.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_POSTGRES_STREAM_H
#define PG_OUTBOX_POSTGRES_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/lsn.h"
#include "config/values.h"
#include "postgres/error.h"
#include "postgres/start.h"

typedef struct PgStream PgStream;

typedef enum PgStreamResult
{
	PGSTREAM_WAIT,      /* nothing to do before the socket is ready */
	PGSTREAM_BLOCKED,   /* the server waits for somebody; err says for whom */
	PGSTREAM_BUSY,      /* another has the slot; err says who */
	PGSTREAM_STARTED,   /* the stream has begun */
	PGSTREAM_DATA,      /* lines have come */
	PGSTREAM_KEEPALIVE, /* the server is alive */
	PGSTREAM_ENDED,     /* the server ended the stream in order */
	PGSTREAM_FAILED     /* the connection is no more; see class and err */
} PgStreamResult;

/* One message of the stream. */
typedef struct PgMessage
{
	/* PGSTREAM_DATA; to be freed with pgstream_free_buffer() */
	char *buffer;
	const char *data;
	size_t len;
	bool is_full; /* the decoder has more: it has not come to the end of WAL */
	/* PGSTREAM_KEEPALIVE */
	Lsn end; /* how far the server is; confirms nothing */
	bool reply_requested;
} PgMessage;

/*
 * The configuration must outlive the stream.  A temporary one reads a slot of
 * its own, which goes with the connection, from now on.  With may_create the
 * slot is created if it does not exist, but only before the first stream: one
 * that vanished later means lost events.
 */
extern PgStream *pgstream_new(const Config *config, bool may_create);
extern PgStream *pgstream_new_temporary(const Config *config);
extern void pgstream_free(PgStream *stream);

/* Begins to connect; an old connection is closed first. */
extern void pgstream_connect(PgStream *stream);
extern void pgstream_close(PgStream *stream);

/*
 * After PGSTREAM_BUSY the connection stands by until it is told to look again
 * whether the slot is free, and goes on as after pgstream_connect().
 */
extern bool pgstream_is_standing_by(const PgStream *stream);
extern void pgstream_look_again(PgStream *stream);

/* What to poll; a descriptor is -1 where there is no connection. */
extern int pgstream_fd(const PgStream *stream);
extern short pgstream_events(const PgStream *stream);
extern int pgstream_side_fd(const PgStream *stream);
extern short pgstream_side_events(const PgStream *stream);

/*
 * When to call pgstream_advance() at the latest, in ms of clock_ms(): before
 * the stream has begun each step has its time (start.h); INT64_MAX behind that.
 */
extern int64_t pgstream_due(const PgStream *stream);

/* True between PGSTREAM_STARTED and the end of the stream. */
extern bool pgstream_is_streaming(const PgStream *stream);

/* Whose stream it is; valid from PGSTREAM_STARTED on. */
extern const PgHistory *pgstream_history(const PgStream *stream);

/* See pgstart_timeline_history(). */
extern const char *pgstream_timeline_history(const PgStream *stream);

/* The server's wal_sender_timeout, in ms; see pgstart_sender_timeout(). */
extern int64_t pgstream_sender_timeout(const PgStream *stream);

/* The slot before this stream; see pgstart_slot_free(), pgstart_slot_lsn(). */
extern int64_t pgstream_slot_free(const PgStream *stream);
extern Lsn pgstream_slot_lsn(const PgStream *stream);

/*
 * For how long the network has acknowledged nothing, in ms, though something is
 * to be acknowledged; 0 if nothing is, and on a Unix socket.
 */
extern int64_t pgstream_unacknowledged(const PgStream *stream);

/*
 * Tells, without reading, whether the stream may be over: the server has hung
 * up, or what it sent stands in the way of seeing that.
 */
extern bool pgstream_may_be_over(const PgStream *stream);

/*
 * Does what can be done without waiting: begins the stream (start.h), then
 * reads one message.  To be called until it returns PGSTREAM_WAIT.  With
 * PGSTREAM_FAILED the connection is closed.
 */
extern PgStreamResult pgstream_advance(PgStream *stream, PgMessage *message,
									   PgErrorClass *error_class, Error *err);
extern void pgstream_free_buffer(PgMessage *message);

/*
 * Tells the server how far the stream was read (written) and what it may
 * forget (flushed; 0 = nothing new), and may ask for a keepalive.  False if the
 * connection is gone.
 */
extern bool pgstream_send_status(PgStream *stream, Lsn written, Lsn flushed,
								 bool ask, Error *err);

/*
 * Asks for the stream's end; what still comes is to be read, and dropped,
 * until pgstream_advance() returns PGSTREAM_ENDED.
 */
extern bool pgstream_finish(PgStream *stream, Error *err);

#endif /* PG_OUTBOX_POSTGRES_STREAM_H */
