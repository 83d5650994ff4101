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
#include "base/outage.h"
#include "http/slot_watch.h"
#include "postgres/connection.h"
#include "postgres/slot_status.h"
#include "postgres/task.h"

/* How much later it is tried again to begin a look, in ms. */
#define POSTPONE_MS 1000

struct SlotWatch
{
	const Config *config;
	int64_t interval_ms; /* 0 = never */
	int64_t next_ms;     /* when the next look begins */
	PgTask *task;
	bool is_asking; /* connected, and the query is sent */
	bool is_known;
	bool is_failing; /* a warning was logged */
	Outage silent;   /* one was, of a silence */
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
	watch->view.silence = (Silence){0};
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

/* The relay streams, and everything that came is in Kafka. */
static bool
is_idle(const Snapshot *snapshot)
{
	return snapshot->state == SNAPSHOT_STREAMING &&
		   snapshot->in_flight_events == 0 && snapshot->stuck_ms == 0;
}

/* Notes whether the slot stands still, and says so if that lasts. */
static void
note_silence(SlotWatch *watch, const Snapshot *snapshot, const PGresult *result)
{
	const char *text =
		PQgetvalue(result, 0, PQfnumber(result, "confirmed_lsn"));
	Silence *silence = &watch->view.silence;
	int64_t now = clock_ms();
	Lsn confirmed = 0;

	lsn_parse(text, strlen(text), &confirmed);
	silence_note(silence, is_idle(snapshot), confirmed,
				 bytes_at(result, "lag_bytes"), now);
	if (silence_lasted(silence) <=
		config_number(watch->config, CONFIG_HTTP_STALL_TIMEOUT))
		outage_end(&watch->silent);
	else if (outage_is_due(&watch->silent, now))
		log_warning("PostgreSQL sends nothing, though WAL waits: it waits for "
					"a standby of synchronized_standby_slots (then its log "
					"says so), or reads a large transaction, or old WAL again",
					LOG_INT("waited_s", silence_lasted(silence) / 1000),
					LOG_INT("bytes", silence->bytes));
}

/* Takes what the server says. */
static void
take_view(SlotWatch *watch, const Snapshot *snapshot)
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
	note_silence(watch, snapshot, result);
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

/* Begins a look if it is time, and nothing in flight has to be given up. */
static void
start_if_due(SlotWatch *watch, const Snapshot *snapshot)
{
	if (clock_ms() < slotwatch_due(watch))
		return;
	if (snapshot->state != SNAPSHOT_STREAMING && snapshot->in_flight_events > 0)
		watch->next_ms = clock_ms() + POSTPONE_MS;
	else
		start(watch);
}

void
slotwatch_serve(SlotWatch *watch, const Snapshot *snapshot)
{
	Error err;

	if (!pgtask_is_running(watch->task))
	{
		start_if_due(watch, snapshot);
		return;
	}
	switch (pgtask_serve(watch->task,
						 config_text(watch->config, CONFIG_RELAY_SLOT), &err))
	{
		case PGTASK_WAIT:
			break;
		case PGTASK_READY:
			if (watch->is_asking)
				take_view(watch, snapshot);
			else
				ask(watch);
			break;
		case PGTASK_FAILED:
			fail(watch, err.text);
			break;
	}
}
