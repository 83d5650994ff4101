/*-------------------------------------------------------------------------
 *
 * relay/maintenance.c
 *	  Calls the extension's outbox.maintain() on a schedule.
 *
 *-------------------------------------------------------------------------
 */
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "config/tables.h"
#include "postgres/connection.h"
#include "postgres/task.h"
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
	PgTask *task;
	Step step;
};

Maintenance *
maintenance_new(const Config *config)
{
	Maintenance *maintenance = xcalloc(1, sizeof(Maintenance));

	maintenance->config = config;
	maintenance->task = pgtask_new();
	if (config_text(config, CONFIG_MAINTENANCE_INTERVAL) != NULL)
		maintenance->interval_ms =
			config_number(config, CONFIG_MAINTENANCE_INTERVAL);
	maintenance->next_ms = clock_ms();
	return maintenance;
}

void
maintenance_free(Maintenance *maintenance)
{
	if (maintenance == NULL)
		return;
	pgtask_free(maintenance->task);
	free(maintenance);
}

int
maintenance_fd(const Maintenance *maintenance)
{
	return pgtask_fd(maintenance->task);
}

short
maintenance_events(const Maintenance *maintenance)
{
	return pgtask_events(maintenance->task);
}

int64_t
maintenance_due(const Maintenance *maintenance)
{
	if (pgtask_is_running(maintenance->task))
		return pgtask_due(maintenance->task);
	return maintenance->interval_ms == 0 ? INT64_MAX : maintenance->next_ms;
}

/* Reports why a call failed, and ends it. */
static void
give_up(Maintenance *maintenance, const char *reason)
{
	log_warning("maintenance failed; it is tried again at the next time",
				LOG_TEXT("error", reason));
	pgtask_end(maintenance->task);
}

/* The same where libpq or the server has the reason. */
static void
fail(Maintenance *maintenance, const Error *err)
{
	const char *state =
		PQresultErrorField(pgtask_result(maintenance->task), PG_DIAG_SQLSTATE);

	if (state != NULL && strcmp(state, NO_SCHEMA) == 0)
		give_up(maintenance, "the database lacks the extension; there: CREATE "
							 "EXTENSION pg_outbox;");
	else
		give_up(maintenance, err->text);
}

/* Begins a call. */
static void
start(Maintenance *maintenance)
{
	maintenance->next_ms = clock_ms() + maintenance->interval_ms;
	maintenance->step = STEP_CONNECTING;
	pgtask_start(maintenance->task,
				 pgconn_start_maintenance(maintenance->config),
				 config_number(maintenance->config,
							   CONFIG_RELAY_CONNECT_TIMEOUT));
}

/* The role may: sends the statement. */
static bool
send_call(Maintenance *maintenance)
{
	const Config *config = maintenance->config;
	const char *time_column =
		config_text(config, CONFIG_MAINTENANCE_TIME_COLUMN);
	const char *values[] = {config_maintained_tables(config),
							config_text(config, CONFIG_MAINTENANCE_OLDER_THAN),
							config_text(config, CONFIG_MAINTENANCE_AHEAD),
							config_text(config, CONFIG_MAINTENANCE_BATCH),
							time_column};

	return PQsendQueryParams(pgtask_connection(maintenance->task),
							 time_column != NULL ? query_with_column : query,
							 time_column != NULL ? 5 : 4, NULL, values, NULL,
							 NULL, 0) == 1;
}

/* The role's rights are known: calls, if they allow it. */
static bool
call_if_allowed(Maintenance *maintenance, Error *err)
{
	PGconn *conn = pgtask_connection(maintenance->task);

	if (!maintenance_role_allows(conn, pgtask_result(maintenance->task), err))
		return false;
	return send_call(maintenance) || error_set(err, "%s", PQerrorMessage(conn));
}

/* Reports what a call did. */
static void
finish(Maintenance *maintenance)
{
	const PGresult *result = pgtask_result(maintenance->task);

	log_info("maintenance done", LOG_TEXT("deleted", PQgetvalue(result, 0, 0)),
			 LOG_TEXT("partitions", PQgetvalue(result, 0, 1)));
	pgtask_end(maintenance->task);
}

/* A step is done: begins the next one. */
static void
go_on(Maintenance *maintenance)
{
	PGconn *conn = pgtask_connection(maintenance->task);
	Error err;

	switch (maintenance->step++)
	{
		case STEP_CONNECTING:
			if (!maintenance_role_ask(conn))
				give_up(maintenance, PQerrorMessage(conn));
			break;
		case STEP_ASKING:
			if (!call_if_allowed(maintenance, &err))
				give_up(maintenance, err.text);
			break;
		case STEP_CALLING:
			finish(maintenance);
			break;
	}
}

void
maintenance_serve(Maintenance *maintenance)
{
	const char *slot = config_text(maintenance->config, CONFIG_RELAY_SLOT);
	Error err;

	if (!pgtask_is_running(maintenance->task))
	{
		if (clock_ms() >= maintenance_due(maintenance))
			start(maintenance);
		return;
	}
	switch (pgtask_serve(maintenance->task, slot, &err))
	{
		case PGTASK_WAIT:
			break;
		case PGTASK_READY:
			go_on(maintenance);
			break;
		case PGTASK_FAILED:
			fail(maintenance, &err);
			break;
	}
}
