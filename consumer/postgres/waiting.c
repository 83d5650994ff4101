/*-------------------------------------------------------------------------
 *
 * postgres/waiting.c
 *	  What a command that takes long is waiting for.
 *
 *-------------------------------------------------------------------------
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "postgres/connection.h"
#include "postgres/failure.h"
#include "postgres/task.h"
#include "postgres/waiting.h"

/* A command that takes longer than this, in ms, is asked after. */
#define FIRST_LOOK_MS 1000

struct PgWaiting
{
	const Config *config;
	int64_t timeout_ms;
	const PGconn *command; /* whose answer is awaited; NULL: none */
	int64_t alive_ms;      /* when the backend was last known to be at work */
	int64_t look_ms;       /* when to ask next */
	PgTask *task;          /* over which is asked */
	bool sent;             /* the query is */
};

/*
 * Who blocks a backend, and since when that transaction is open, which only
 * its own role and members of pg_read_all_stats may see.  Locks of a prepared
 * transaction are nobody's: their process id is 0 (pg_blocking_pids).
 */
static const char query_format[] =
	"SELECT a.wait_event, b.pid, b.usename, b.application_name, "
	"pg_catalog.to_char(pg_catalog.timezone('UTC', b.xact_start), "
	"'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), p.gid, pg_catalog.pg_is_in_recovery() "
	"FROM pg_catalog.pg_stat_activity a "
	"LEFT JOIN LATERAL (SELECT blocker AS pid, s.usename, s.application_name, "
	"s.xact_start FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids(a.pid)) "
	"blocker LEFT JOIN pg_catalog.pg_stat_activity s ON s.pid = blocker "
	"ORDER BY s.xact_start LIMIT 1) b ON true "
	"LEFT JOIN LATERAL (SELECT x.gid FROM pg_catalog.pg_prepared_xacts x "
	"ORDER BY EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.pid = a.pid "
	"AND NOT l.granted AND l.transactionid = x.transaction) DESC, x.prepared "
	"LIMIT 1) p ON b.pid = 0 "
	"WHERE a.pid = %d";

/* The columns of the query, in its order. */
enum
{
	COLUMN_EVENT,
	COLUMN_PID,
	COLUMN_ROLE,
	COLUMN_APPLICATION,
	COLUMN_SINCE,
	COLUMN_PREPARED,
	COLUMN_STANDBY
};

PgWaiting *
pgwaiting_new(const Config *config)
{
	PgWaiting *waiting = xcalloc(1, sizeof(PgWaiting));

	waiting->config = config;
	waiting->timeout_ms = pgconn_timeout(config);
	waiting->task = pgtask_new();
	return waiting;
}

void
pgwaiting_free(PgWaiting *waiting)
{
	if (waiting == NULL)
		return;
	pgtask_free(waiting->task);
	free(waiting);
}

void
pgwaiting_begin(PgWaiting *waiting, const PGconn *conn)
{
	int64_t half = waiting->timeout_ms / 2;

	pgtask_end(waiting->task);
	waiting->command = conn;
	waiting->alive_ms = clock_ms();
	waiting->look_ms =
		waiting->alive_ms + (half < FIRST_LOOK_MS ? half : FIRST_LOOK_MS);
}

void
pgwaiting_end(PgWaiting *waiting)
{
	pgtask_end(waiting->task);
	waiting->command = NULL;
}

int
pgwaiting_fd(const PgWaiting *waiting)
{
	return pgtask_fd(waiting->task);
}

short
pgwaiting_events(const PgWaiting *waiting)
{
	return pgtask_events(waiting->task);
}

int64_t
pgwaiting_due(const PgWaiting *waiting)
{
	int64_t end = waiting->alive_ms + waiting->timeout_ms;

	if (waiting->command == NULL)
		return INT64_MAX;
	return !pgtask_is_running(waiting->task) && waiting->look_ms < end
			   ? waiting->look_ms
			   : end;
}

/* The backend is at work: asks again later. */
static PgWaitingResult
answered(PgWaiting *waiting)
{
	pgtask_end(waiting->task);
	waiting->alive_ms = clock_ms();
	waiting->look_ms = waiting->alive_ms + waiting->timeout_ms / 2;
	return PGWAITING_KNOWN;
}

/* It could not be asked: a server that says why is there, at least. */
static PgWaitingResult
failed(PgWaiting *waiting, const Error *reason, Error *err)
{
	if (pgfailure_is_answer(pgtask_connection(waiting->task),
							pgtask_result(waiting->task)))
	{
		error_set(err, "what for cannot be told: %s", reason->text);
		return answered(waiting);
	}
	pgtask_end(waiting->task);
	waiting->look_ms = clock_ms() + FIRST_LOOK_MS;
	return PGWAITING_QUIET;
}

/* Connected: sends the query, within the same time. */
static void
send_query(PgWaiting *waiting)
{
	char query[sizeof(query_format) + 16];

	snprintf(query, sizeof(query), query_format,
			 PQbackendPID(waiting->command));
	/* What fails here comes up again in the next step. */
	PQsendQuery(pgtask_connection(waiting->task), query);
	pgtask_set_timeout(waiting->task, waiting->timeout_ms);
	waiting->sent = true;
}

/* Writes who blocks, from the answer. */
static void
describe(const PGresult *result, Error *err)
{
	const char *since = PQgetvalue(result, 0, COLUMN_SINCE);
	const char *role = PQgetvalue(result, 0, COLUMN_ROLE);
	const char *application = PQgetvalue(result, 0, COLUMN_APPLICATION);

	if (*PQgetvalue(result, 0, COLUMN_PREPARED) != '\0')
		error_set(err,
				  "it waits for the prepared transaction '%s' to end: COMMIT "
				  "PREPARED or ROLLBACK PREPARED it",
				  PQgetvalue(result, 0, COLUMN_PREPARED));
	else if (!PQgetisnull(result, 0, COLUMN_PID))
		error_set(err,
				  "it waits for the transaction of PID %s to end%s%s%s%s%s%s%s",
				  PQgetvalue(result, 0, COLUMN_PID),
				  *since != '\0' ? ", open since " : "", since,
				  *role != '\0' ? " (role " : "", role,
				  *application != '\0' ? ", application " : "", application,
				  *role != '\0' ? ")" : "");
	else if (PQgetvalue(result, 0, COLUMN_STANDBY)[0] == 't')
		error_set(err,
				  "it waits for the primary to write its running "
				  "transactions; there: SELECT pg_log_standby_snapshot();");
	else
		error_set(err, "the server is at work on it (wait event %s)",
				  PQgetisnull(result, 0, COLUMN_EVENT)
					  ? "none"
					  : PQgetvalue(result, 0, COLUMN_EVENT));
}

/* Goes on asking. */
static PgWaitingResult
ask(PgWaiting *waiting, Error *err)
{
	const PGresult *result;
	Error reason;

	switch (pgtask_serve(waiting->task, "", &reason))
	{
		case PGTASK_WAIT:
			return PGWAITING_QUIET;
		case PGTASK_FAILED:
			return failed(waiting, &reason, err);
		case PGTASK_READY:
			break;
	}
	if (!waiting->sent)
	{
		send_query(waiting);
		return PGWAITING_QUIET;
	}
	result = pgtask_result(waiting->task);
	if (PQntuples(result) == 0)
		return PGWAITING_GONE;
	describe(result, err);
	return answered(waiting);
}

PgWaitingResult
pgwaiting_serve(PgWaiting *waiting, Error *err)
{
	PgWaitingResult next = PGWAITING_QUIET;
	int64_t now = clock_ms();

	if (waiting->command == NULL)
		return PGWAITING_QUIET;
	if (!pgtask_is_running(waiting->task) && now >= waiting->look_ms)
	{
		pgtask_start(waiting->task,
					 pgconn_start_beside(waiting->config, waiting->command),
					 waiting->timeout_ms);
		waiting->sent = false;
	}
	if (pgtask_is_running(waiting->task))
		next = ask(waiting, err);
	if (next == PGWAITING_QUIET &&
		now >= waiting->alive_ms + waiting->timeout_ms)
		next = PGWAITING_GONE;
	if (next == PGWAITING_GONE)
		pgwaiting_end(waiting);
	return next;
}
