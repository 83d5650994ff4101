/*-------------------------------------------------------------------------
 *
 * relay/maintenance.c
 *	  Calls the extension's outbox.maintain() on a schedule.
 *
 *-------------------------------------------------------------------------
 */
#include <libpq-fe.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "postgres/connection.h"
#include "postgres/failure.h"
#include "relay/maintenance.h"
#include "relay/maintenance_role.h"

/* The casts tell the server the types of the parameters. */
static const char query[] =
	"CALL outbox.maintain($1::text, $2::interval, $3::integer, $4::integer)";
static const char query_with_column[] =
	"CALL outbox.maintain($1::text, $2::interval, $3::integer, $4::integer,"
	" time_column => $5::text)";

/* SQLSTATE: there is no such schema. */
#define NO_SCHEMA "3F000"

/* What a connection is at. */
typedef enum Step
{
	STEP_CONNECTING,
	STEP_ASKING, /* whether the role may */
	STEP_CALLING
} Step;

struct Maintenance
{
	const Config *config;
	int64_t interval_ms; /* 0 = never */
	int64_t next_ms;     /* when the next call begins */
	PGconn *conn;        /* NULL between calls */
	Step step;
	PostgresPollingStatusType polling;
	int64_t connect_until_ms;
	PGresult *result; /* of the present statement, as far as it is there */
};

Maintenance *
maintenance_new(const Config *config)
{
	Maintenance *maintenance = xcalloc(1, sizeof(Maintenance));

	maintenance->config = config;
	if (config_text(config, CONFIG_MAINTENANCE_INTERVAL) != NULL)
		maintenance->interval_ms =
			config_number(config, CONFIG_MAINTENANCE_INTERVAL);
	maintenance->next_ms = clock_ms();
	return maintenance;
}

/* Ends the present call. */
static void
hang_up(Maintenance *maintenance)
{
	PQclear(maintenance->result);
	maintenance->result = NULL;
	PQfinish(maintenance->conn);
	maintenance->conn = NULL;
}

void
maintenance_free(Maintenance *maintenance)
{
	if (maintenance == NULL)
		return;
	hang_up(maintenance);
	free(maintenance);
}

int
maintenance_fd(const Maintenance *maintenance)
{
	return maintenance->conn == NULL ? -1 : PQsocket(maintenance->conn);
}

short
maintenance_events(const Maintenance *maintenance)
{
	if (maintenance->step == STEP_CONNECTING &&
		maintenance->polling != PGRES_POLLING_READING)
		return POLLOUT;
	return POLLIN;
}

int64_t
maintenance_due(const Maintenance *maintenance)
{
	if (maintenance->conn == NULL)
		return maintenance->interval_ms == 0 ? INT64_MAX : maintenance->next_ms;
	return maintenance->step == STEP_CONNECTING ? maintenance->connect_until_ms
												: INT64_MAX;
}

/* Reports why a call failed, and ends it. */
static void
give_up(Maintenance *maintenance, const char *reason)
{
	log_warning("maintenance failed; it is tried again at the next time",
				LOG_TEXT("error", reason));
	hang_up(maintenance);
}

/* The same where libpq or the server has the reason. */
static void
fail(Maintenance *maintenance)
{
	const char *slot = config_text(maintenance->config, CONFIG_RELAY_SLOT);
	const char *state =
		PQresultErrorField(maintenance->result, PG_DIAG_SQLSTATE);
	Error err;

	if (state != NULL && strcmp(state, NO_SCHEMA) == 0)
		error_set(&err, "the database lacks the extension; there: CREATE "
						"EXTENSION pg_outbox;");
	else
		pgfailure_judge(maintenance->conn, maintenance->result, slot, NULL,
						&err);
	give_up(maintenance, err.text);
}

/* Begins a call. */
static void
start(Maintenance *maintenance)
{
	int64_t now = clock_ms();

	maintenance->next_ms = now + maintenance->interval_ms;
	maintenance->connect_until_ms =
		now + config_number(maintenance->config, CONFIG_RELAY_CONNECT_TIMEOUT);
	maintenance->conn = pgconn_start_maintenance(maintenance->config);
	maintenance->step = STEP_CONNECTING;
	maintenance->polling = PGRES_POLLING_WRITING;
}

/* The role may: sends the statement. */
static bool
send_call(Maintenance *maintenance)
{
	const Config *config = maintenance->config;
	const char *tables = config_text(config, CONFIG_OUTBOX_TABLES);
	const char *time_column =
		config_text(config, CONFIG_MAINTENANCE_TIME_COLUMN);
	const char *values[] = {tables != NULL ? tables : "public.outbox",
							config_text(config, CONFIG_MAINTENANCE_OLDER_THAN),
							config_text(config, CONFIG_MAINTENANCE_AHEAD),
							config_text(config, CONFIG_MAINTENANCE_BATCH),
							time_column};

	maintenance->step = STEP_CALLING;
	return PQsendQueryParams(maintenance->conn,
							 time_column != NULL ? query_with_column : query,
							 time_column != NULL ? 5 : 4, NULL, values, NULL,
							 NULL, 0) == 1;
}

/* The connection is there: asks whether its role may. */
static bool
send_question(Maintenance *maintenance)
{
	maintenance->step = STEP_ASKING;
	return PQsetnonblocking(maintenance->conn, 1) == 0 &&
		   maintenance_role_ask(maintenance->conn);
}

/* Goes on connecting. */
static void
serve_connecting(Maintenance *maintenance)
{
	struct pollfd fd = {.fd = maintenance_fd(maintenance),
						.events = maintenance_events(maintenance)};

	if (clock_ms() >= maintenance->connect_until_ms)
	{
		give_up(maintenance, "PostgreSQL did not answer");
		return;
	}
	/* libpq may fail before it has a socket. */
	if (PQstatus(maintenance->conn) == CONNECTION_BAD)
	{
		fail(maintenance);
		return;
	}
	/* PQconnectPoll() may only be called when the socket is ready. */
	if (poll(&fd, 1, 0) == 0)
		return;
	maintenance->polling = PQconnectPoll(maintenance->conn);
	if (maintenance->polling == PGRES_POLLING_FAILED ||
		(maintenance->polling == PGRES_POLLING_OK &&
		 !send_question(maintenance)))
		fail(maintenance);
}

/* Reports what a call did. */
static void
finish(Maintenance *maintenance)
{
	log_info("maintenance done",
			 LOG_TEXT("deleted", PQgetvalue(maintenance->result, 0, 0)),
			 LOG_TEXT("partitions", PQgetvalue(maintenance->result, 0, 1)));
	hang_up(maintenance);
}

/* The result of a statement is complete: does what comes next. */
static void
take_result(Maintenance *maintenance)
{
	Error err;

	if (PQresultStatus(maintenance->result) != PGRES_TUPLES_OK)
		fail(maintenance);
	else if (maintenance->step == STEP_CALLING)
		finish(maintenance);
	else if (!maintenance_role_allows(maintenance->conn, maintenance->result,
									  &err))
		give_up(maintenance, err.text);
	else
	{
		PQclear(maintenance->result);
		maintenance->result = NULL;
		if (!send_call(maintenance))
			fail(maintenance);
	}
}

/* Takes the result, as far as it is there. */
static void
serve_statement(Maintenance *maintenance)
{
	if (PQflush(maintenance->conn) < 0 ||
		PQconsumeInput(maintenance->conn) == 0)
	{
		fail(maintenance);
		return;
	}
	while (!PQisBusy(maintenance->conn))
	{
		PGresult *result = PQgetResult(maintenance->conn);

		if (result == NULL)
		{
			take_result(maintenance);
			return;
		}
		PQclear(maintenance->result);
		maintenance->result = result;
	}
}

void
maintenance_serve(Maintenance *maintenance)
{
	if (maintenance->conn == NULL)
	{
		if (clock_ms() >= maintenance_due(maintenance))
			start(maintenance);
	}
	else if (maintenance->step == STEP_CONNECTING)
		serve_connecting(maintenance);
	else
		serve_statement(maintenance);
}
