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
#include "postgres/error.h"
#include "relay/maintenance.h"

/* The casts tell the server the types of the parameters. */
static const char query[] =
	"CALL outbox.maintain($1::text, $2::interval, $3::integer, $4::integer)";

/* SQLSTATE: there is no such schema. */
#define NO_SCHEMA "3F000"

struct Maintenance
{
	const Config *config;
	int64_t interval_ms; /* 0 = never */
	int64_t next_ms;     /* when the next call begins */
	PGconn *conn;        /* NULL between calls */
	PostgresPollingStatusType polling;
	int64_t connect_until_ms; /* 0 = connected */
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
	if (maintenance->connect_until_ms != 0 &&
		maintenance->polling != PGRES_POLLING_READING)
		return POLLOUT;
	return POLLIN;
}

int64_t
maintenance_due(const Maintenance *maintenance)
{
	if (maintenance->conn == NULL)
		return maintenance->interval_ms == 0 ? INT64_MAX : maintenance->next_ms;
	return maintenance->connect_until_ms != 0 ? maintenance->connect_until_ms
											  : INT64_MAX;
}

/* Tells why a call failed. */
static void
fail(Maintenance *maintenance, const PGresult *result)
{
	const char *slot = config_text(maintenance->config, CONFIG_RELAY_SLOT);
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	Error err;

	if (state != NULL && strcmp(state, NO_SCHEMA) == 0)
		error_set(&err, "the database lacks the extension; there: CREATE "
						"EXTENSION pg_outbox;");
	else
		pgerror_classify(maintenance->conn, result, slot, &err);
	log_warning("maintenance failed; it is tried again at the next time",
				LOG_TEXT("error", err.text));
	hang_up(maintenance);
}

/* Begins a call. */
static void
start(Maintenance *maintenance)
{
	int64_t now = clock_ms();

	maintenance->next_ms = now + maintenance->interval_ms;
	maintenance->connect_until_ms =
		now + config_number(maintenance->config, CONFIG_RELAY_CONNECT_TIMEOUT);
	maintenance->conn = pgconn_start_ordinary(maintenance->config);
	maintenance->polling = PGRES_POLLING_WRITING;
}

/* The connection is there: sends the statement. */
static bool
send_call(Maintenance *maintenance)
{
	const Config *config = maintenance->config;
	const char *tables = config_text(config, CONFIG_OUTBOX_TABLES);
	const char *values[] = {tables != NULL ? tables : "public.outbox",
							config_text(config, CONFIG_MAINTENANCE_OLDER_THAN),
							config_text(config, CONFIG_MAINTENANCE_AHEAD),
							config_text(config, CONFIG_MAINTENANCE_BATCH)};

	maintenance->connect_until_ms = 0;
	return PQsetnonblocking(maintenance->conn, 1) == 0 &&
		   PQsendQueryParams(maintenance->conn, query, 4, NULL, values, NULL,
							 NULL, 0) == 1;
}

/* Goes on connecting. */
static void
serve_connecting(Maintenance *maintenance)
{
	struct pollfd fd = {.fd = maintenance_fd(maintenance),
						.events = maintenance_events(maintenance)};

	if (clock_ms() >= maintenance->connect_until_ms)
	{
		log_warning("maintenance failed; it is tried again at the next time",
					LOG_TEXT("error", "PostgreSQL did not answer"));
		hang_up(maintenance);
		return;
	}
	/* PQconnectPoll() may only be called when the socket is ready. */
	if (poll(&fd, 1, 0) == 0)
		return;
	maintenance->polling = PQconnectPoll(maintenance->conn);
	if (maintenance->polling == PGRES_POLLING_FAILED ||
		(maintenance->polling == PGRES_POLLING_OK && !send_call(maintenance)))
		fail(maintenance, NULL);
}

/* Tells what a call did. */
static void
finish(Maintenance *maintenance, const PGresult *result)
{
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
	{
		fail(maintenance, result);
		return;
	}
	log_info("maintenance done", LOG_TEXT("deleted", PQgetvalue(result, 0, 0)),
			 LOG_TEXT("partitions", PQgetvalue(result, 0, 1)));
	hang_up(maintenance);
}

/* Takes the result, if it is there. */
static void
serve_running(Maintenance *maintenance)
{
	PGresult *result;

	if (PQflush(maintenance->conn) < 0 ||
		PQconsumeInput(maintenance->conn) == 0)
	{
		fail(maintenance, NULL);
		return;
	}
	if (PQisBusy(maintenance->conn))
		return;
	result = PQgetResult(maintenance->conn);
	finish(maintenance, result);
	PQclear(result);
}

void
maintenance_serve(Maintenance *maintenance)
{
	if (maintenance->conn == NULL)
	{
		if (clock_ms() >= maintenance_due(maintenance))
			start(maintenance);
	}
	else if (maintenance->connect_until_ms != 0)
		serve_connecting(maintenance);
	else
		serve_running(maintenance);
}
