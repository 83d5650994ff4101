/*-------------------------------------------------------------------------
 *
 * http/slot_watch.c
 *	  The slot as the server sees it, asked every [http] slot_interval.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "http/slot_watch.h"
#include "postgres/connection.h"
#include "postgres/slot_status.h"
#include "postgres/task.h"

struct SlotWatch
{
	const Config *config;
	int64_t interval_ms; /* 0 = never */
	int64_t next_ms;     /* when the next look begins */
	PgTask *task;
	bool is_asking; /* connected, and the query is sent */
	bool is_known;
	bool is_failing; /* a warning was logged */
	SlotView view;
};

SlotWatch *
slotwatch_new(const Config *config)
{
	SlotWatch *watch = xcalloc(1, sizeof(SlotWatch));

	watch->config = config;
	watch->interval_ms = config_number(config, CONFIG_HTTP_SLOT_INTERVAL);
	watch->next_ms = clock_ms();
	watch->task = pgtask_new();
	return watch;
}

void
slotwatch_free(SlotWatch *watch)
{
	if (watch == NULL)
		return;
	pgtask_free(watch->task);
	free(watch);
}

const SlotView *
slotwatch_view(const SlotWatch *watch)
{
	return watch->is_known ? &watch->view : NULL;
}

int
slotwatch_fd(const SlotWatch *watch)
{
	return pgtask_fd(watch->task);
}

short
slotwatch_events(const SlotWatch *watch)
{
	return pgtask_events(watch->task);
}

int64_t
slotwatch_due(const SlotWatch *watch)
{
	if (pgtask_is_running(watch->task))
		return pgtask_due(watch->task);
	return watch->interval_ms == 0 ? INT64_MAX : watch->next_ms;
}

/* The look failed: what was known is not shown any more. */
static void
fail(SlotWatch *watch, const char *reason)
{
	if (!watch->is_failing)
		log_warning("the slot cannot be looked at, so its metrics are absent; "
					"delivery is not affected",
					LOG_TEXT("error", reason));
	watch->is_failing = true;
	watch->is_known = false;
	pgtask_end(watch->task);
}

/* A number of bytes in a result; -1 if it is NULL. */
static int64_t
bytes_at(const PGresult *result, const char *column)
{
	int field = PQfnumber(result, column);

	if (field < 0 || PQgetisnull(result, 0, field))
		return -1;
	return strtoll(PQgetvalue(result, 0, field), NULL, 10);
}

/* Takes what the server says. */
static void
take_view(SlotWatch *watch)
{
	const PGresult *result = pgtask_result(watch->task);

	if (PQntuples(result) == 0)
	{
		fail(watch, "the slot does not exist");
		return;
	}
	watch->view.retained_bytes = bytes_at(result, "retained_wal_bytes");
	watch->view.safe_bytes = bytes_at(result, "safe_wal_bytes");
	snprintf(watch->view.wal_status, sizeof(watch->view.wal_status), "%s",
			 PQgetvalue(result, 0, PQfnumber(result, "wal_status")));
	watch->is_known = true;
	watch->is_failing = false;
	pgtask_end(watch->task);
}

/* Begins a look. */
static void
start(SlotWatch *watch)
{
	watch->next_ms = clock_ms() + watch->interval_ms;
	watch->is_asking = false;
	pgtask_start(watch->task, pgconn_start_ordinary(watch->config),
				 config_number(watch->config, CONFIG_RELAY_CONNECT_TIMEOUT));
}

/* Connected: asks. */
static void
ask(SlotWatch *watch)
{
	char query[PGSLOT_STATUS_QUERY_SIZE];
	PGconn *conn = pgtask_connection(watch->task);

	pgslot_status_query(config_text(watch->config, CONFIG_RELAY_SLOT), query);
	watch->is_asking = true;
	pgtask_set_timeout(watch->task,
					   config_number(watch->config,
									 CONFIG_RELAY_CONNECT_TIMEOUT));
	if (PQsendQuery(conn, query) == 0)
		fail(watch, PQerrorMessage(conn));
}

void
slotwatch_serve(SlotWatch *watch)
{
	Error err;

	if (!pgtask_is_running(watch->task))
	{
		if (clock_ms() >= slotwatch_due(watch))
			start(watch);
		return;
	}
	switch (pgtask_serve(watch->task,
						 config_text(watch->config, CONFIG_RELAY_SLOT), &err))
	{
		case PGTASK_WAIT:
			break;
		case PGTASK_READY:
			if (watch->is_asking)
				take_view(watch);
			else
				ask(watch);
			break;
		case PGTASK_FAILED:
			fail(watch, err.text);
			break;
	}
}
