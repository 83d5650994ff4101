/*-------------------------------------------------------------------------
 *
 * postgres/waiting.h
 *	  What a command that takes long is waiting for.
 *
 * A walsender that creates a slot waits until the transactions that are open
 * have ended, and one that starts a stream may wait for a lock.  It says
 * nothing meanwhile, as a server that is gone does.  So somebody else is asked:
 * the server, over another connection, which is made only then.  Nothing here
 * blocks; the caller polls the descriptor, and calls again when it is due.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_POSTGRES_WAITING_H
#define PG_OUTBOX_POSTGRES_WAITING_H

#include <libpq-fe.h>
#include <stdint.h>

#include "base/error.h"
#include "config/values.h"

typedef struct PgWaiting PgWaiting;

typedef enum PgWaitingResult
{
	PGWAITING_QUIET, /* nothing new */
	PGWAITING_KNOWN, /* it is at work; err says what it waits for */
	PGWAITING_GONE   /* it has ended, or the server is silent */
} PgWaitingResult;

/* The configuration must outlive it. */
extern PgWaiting *pgwaiting_new(const Config *config);
extern void pgwaiting_free(PgWaiting *waiting);

/*
 * A command was sent over a connection, which must stay until the command is
 * answered, or given up.
 */
extern void pgwaiting_begin(PgWaiting *waiting, const PGconn *conn);
extern void pgwaiting_end(PgWaiting *waiting);

/* What to poll; the descriptor is -1 while nobody is asked. */
extern int pgwaiting_fd(const PgWaiting *waiting);
extern short pgwaiting_events(const PgWaiting *waiting);

/* When to call pgwaiting_serve() again, in ms of clock_ms(). */
extern int64_t pgwaiting_due(const PgWaiting *waiting);

/*
 * Asks after a second, and again each half of [relay] connect_timeout.  Without
 * an answer for the whole of it the backend counts as gone.
 */
extern PgWaitingResult pgwaiting_serve(PgWaiting *waiting, Error *err);

#endif /* PG_OUTBOX_POSTGRES_WAITING_H */
