/*-------------------------------------------------------------------------
 *
 * postgres/start.h
 *	  How a stream begins: from connecting to START_REPLICATION.
 *
 * The steps are: connect; IDENTIFY_SYSTEM; look at the slot, so that the usual
 * obstacles (it is missing, in use, not ours) are known without an ERROR in the
 * server's log; create it if it is missing and may be created; start.  Each
 * step ends in time, with a message.  Nothing here blocks but the look-up of a
 * host's name inside libpq.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_POSTGRES_START_H
#define PG_OUTBOX_POSTGRES_START_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/lsn.h"
#include "config/values.h"
#include "postgres/error.h"
#include "postgres/slot.h"

typedef struct PgStart PgStart;

typedef enum PgStartResult
{
	PGSTART_WAIT,    /* nothing to do now */
	PGSTART_BLOCKED, /* the server waits for somebody; err says for whom */
	PGSTART_BUSY,    /* another has the slot, or makes it; err says who */
	PGSTART_EXISTS,  /* only_create: the slot is there, and ours */
	PGSTART_CREATED, /* only_create: it was made */
	PGSTART_STARTED, /* the stream has begun; take the connection */
	PGSTART_FAILED   /* the connection is no more; see class and err */
} PgStartResult;

/* What is to be done. */
typedef struct PgStartPlan
{
	const char *slot;  /* must outlive it */
	bool may_create;   /* but not after the first stream */
	PgSlotKind kind;   /* of slot to create */
	bool only_create;  /* no stream */
	bool is_temporary; /* not worth a word in the log */
} PgStartPlan;

/* What the server's history is: positions of another one mean nothing. */
typedef struct PgHistory
{
	char system_identifier[32];
	char timeline[16];
	Lsn end; /* of its WAL, flushed, shortly before the slot was got */
} PgHistory;

/*
 * How many bytes of lines the decoder gathers into one message.  Always more
 * than none, since without there are no position lines.
 */
#define PGSTART_COALESCE_BYTES 65536

/* The configuration must outlive it. */
extern PgStart *pgstart_new(const Config *config, const PgStartPlan *plan);
extern void pgstart_free(PgStart *start);

/* Begins to connect; an earlier connection is closed first. */
extern void pgstart_connect(PgStart *start);

/* True between PGSTART_BUSY and pgstart_look_again(). */
extern bool pgstart_is_standing_by(const PgStart *start);

/*
 * Looks again whether the slot is free, on the connection that stands by; goes
 * on as after pgstart_connect().
 */
extern void pgstart_look_again(PgStart *start);

/*
 * Closes the connection.  A command that waits for others in the server is
 * cancelled, or its walsender would wait on and hold the slot.
 */
extern void pgstart_close(PgStart *start);

/*
 * What to poll: the connection, and the one over which is asked what it waits
 * for.  A descriptor is -1 where there is none.
 */
extern int pgstart_fd(const PgStart *start);
extern short pgstart_events(const PgStart *start);
extern int pgstart_side_fd(const PgStart *start);
extern short pgstart_side_events(const PgStart *start);

/* When to call pgstart_advance() at the latest, in ms of clock_ms(). */
extern int64_t pgstart_due(const PgStart *start);

/*
 * Does what can be done without waiting.  To be called after pgstart_connect(),
 * when a descriptor is ready, and when it is due, until it returns
 * PGSTART_WAIT.  With PGSTART_FAILED the connection is closed, and the next one
 * begins with another of several hosts if this one never answered.
 */
extern PgStartResult pgstart_advance(PgStart *start, PgErrorClass *error_class,
									 Error *err);

/*
 * The same, but waits until there is a result.  PGSTART_WAIT if before that a
 * time has come, in ms of clock_ms(), or a descriptor is readable (-1: none).
 */
extern PgStartResult pgstart_await(PgStart *start, int interrupt, int64_t until,
								   PgErrorClass *error_class, Error *err);

/* Ends a command that waits in the server; may wait for its answer itself. */
extern void pgstart_cancel(const PgStart *start);

/* Gives the connection away, after PGSTART_STARTED. */
extern PGconn *pgstart_take(PgStart *start);

/* Whose stream it is; valid from PGSTART_STARTED on. */
extern const PgHistory *pgstart_history(const PgStart *start);

/*
 * The history file of its timeline (postgres/timeline.h), with delivery exactly
 * once; empty on timeline 1.  Valid as long as the history is.
 */
extern const char *pgstart_timeline_history(const PgStart *start);

/*
 * How long the server waits for a status before it ends the stream, in ms
 * (wal_sender_timeout, when the connection was made); 0 = for ever.
 */
extern int64_t pgstart_sender_timeout(const PgStart *start);

/*
 * For how long nobody had the slot before this stream, in ms: INT64_MAX if this
 * stream created it; 0 if it is not known, as in versions before 17.
 */
extern int64_t pgstart_slot_free(const PgStart *start);

/* What the slot had confirmed before this stream; 0 = not known. */
extern Lsn pgstart_slot_lsn(const PgStart *start);

/* Where the slot begins that was created, or exists, as text. */
extern const char *pgstart_slot_position(const PgStart *start);

#endif /* PG_OUTBOX_POSTGRES_START_H */
