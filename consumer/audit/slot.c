/*-------------------------------------------------------------------------
 *
 * audit/slot.c
 *	  How far the relay is: which rows have to be in Kafka.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>
#include <time.h>

#include "audit/slot.h"
#include "base/clock.h"
#include "base/exit.h"
#include "postgres/connection.h"
#include "postgres/slot.h"

/* How long a relay is waited for, in ms, and how often it is looked at. */
#define AWAIT_MS 30000
#define LOOK_MS 100

/*
 * A slot in whose database nothing happens stays up to a page of WAL behind
 * (docs/envelope.md, a position), so a page is written.  In a transaction,
 * whose commit flushes it; the prefix is not that of events.
 */
static const char push_query[] =
	"SELECT pg_logical_emit_message(true, 'pg_outbox.audit', "
	"repeat('x', 8192))";

/* Looks at the slot once; *is_active tells whether somebody has it. */
static AuditSlot
look(const Config *config, PGconn *conn, Lsn *confirmed, bool *is_active,
	 int *status, Error *err)
{
	const char *slot = config_text(config, CONFIG_RELAY_SLOT);
	char query[PGSLOT_QUERY_LENGTH];
	PgErrorClass error_class;
	PGresult *result;
	PgSlot found;
	AuditSlot answer = AUDIT_SLOT_FAILED;

	pgslot_look_query(slot, query);
	result = pgconn_query(config, conn, query, &error_class, err);
	if (result != NULL && !pgslot_read(result, &found))
		error_set(err, "slot \"%s\" cannot be looked at", slot);
	else if (result != NULL && !found.exists)
	{
		error_class = PG_ERROR_MISSING;
		error_set(err,
				  "slot \"%s\" does not exist: name the relay's with --slot",
				  slot);
	}
	else if (result != NULL && pgslot_is_ours(&found, slot, &error_class, err))
	{
		*is_active = *found.active_pid != '\0';
		answer = strcmp(found.wal_status, "lost") == 0 ? AUDIT_SLOT_LOST
													   : AUDIT_SLOT_BEHIND;
		if (!lsn_parse(found.position, strlen(found.position), confirmed))
			*confirmed = 0;
	}
	if (answer == AUDIT_SLOT_FAILED)
		*status = pgerror_exit_status(error_class);
	PQclear(result);
	return answer;
}

/* Writes a page of WAL; a role that may not leaves the slot where it is. */
static void
push(const Config *config, PGconn *conn)
{
	PgErrorClass error_class;
	Error err;

	PQclear(pgconn_query(config, conn, push_query, &error_class, &err));
}

AuditSlot
audit_slot_await(const Config *config, PGconn *conn, Lsn position,
				 Lsn *confirmed, int *status, Error *err)
{
	static const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
	int64_t until = clock_ms() + AWAIT_MS;
	bool is_active = false;
	bool pushed = false;
	AuditSlot answer;

	for (;;)
	{
		answer = look(config, conn, confirmed, &is_active, status, err);
		if (answer != AUDIT_SLOT_BEHIND)
			return answer;
		if (*confirmed >= position)
			return AUDIT_SLOT_REACHED;
		if (!is_active || clock_ms() >= until)
			return AUDIT_SLOT_BEHIND;
		if (!pushed)
			push(config, conn);
		pushed = true;
		nanosleep(&pause, NULL);
	}
}
