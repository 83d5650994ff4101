/*-------------------------------------------------------------------------
 *
 * commands/slot_copy.c
 *	  A slot at the position of another one: create-slot --from.
 *
 * pg_copy_logical_replication_slot() copies restart_lsn, confirmed_flush and
 * the horizons of the catalogs, and changes the plugin (slotfuncs.c,
 * copy_replication_slot).  It takes a slot that is active, and one of another
 * database, which becomes a slot of this one: both would lose or repeat events
 * unnoticed, so what it takes is judged here, and its result is compared.
 *
 *-------------------------------------------------------------------------
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#include "base/exit.h"
#include "commands/slot_copy.h"
#include "postgres/connection.h"
#include "postgres/slot.h"

/* The first version that has slots for failover. */
#define FAILOVER_VERSION 170000

/* One copy: who makes it, over what, of what. */
typedef struct Copy
{
	const Config *config;
	PGconn *conn;
	const char *from;
	const char *slot;
	PgErrorClass error_class; /* of the last error */
	Error err;
} Copy;

/* Says why the command failed. */
static int
fail(const Copy *copy, int status)
{
	fprintf(stderr, "pg_outbox: %s\n", copy->err.text);
	return status;
}

/* Runs a command on a slot; NULL, with the reason, if it failed. */
static PGresult *
run(Copy *copy, const char *format, const char *slot, const char *other)
{
	char command[PGSLOT_COMMAND_LENGTH * 2];

	snprintf(command, sizeof(command), format, slot, other);
	return pgconn_query(copy->config, copy->conn, command, &copy->error_class,
						&copy->err);
}

/* Looks at a slot; what is found lives as long as the result. */
static PGresult *
look(Copy *copy, const char *slot, PgSlot *found)
{
	char query[PGSLOT_QUERY_LENGTH];
	PGresult *result;

	pgslot_look_query(slot, query);
	result = pgconn_query(copy->config, copy->conn, query, &copy->error_class,
						  &copy->err);
	if (result != NULL && !pgslot_read(result, found))
	{
		copy->error_class = PG_ERROR_LOST;
		error_set(&copy->err,
				  "the server's answer about slot \"%s\" was not "
				  "understood",
				  slot);
		PQclear(result);
		return NULL;
	}
	return result;
}

/* Tells whether the other slot is one whose position can be taken over. */
static bool
is_logical_here(const PgSlot *found, const char *from, Error *err)
{
	if (!found->exists)
		return error_set(err,
						 "slot \"%s\" does not exist; SELECT slot_name FROM "
						 "pg_replication_slots lists those of this server",
						 from);
	if (!found->is_logical)
		return error_set(err,
						 "slot \"%s\" is a physical slot, as standbys have "
						 "them, and has no position of events",
						 from);
	if (strcmp(found->database, found->connected) != 0)
		return error_set(err,
						 "slot \"%s\" is for database \"%s\", and the "
						 "connection is to \"%s\"; connect to \"%s\"",
						 from, found->database, found->connected,
						 found->database);
	return true;
}

/* The same of its state. */
static bool
is_free(const PgSlot *found, const char *from, Error *err)
{
	/* From 16 on a slot may be invalid for other reasons than missing WAL. */
	if (strcmp(found->wal_status, "lost") == 0 || *found->reason != '\0')
		return error_set(err,
						 "slot \"%s\" was invalidated%s%s: what follows its "
						 "position is lost to it; create a slot without "
						 "--from, and publish the rows since then again with "
						 "outbox.replay()",
						 from, *found->reason != '\0' ? ", " : "",
						 found->reason);
	if (found->is_temporary)
		return error_set(err,
						 "slot \"%s\" is temporary: it belongs to the session "
						 "with PID %s, and ends with it",
						 from, found->active_pid);
	if (*found->active_pid != '\0')
		return error_set(err,
						 "slot \"%s\" is active for PID %s; stop what reads "
						 "it (of Kafka Connect: delete or stop the connector), "
						 "and try again",
						 from, found->active_pid);
	if (!found->is_complete)
		return error_set(err,
						 "slot \"%s\" has no position yet: somebody is "
						 "creating it",
						 from);
	if (found->is_synced && found->server_is_standby)
		return error_set(err,
						 "slot \"%s\" is synchronized from the primary; "
						 "connect to that one",
						 from);
	return true;
}

/* Tells whether the other slot can be copied, and says what was found. */
static bool
check_source(Copy *copy, bool failover)
{
	PgSlot found;
	PGresult *result;
	bool ok;

	copy->error_class = PG_ERROR_CONFIG;
	if (PQstatus(copy->conn) == CONNECTION_OK && failover &&
		PQserverVersion(copy->conn) < FAILOVER_VERSION)
		return error_set(&copy->err,
						 "--failover needs PostgreSQL 17 or later; leave it "
						 "out, and create the slot again after a failover");
	result = look(copy, copy->from, &found);
	if (result == NULL)
		return false;
	/* Whatever it is, somebody can change it: it may work later. */
	copy->error_class = PG_ERROR_LOST;
	ok = is_logical_here(&found, copy->from, &copy->err) &&
		 is_free(&found, copy->from, &copy->err);
	PQclear(result);
	return ok;
}

/*
 * Tells whether the other slot is still where its copy is, and nobody reads it:
 * it may have moved on after it was looked at.
 */
static bool
check_copied(Copy *copy, const PgSlot *made)
{
	PgSlot found;
	PGresult *result = look(copy, copy->from, &found);
	bool ok = false;

	if (result == NULL)
		return false;
	if (!found.exists || strcmp(found.position, made->position) != 0)
		error_set(&copy->err,
				  "slot \"%s\" moved from %s to %s while it was copied: "
				  "somebody reads it; stop what does, and try again",
				  copy->from, made->position,
				  found.exists ? found.position : "its end");
	else
		ok = is_free(&found, copy->from, &copy->err);
	PQclear(result);
	return ok;
}

/* Drops what was made, and says so behind the reason. */
static void
undo(Copy *copy)
{
	Error reason = copy->err;
	PGresult *result =
		run(copy, "DROP_REPLICATION_SLOT \"%s\"", copy->slot, "");

	if (result != NULL)
		error_set(&copy->err, "%s; no slot was created", reason.text);
	else
		error_set(&copy->err,
				  "%s; slot \"%s\" was created and could not be compared: "
				  "drop it with: pg_outbox drop-slot --slot %s",
				  reason.text, copy->slot, copy->slot);
	PQclear(result);
}

/* Makes the copy one that standbys have, too; pg_copy_... never does. */
static bool
let_fail_over(Copy *copy)
{
	PGresult *result =
		run(copy, "ALTER_REPLICATION_SLOT \"%s\" (FAILOVER)", copy->slot, "");

	PQclear(result);
	return result != NULL;
}

/* Creates the slot, compares it and announces it. */
static int
make(Copy *copy, bool failover)
{
	PGresult *result = run(copy,
						   "SELECT pg_catalog.pg_copy_logical_replication_slot("
						   "'%s', '%s', false, 'pg_outbox')",
						   copy->from, copy->slot);
	PgSlot made;
	bool ok;

	if (result == NULL)
		return fail(copy, pgerror_exit_status(copy->error_class));
	PQclear(result);
	result = look(copy, copy->slot, &made);
	ok = result != NULL && check_copied(copy, &made) &&
		 (!failover || let_fail_over(copy));
	if (ok)
		printf("slot \"%s\" created at %s, where slot \"%s\" is: what commits "
			   "from there on will be published; drop \"%s\" once that is so\n",
			   copy->slot, made.position, copy->from, copy->from);
	else
		undo(copy);
	PQclear(result);
	return ok ? EXIT_DONE : fail(copy, EXIT_FAILED);
}

/* Says that the slot was there; sets the status if it was. */
static bool
exists(Copy *copy, bool if_not_exists, int *status)
{
	PgSlot found;
	PGresult *result = look(copy, copy->slot, &found);
	bool there = result == NULL || found.exists;

	if (result == NULL)
		*status = fail(copy, pgerror_exit_status(copy->error_class));
	else if (there && !if_not_exists)
	{
		error_set(&copy->err,
				  "slot \"%s\" exists already; with --if-not-exists it is "
				  "left as it is",
				  copy->slot);
		*status = fail(copy, EXIT_PERSON);
	}
	else if (there && !pgslot_is_ours(&found, copy->slot, &copy->error_class,
									  &copy->err))
		*status = fail(copy, pgerror_exit_status(copy->error_class));
	else if (there)
	{
		printf("slot \"%s\" exists, at %s\n", copy->slot, found.position);
		*status = EXIT_DONE;
	}
	PQclear(result);
	return there;
}

/* Checks the name of the other slot, which stands in queries. */
static bool
check_name(Copy *copy)
{
	Error allowed;

	if (!settings_check(settings_get(CONFIG_RELAY_SLOT), copy->from, &allowed))
		return error_set(&copy->err,
						 "--from: \"%s\" is not the name of a slot: %s",
						 copy->from, allowed.text);
	if (strcmp(copy->from, copy->slot) == 0)
		return error_set(&copy->err,
						 "--from names the slot that is to be created, \"%s\"; "
						 "name that one with --slot",
						 copy->slot);
	return true;
}

int
command_copy_slot(const Config *config, const Arguments *arguments)
{
	Copy copy = {.config = config,
				 .from = arguments->from,
				 .slot = config_text(config, CONFIG_RELAY_SLOT)};
	int status = EXIT_DONE;

	if (!check_name(&copy))
		return fail(&copy, EXIT_USAGE);
	copy.conn = pgconn_open(config);
	if (!exists(&copy, arguments->if_not_exists, &status))
		status = check_source(&copy, arguments->failover)
					 ? make(&copy, arguments->failover)
					 : fail(&copy, pgerror_exit_status(copy.error_class));
	PQfinish(copy.conn);
	return status;
}
