/*-------------------------------------------------------------------------
 *
 * postgres/stream.h
 *	  The replication connection: from connecting to the end of the stream.
 *
 * Nothing here blocks but the look-up of a host's name inside libpq.  The
 * caller polls pgstream_fd() for pgstream_events() and calls what it is told.
 * The protocol is that of "Streaming Replication Protocol" in PostgreSQL's
 * documentation; pg_recvlogical.c is its reference client.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_POSTGRES_STREAM_H
#define PG_OUTBOX_POSTGRES_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/lsn.h"
#include "config/values.h"
#include "postgres/error.h"

typedef struct PgStream PgStream;

typedef enum PgStreamResult
{
	PGSTREAM_WAIT,      /* nothing to do before the socket is ready */
	PGSTREAM_BUSY,      /* another has the slot; err says who */
	PGSTREAM_STARTED,   /* the stream has begun */
	PGSTREAM_DATA,      /* lines have come */
	PGSTREAM_KEEPALIVE, /* the server is alive */
	PGSTREAM_ENDED,     /* the server ended the stream in order */
	PGSTREAM_FAILED     /* the connection is no more; see class and err */
} PgStreamResult;

/* What the server's history is: positions of another one mean nothing. */
typedef struct PgHistory
{
	char system_identifier[32];
	char timeline[16];
	Lsn end; /* of its WAL, flushed, when the connection was made */
} PgHistory;

/* One message of the stream. */
typedef struct PgMessage
{
	/* PGSTREAM_DATA; to be freed with pgstream_free_buffer() */
	char *buffer;
	const char *data;
	size_t len;
	/* PGSTREAM_KEEPALIVE */
	Lsn end; /* how far the server is; confirms nothing */
	bool reply_requested;
} PgMessage;

/*
 * The configuration must outlive the stream.  A temporary one reads a slot of
 * its own, which goes with the connection, from now on.
 */
extern PgStream *pgstream_new(const Config *config);
extern PgStream *pgstream_new_temporary(const Config *config);
extern void pgstream_free(PgStream *stream);

/* Begins to connect; an old connection is closed first. */
extern void pgstream_connect(PgStream *stream);
extern void pgstream_close(PgStream *stream);

/*
 * The next connection begins with the next of several hosts: libpq passes by
 * itself over one that refuses, but not over one that never answers.
 */
extern void pgstream_pass_host(PgStream *stream);

/* What to poll; the descriptor is -1 while there is no connection. */
extern int pgstream_fd(const PgStream *stream);
extern short pgstream_events(const PgStream *stream);

/* True until the server has answered, and said whether the slot is free. */
extern bool pgstream_is_connecting(const PgStream *stream);

/* True between PGSTREAM_BUSY and pgstream_look_again(). */
extern bool pgstream_is_standing_by(const PgStream *stream);

/*
 * Looks again whether the slot is free, on the connection that stands by;
 * goes on as after pgstream_connect().
 */
extern void pgstream_look_again(PgStream *stream);

/* True between PGSTREAM_STARTED and the end of the stream. */
extern bool pgstream_is_streaming(const PgStream *stream);

/* Whose stream it is; valid from PGSTREAM_STARTED on. */
extern const PgHistory *pgstream_history(const PgStream *stream);

/*
 * How long the server waits for a status before it ends the stream, in ms
 * (wal_sender_timeout, when the connection was made); 0 = for ever.
 */
extern int64_t pgstream_sender_timeout(const PgStream *stream);

/*
 * Tells, without reading, whether the stream may be over: the server has hung
 * up, or what it sent stands in the way of seeing that.
 */
extern bool pgstream_may_be_over(const PgStream *stream);

/*
 * Does what can be done without waiting: connects, identifies the server, looks
 * whether the slot is free, starts the stream (and creates the slot where
 * [relay] create_slot says so, but only before the first stream of this
 * process: a slot that vanished later means lost events), then reads one
 * message.  To be called until it returns PGSTREAM_WAIT.  With PGSTREAM_FAILED
 * the connection is closed.
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
