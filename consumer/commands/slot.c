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

#include "base/exit.h"
#include "commands/slot.h"
#include "postgres/connection.h"
#include "postgres/slot.h"

/* Says why a command failed. */
static int
fail(const Error *err)
{
	fprintf(stderr, "pg_outbox: %s\n", err->text);
	return EXIT_FAILED;
}

int
command_create_slot(const Config *config, const Arguments *arguments)
{
	const char *slot = config_text(config, CONFIG_RELAY_SLOT);
	PGconn *conn = pgconn_open(config);
	char command[PGSLOT_COMMAND_LENGTH];
	PGresult *result;
	Error err;

	if (arguments->failover && PQstatus(conn) == CONNECTION_OK &&
		PQserverVersion(conn) < 170000)
	{
		PQfinish(conn);
		error_set(&err, "--failover needs PostgreSQL 17 or later; leave it "
						"out, and create the slot on the new primary after a "
						"failover");
		return fail(&err);
	}
	pgslot_create_command(slot,
						  arguments->failover ? PG_SLOT_FAILOVER
											  : PG_SLOT_PERMANENT,
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
	char query[PGSLOT_COMMAND_LENGTH];
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
command_drop_slot(const Config *config, const Arguments *arguments)
{
	const char *slot = config_text(config, CONFIG_RELAY_SLOT);
	PGconn *conn = pgconn_open(config);
	char command[PGSLOT_COMMAND_LENGTH];
	PGresult *result = NULL;
	Error err;

	(void) arguments;
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
