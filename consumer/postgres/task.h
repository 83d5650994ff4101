/*-------------------------------------------------------------------------
 *
 * postgres/task.h
 *	  Statements over a connection of their own, never waited for.
 *
 * The caller starts a connection, and sends a statement each time that
 * pgtask_serve() says PGTASK_READY, until it ends the connection.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_POSTGRES_TASK_H
#define PG_OUTBOX_POSTGRES_TASK_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

typedef struct PgTask PgTask;

typedef enum PgTaskResult
{
	PGTASK_WAIT,  /* nothing to do before the socket is ready */
	PGTASK_READY, /* connected, or the result of a statement is complete */
	PGTASK_FAILED /* the reason is in err */
} PgTaskResult;

extern PgTask *pgtask_new(void);

/* Gives up a statement under way; the server may still finish it. */
extern void pgtask_free(PgTask *task);

/*
 * Takes over a connection that was begun (pgconn_start_ordinary), to be made
 * within some ms.
 */
extern void pgtask_start(PgTask *task, PGconn *conn, int64_t timeout_ms);

/* Ends the connection, if there is one. */
extern void pgtask_end(PgTask *task);

/* True from pgtask_start() to pgtask_end(). */
extern bool pgtask_is_running(const PgTask *task);

/*
 * The connection, to send a statement on (PQsendQuery and its kind), and the
 * result of the last one; NULL if there was none.  Both belong to the task.
 */
extern PGconn *pgtask_connection(PgTask *task);
extern const PGresult *pgtask_result(const PgTask *task);

/* The result of the statement that is sent now is to come within some ms. */
extern void pgtask_set_timeout(PgTask *task, int64_t timeout_ms);

/* What to poll; the descriptor is -1 while nothing runs. */
extern int pgtask_fd(const PgTask *task);
extern short pgtask_events(const PgTask *task);

/* When the time is out, in ms of clock_ms(); INT64_MAX = never. */
extern int64_t pgtask_due(const PgTask *task);

/*
 * Does what can be done without waiting.  After PGTASK_FAILED
 * pgtask_end() is to follow.  Slot is for the words of err.
 */
extern PgTaskResult pgtask_serve(PgTask *task, const char *slot, Error *err);

#endif /* PG_OUTBOX_POSTGRES_TASK_H */
