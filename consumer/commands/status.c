/*-------------------------------------------------------------------------
 *
 * commands/status.c
 *	  The command "status": the slot, who has it, how far behind it is.
 *
 *-------------------------------------------------------------------------
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/exit.h"
#include "commands/status.h"
#include "postgres/connection.h"

/*
 * What is shown, in this order.  Bytes are counted to the end of the WAL, on a
 * standby to the end of what it has.  Lag in seconds is the server's, and NULL
 * while nobody streams or all is confirmed.  The slot's name needs no quoting:
 * config_set() took only what a slot's name may be.
 */
static const char query_format[] =
	"WITH wal AS (SELECT CASE WHEN pg_catalog.pg_is_in_recovery() "
	"  THEN pg_catalog.pg_last_wal_replay_lsn() "
	"  ELSE pg_catalog.pg_current_wal_lsn() END AS wal_end) "
	"SELECT s.slot_name AS slot, s.database, s.plugin, s.active, "
	"  s.active_pid AS pid, r.application_name AS client, "
	"  pg_catalog.host(r.client_addr) AS client_address, "
	"  s.confirmed_flush_lsn AS confirmed, "
	"  (wal_end - s.confirmed_flush_lsn)::bigint AS lag_bytes, "
	"  extract(epoch FROM r.flush_lag)::float8 AS lag_seconds, "
	"  (wal_end - s.restart_lsn)::bigint AS retained_wal_bytes, "
	"  s.wal_status, s.safe_wal_size AS safe_wal_bytes "
	"FROM pg_catalog.pg_replication_slots s CROSS JOIN wal "
	"LEFT JOIN pg_catalog.pg_stat_replication r ON r.pid = s.active_pid "
	"WHERE s.slot_name = '%s'";

/* Prints a row as aligned lines. */
static void
print_row(const PGresult *result)
{
	for (int i = 0; i < PQnfields(result); i++)
		printf("%-20s %s\n", PQfname(result, i),
			   PQgetisnull(result, 0, i) ? "-" : PQgetvalue(result, 0, i));
}

int
command_status(const Config *config, const Arguments *arguments)
{
	const char *slot = config_text(config, CONFIG_RELAY_SLOT);
	bool json = arguments->json;
	PGconn *conn = pgconn_open(config);
	char query[2048];
	char wrapped[2300];
	PGresult *result;
	Error err;
	int status = EXIT_FAILED;

	snprintf(query, sizeof(query), query_format, slot);
	snprintf(wrapped, sizeof(wrapped),
			 "SELECT pg_catalog.row_to_json(s) FROM (%s) s", query);
	result = pgconn_query(conn, json ? wrapped : query, slot, &err);
	if (result == NULL)
		fprintf(stderr, "pg_outbox: %s\n", err.text);
	else if (PQntuples(result) == 0)
		fprintf(stderr, "pg_outbox: slot \"%s\" does not exist\n", slot);
	else
	{
		status = EXIT_DONE;
		if (json)
			printf("%s\n", PQgetvalue(result, 0, 0));
		else
			print_row(result);
	}
	PQclear(result);
	PQfinish(conn);
	return status;
}
