/*-------------------------------------------------------------------------
 *
 * commands/slot.c
 *	  The replication slot: the commands create-slot and drop-slot.
 *
 *-------------------------------------------------------------------------
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "base/exit.h"
#include "postgres/connection.h"
#include "postgres/error.h"
#include "commands/slot.h"

void
slot_create_command(const char *slot, SlotKind kind,
					char command[SLOT_COMMAND_LENGTH])
{
	/* The form without parentheses is understood by all of 13 to 18. */
	if (kind == SLOT_FAILOVER)
		snprintf(command, SLOT_COMMAND_LENGTH,
				 "CREATE_REPLICATION_SLOT \"%s\" LOGICAL pg_outbox "
				 "(SNAPSHOT 'nothing', FAILOVER)",
				 slot);
	else
		snprintf(command, SLOT_COMMAND_LENGTH,
				 "CREATE_REPLICATION_SLOT \"%s\" %sLOGICAL pg_outbox "
				 "NOEXPORT_SNAPSHOT",
				 slot, kind == SLOT_TEMPORARY ? "TEMPORARY " : "");
}

/* Says why a command failed. */
static int
fail(const Error *err)
{
	fprintf(stderr, "pg_outbox: %s\n", err->text);
	return EXIT_FAILED;
}

int
slot_create(const Config *config)
{
	const char *slot = config_get(config, "relay", "slot");
	PGconn *conn = pgconn_open(config);
	char command[SLOT_COMMAND_LENGTH];
	PGresult *result;
	Error err;

	if (cli_given(OPTION_FAILOVER) && PQstatus(conn) == CONNECTION_OK &&
		PQserverVersion(conn) < 170000)
	{
		PQfinish(conn);
		error_set(&err, "--failover needs PostgreSQL 17 or later; leave it "
						"out, and create the slot on the new primary after a "
						"failover");
		return fail(&err);
	}
	slot_create_command(slot,
						cli_given(OPTION_FAILOVER) ? SLOT_FAILOVER
												   : SLOT_PERMANENT,
						command);
	result = pgconn_query(conn, command, slot, &err);
	if (result != NULL)
		printf("slot \"%s\" created at %s: what commits from now on will be "
			   "published\n",
			   slot, PQgetvalue(result, 0, 1));
	PQclear(result);
	PQfinish(conn);
	return result != NULL ? EXIT_DONE : fail(&err);
}

/*
 * Checks that the slot is one of ours before it is dropped.  The name needs no
 * quoting: config_set() took only what a slot's name may be.
 */
static bool
is_ours(PGconn *conn, const char *slot, Error *err)
{
	char query[SLOT_COMMAND_LENGTH];
	PGresult *result;
	bool ours = false;

	snprintf(query, sizeof(query),
			 "SELECT plugin FROM pg_catalog.pg_replication_slots "
			 "WHERE slot_name = '%s'",
			 slot);
	result = pgconn_query(conn, query, slot, err);
	if (result == NULL)
		return false;
	if (PQntuples(result) == 0)
		error_set(err, "slot \"%s\" does not exist", slot);
	else if (strcmp(PQgetvalue(result, 0, 0), "pg_outbox") != 0)
		error_set(err,
				  "slot \"%s\" is not one of pg_outbox: its plugin is \"%s\"; "
				  "it was not dropped",
				  slot, PQgetvalue(result, 0, 0));
	else
		ours = true;
	PQclear(result);
	return ours;
}

int
slot_drop(const Config *config)
{
	const char *slot = config_get(config, "relay", "slot");
	PGconn *conn = pgconn_open(config);
	char command[SLOT_COMMAND_LENGTH];
	PGresult *result = NULL;
	Error err;

	snprintf(command, sizeof(command), "DROP_REPLICATION_SLOT \"%s\"", slot);
	if (is_ours(conn, slot, &err))
		result = pgconn_query(conn, command, slot, &err);
	if (result != NULL)
		printf("slot \"%s\" dropped: what it had not yet confirmed will not "
			   "be published\n",
			   slot);
	PQclear(result);
	PQfinish(conn);
	return result != NULL ? EXIT_DONE : fail(&err);
}
