/*-------------------------------------------------------------------------
 *
 * slot.c
 *	  The replication slot: the commands create-slot and drop-slot.
 *
 *-------------------------------------------------------------------------
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "pgconn.h"
#include "pgerror.h"
#include "slot.h"

void
slot_create_command(const char *slot, char command[SLOT_COMMAND_LENGTH])
{
	/* The form without parentheses is understood by all of 13 to 18. */
	snprintf(command, SLOT_COMMAND_LENGTH,
			 "CREATE_REPLICATION_SLOT \"%s\" LOGICAL pg_outbox "
			 "NOEXPORT_SNAPSHOT",
			 slot);
}

/* Says why a command failed. */
static int
fail(const Error *err)
{
	fprintf(stderr, "pg_outbox: %s\n", err->text);
	return EXIT_FAILED;
}

/* Runs one command for the slot and returns its result, or NULL and why. */
static PGresult *
run_command(PGconn *conn, const char *command, const char *slot, Error *err)
{
	PGresult *result;

	if (PQstatus(conn) != CONNECTION_OK)
	{
		pgerror_classify(conn, NULL, slot, err);
		return NULL;
	}
	result = PQexec(conn, command);
	if (PQresultStatus(result) == PGRES_TUPLES_OK ||
		PQresultStatus(result) == PGRES_COMMAND_OK)
		return result;
	pgerror_classify(conn, result, slot, err);
	PQclear(result);
	return NULL;
}

int
slot_create(const Config *config)
{
	const char *slot = config_get(config, "relay", "slot");
	PGconn *conn = pgconn_open(config);
	char command[SLOT_COMMAND_LENGTH];
	PGresult *result;
	Error err;

	slot_create_command(slot, command);
	result = run_command(conn, command, slot, &err);
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
	result = run_command(conn, query, slot, err);
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
		result = run_command(conn, command, slot, &err);
	if (result != NULL)
		printf("slot \"%s\" dropped: what it had not yet confirmed will not "
			   "be published\n",
			   slot);
	PQclear(result);
	PQfinish(conn);
	return result != NULL ? EXIT_DONE : fail(&err);
}
