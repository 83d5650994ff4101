/*-------------------------------------------------------------------------
 *
 * postgres/slot.c
 *	  The replication slot: what it is now, and the command that creates one.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "postgres/slot.h"

void
pgslot_create_command(const char *slot, PgSlotKind kind,
					  char command[PGSLOT_COMMAND_LENGTH])
{
	/* The form without parentheses is understood by all of 13 to 18. */
	if (kind == PG_SLOT_FAILOVER)
		snprintf(command, PGSLOT_COMMAND_LENGTH,
				 "CREATE_REPLICATION_SLOT \"%s\" LOGICAL pg_outbox "
				 "(SNAPSHOT 'nothing', FAILOVER)",
				 slot);
	else
		snprintf(command, PGSLOT_COMMAND_LENGTH,
				 "CREATE_REPLICATION_SLOT \"%s\" %sLOGICAL pg_outbox "
				 "NOEXPORT_SNAPSHOT",
				 slot, kind == PG_SLOT_TEMPORARY ? "TEMPORARY " : "");
}

/* The columns of the query, in its order. */
enum
{
	COLUMN_TYPE,
	COLUMN_TEMPORARY,
	COLUMN_PLUGIN,
	COLUMN_DATABASE,
	COLUMN_ACTIVE_PID,
	COLUMN_WAL_STATUS,
	COLUMN_POSITION,
	COLUMN_REASON,
	COLUMN_FAILOVER,
	COLUMN_SYNCED,
	COLUMN_CONNECTED,
	COLUMN_STANDBY,
	COLUMN_WAL_LEVEL,
	COLUMN_RAISES_WAL_LEVEL,
	COLUMN_SENDER_TIMEOUT,
	COLUMN_LIBRARIES,
	COLUMN_FREE,
	N_COLUMNS
};

/*
 * One row, of NULLs where there is no such slot.  Columns that came after 13
 * are read through JSON.  Nothing is looked up by search_path.  The slot's name
 * needs no quoting: config_set() took only what a slot's name may be.
 */
static const char query_format[] =
	"SELECT s.slot_type, s.temporary, s.plugin, s.database, s.active_pid, "
	"s.wal_status, s.confirmed_flush_lsn, "
	"pg_catalog.jsonb_extract_path_text(j.slot, 'invalidation_reason'), "
	"pg_catalog.jsonb_extract_path_text(j.slot, 'failover'), "
	"pg_catalog.jsonb_extract_path_text(j.slot, 'synced'), "
	"pg_catalog.current_database(), pg_catalog.pg_is_in_recovery(), "
	"(SELECT setting FROM pg_catalog.pg_settings "
	"WHERE name OPERATOR(pg_catalog.=) 'wal_level'), "
	"EXISTS (SELECT FROM pg_catalog.pg_settings "
	"WHERE name OPERATOR(pg_catalog.=) 'effective_wal_level'), "
	"(SELECT setting FROM pg_catalog.pg_settings "
	"WHERE name OPERATOR(pg_catalog.=) 'wal_sender_timeout'), "
	"(SELECT setting FROM pg_catalog.pg_settings "
	"WHERE name OPERATOR(pg_catalog.=) 'output_plugin_libraries'), "
	"CAST(1000 OPERATOR(pg_catalog.*) pg_catalog.date_part('epoch', "
	"pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) "
	"CAST(pg_catalog.jsonb_extract_path_text(j.slot, 'inactive_since') "
	"AS pg_catalog.timestamptz)) AS pg_catalog.int8) "
	"FROM (SELECT) one LEFT JOIN pg_catalog.pg_replication_slots s "
	"ON s.slot_name OPERATOR(pg_catalog.=) '%s' "
	"CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(s)) j (slot)";

void
pgslot_look_query(const char *slot, char query[PGSLOT_QUERY_LENGTH])
{
	snprintf(query, PGSLOT_QUERY_LENGTH, query_format, slot);
}

/* Tells whether a column is true: as boolean, or as text of JSON. */
static bool
is_true(const PGresult *result, int column)
{
	return PQgetvalue(result, 0, column)[0] == 't';
}

bool
pgslot_read(const PGresult *result, PgSlot *found)
{
	if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1 ||
		PQnfields(result) != N_COLUMNS)
		return false;
	*found =
		(PgSlot){.exists = !PQgetisnull(result, 0, COLUMN_TYPE),
				 .is_logical =
					 strcmp(PQgetvalue(result, 0, COLUMN_TYPE), "logical") == 0,
				 .is_complete = !PQgetisnull(result, 0, COLUMN_POSITION),
				 .is_temporary = is_true(result, COLUMN_TEMPORARY),
				 .position = PQgetvalue(result, 0, COLUMN_POSITION),
				 .is_failover = is_true(result, COLUMN_FAILOVER),
				 .is_synced = is_true(result, COLUMN_SYNCED),
				 .plugin = PQgetvalue(result, 0, COLUMN_PLUGIN),
				 .database = PQgetvalue(result, 0, COLUMN_DATABASE),
				 .active_pid = PQgetvalue(result, 0, COLUMN_ACTIVE_PID),
				 .wal_status = PQgetvalue(result, 0, COLUMN_WAL_STATUS),
				 .reason = PQgetvalue(result, 0, COLUMN_REASON),
				 .connected = PQgetvalue(result, 0, COLUMN_CONNECTED),
				 .wal_level = PQgetvalue(result, 0, COLUMN_WAL_LEVEL),
				 .raises_wal_level = is_true(result, COLUMN_RAISES_WAL_LEVEL),
				 .sender_timeout_ms =
					 strtoll(PQgetvalue(result, 0, COLUMN_SENDER_TIMEOUT), NULL,
							 10),
				 .free_ms =
					 strtoll(PQgetvalue(result, 0, COLUMN_FREE), NULL, 10),
				 .server_is_standby = is_true(result, COLUMN_STANDBY)};
	if (PQgetvalue(result, 0, COLUMN_LIBRARIES)[0] != '\0')
		found->libraries = PQgetvalue(result, 0, COLUMN_LIBRARIES);
	return true;
}

/* Judges what was found as if the server had reported it. */
static PgErrorClass
judge(const char *state, const char *message, const char *slot, Error *err)
{
	return pgerror_judge(&(PgReport){.state = state, .message = message},
						 &(PgSituation){.slot = slot}, err);
}

PgErrorClass
pgslot_missing(const PgSlot *found, const char *slot, Error *err)
{
	Error message;

	if (found->server_is_standby)
	{
		error_set(&message,
				  "slot \"%s\" does not exist on a server that is in recovery",
				  slot);
		return judge("55000", message.text, slot, err);
	}
	/* From 19 on the first slot raises it. */
	if (strcmp(found->wal_level, "logical") != 0 && !found->raises_wal_level)
	{
		error_set(&message,
				  "logical decoding requires wal_level = logical, and it is %s",
				  found->wal_level);
		return judge("55000", message.text, slot, err);
	}
	return judge("42704", "replication slot does not exist", slot, err);
}

bool
pgslot_is_ours(const PgSlot *found, const char *slot, PgErrorClass *error_class,
			   Error *err)
{
	*error_class = PG_ERROR_REFUSED;
	if (!found->is_logical)
		return error_set(err,
						 "slot \"%s\" is a physical slot, as standbys have "
						 "them; name another one with --slot",
						 slot);
	if (strcmp(found->plugin, "pg_outbox") != 0)
		return error_set(err,
						 "slot \"%s\" is not one of pg_outbox: its plugin is "
						 "\"%s\"; name another one with --slot",
						 slot, found->plugin);
	if (strcmp(found->database, found->connected) != 0)
		return error_set(err,
						 "slot \"%s\" is for database \"%s\", and the "
						 "connection is to \"%s\"; connect to \"%s\", or name "
						 "another slot with --slot",
						 slot, found->database, found->connected,
						 found->database);
	return true;
}

bool
pgslot_is_ready(const PgSlot *found, const char *slot,
				PgErrorClass *error_class, Error *err)
{
	Error message;

	if (!pgslot_is_ours(found, slot, error_class, err))
		return false;
	if (strcmp(found->wal_status, "lost") == 0)
	{
		error_set(&message, "slot \"%s\" was invalidated%s%s", slot,
				  *found->reason != '\0' ? ": " : "", found->reason);
		*error_class = judge("55000", message.text, slot, err);
		return false;
	}
	if (*found->active_pid != '\0')
	{
		*error_class = PG_ERROR_BUSY;
		return error_set(err, "replication slot \"%s\" is active for PID %s",
						 slot, found->active_pid);
	}
	if (found->is_synced && found->server_is_standby)
	{
		*error_class = PG_ERROR_LOST;
		return error_set(err,
						 "slot \"%s\" is synchronized from the primary: the "
						 "server is a standby, and the slot can be used there "
						 "once it is promoted",
						 slot);
	}
	return true;
}
