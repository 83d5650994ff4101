/*-------------------------------------------------------------------------
 *
 * postgres/task.c
 *	  Statements over a connection of their own, never waited for.
 *
 *-------------------------------------------------------------------------
 */
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "postgres/failure.h"
#include "postgres/task.h"

struct PgTask
{
	PGconn *conn; /* NULL while nothing runs */
	PostgresPollingStatusType polling;
	bool is_connected;
	bool is_complete; /* the caller has seen the result */
	int64_t until_ms;
	PGresult *result; /* of the present statement, as far as it is there */
};

PgTask *
pgtask_new(void)
{
	return xcalloc(1, sizeof(PgTask));
}

void
pgtask_free(PgTask *task)
{
	if (task == NULL)
		return;
	pgtask_end(task);
	free(task);
}

void
pgtask_start(PgTask *task, PGconn *conn, int64_t timeout_ms)
{
	pgtask_end(task);
	*task = (PgTask){.conn = conn,
					 .polling = PGRES_POLLING_WRITING,
					 .until_ms = clock_ms() + timeout_ms};
}

/* Forgets the result of a statement. */
static void
clear_result(PgTask *task)
{
	PQclear(task->result);
	task->result = NULL;
	task->is_complete = false;
}

void
pgtask_end(PgTask *task)
{
	clear_result(task);
	PQfinish(task->conn);
	task->conn = NULL;
}

bool
pgtask_is_running(const PgTask *task)
{
	return task->conn != NULL;
}

PGconn *
pgtask_connection(PgTask *task)
{
	return task->conn;
}

const PGresult *
pgtask_result(const PgTask *task)
{
	return task->result;
}

void
pgtask_set_timeout(PgTask *task, int64_t timeout_ms)
{
	task->until_ms = clock_ms() + timeout_ms;
}

int
pgtask_fd(const PgTask *task)
{
	return task->conn == NULL ? -1 : PQsocket(task->conn);
}

short
pgtask_events(const PgTask *task)
{
	if (!task->is_connected && task->polling != PGRES_POLLING_READING)
		return POLLOUT;
	return POLLIN;
}

int64_t
pgtask_due(const PgTask *task)
{
	return task->conn == NULL ? INT64_MAX : task->until_ms;
}

/* Tells whether the socket is ready: PQconnectPoll() may only then be called.
 */
static bool
is_ready(const PgTask *task)
{
	struct pollfd fd = {.fd = pgtask_fd(task), .events = pgtask_events(task)};

	return poll(&fd, 1, 0) != 0;
}

/* Goes on connecting; libpq may fail before it has a socket. */
static PgTaskResult
go_on_connecting(PgTask *task)
{
	if (PQstatus(task->conn) == CONNECTION_BAD)
		return PGTASK_FAILED;
	if (!is_ready(task))
		return PGTASK_WAIT;
	task->polling = PQconnectPoll(task->conn);
	if (task->polling == PGRES_POLLING_FAILED)
		return PGTASK_FAILED;
	if (task->polling != PGRES_POLLING_OK)
		return PGTASK_WAIT;
	task->is_connected = true;
	task->until_ms = INT64_MAX;
	return PQsetnonblocking(task->conn, 1) == 0 ? PGTASK_READY : PGTASK_FAILED;
}

/* Takes the result of a statement, as far as it is there. */
static PgTaskResult
take_result(PgTask *task)
{
	if (task->is_complete)
		clear_result(task);
	if (PQflush(task->conn) < 0 || PQconsumeInput(task->conn) == 0)
		return PGTASK_FAILED;
	while (!task->is_complete)
	{
		PGresult *next;

		if (PQisBusy(task->conn))
			return PGTASK_WAIT;
		next = PQgetResult(task->conn);
		if (next == NULL && task->result == NULL)
			return PGTASK_WAIT; /* nothing was sent */
		task->is_complete = next == NULL;
		if (next != NULL)
		{
			PQclear(task->result);
			task->result = next;
		}
	}
	task->until_ms = INT64_MAX;
	if (PQresultStatus(task->result) == PGRES_TUPLES_OK ||
		PQresultStatus(task->result) == PGRES_COMMAND_OK)
		return PGTASK_READY;
	return PGTASK_FAILED;
}

PgTaskResult
pgtask_serve(PgTask *task, const char *slot, Error *err)
{
	PgTaskResult outcome;

	outcome = task->is_connected ? take_result(task) : go_on_connecting(task);
	if (outcome == PGTASK_FAILED)
		pgfailure_judge(task->conn, task->result, slot, NULL, err);
	else if (outcome == PGTASK_WAIT && clock_ms() >= task->until_ms)
	{
		error_set(err, "PostgreSQL did not answer");
		return PGTASK_FAILED;
	}
	return outcome;
}
