/*-------------------------------------------------------------------------
 *
 * commands/slot.c
 *	  The replication slot: the commands create-slot and drop-slot.
 *
 *-------------------------------------------------------------------------
 */
#include <libpq-fe.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/exit.h"
#include "commands/signals.h"
#include "commands/slot.h"
#include "commands/slot_copy.h"
#include "kafka/state_topic.h"
#include "postgres/connection.h"
#include "postgres/slot.h"
#include "postgres/start.h"

/* How often a slot that somebody else creates is looked at, in ms. */
#define LOOK_AGAIN_MS 1000

/* Says why a command failed. */
static int
fail(PgErrorClass error_class, const Error *err)
{
	fprintf(stderr, "pg_outbox: %s\n", err->text);
	return pgerror_exit_status(error_class);
}

/* Says what is waited for, if it was not said last. */
static void
tell_waiting(const Error *err, Error *told)
{
	if (strcmp(told->text, err->text) != 0)
		fprintf(stderr, "pg_outbox: waiting: %s\n", err->text);
	*told = *err;
}

/* Says that the slot was there. */
static int
tell_exists(const char *slot, const Arguments *arguments,
			const PgStart *creation)
{
	if (arguments->if_not_exists)
	{
		printf("slot \"%s\" exists, at %s\n", slot,
			   pgstart_slot_position(creation));
		return EXIT_DONE;
	}
	fprintf(stderr,
			"pg_outbox: slot \"%s\" exists already; with --if-not-exists it "
			"is left as it is\n",
			slot);
	return EXIT_PERSON;
}

/* Ends the waiting on a signal. */
static int
interrupt(PgStart *creation, int signals)
{
	/* Should the server not answer, the next signal ends us. */
	signals_release(signals);
	pgstart_cancel(creation);
	fprintf(stderr, "pg_outbox: interrupted; the slot was not created\n");
	return EXIT_FAILED;
}

/* Goes on until the slot is there, or cannot be. */
static int
create(PgStart *creation, const char *slot, const Arguments *arguments,
	   int signals)
{
	PgErrorClass error_class;
	Error told = {""};
	Error err;

	for (;;)
	{
		struct pollfd signalled = {.fd = signals, .events = POLLIN};

		switch (pgstart_await(creation, signals, INT64_MAX, &error_class, &err))
		{
			case PGSTART_WAIT:
				return interrupt(creation, signals);
			case PGSTART_BLOCKED:
				tell_waiting(&err, &told);
				break;
			case PGSTART_BUSY:
				tell_waiting(&err, &told);
				if (poll(&signalled, 1, LOOK_AGAIN_MS) > 0)
					return interrupt(creation, signals);
				pgstart_look_again(creation);
				break;
			case PGSTART_EXISTS:
				return tell_exists(slot, arguments, creation);
			case PGSTART_CREATED:
				printf("slot \"%s\" created at %s: what commits from now on "
					   "will be published\n",
					   slot, pgstart_slot_position(creation));
				return EXIT_DONE;
			case PGSTART_STARTED:
			case PGSTART_FAILED:
				return fail(error_class, &err);
		}
	}
}

int
command_create_slot(const Config *config, const Arguments *arguments)
{
	const char *slot = config_text(config, CONFIG_RELAY_SLOT);
	PgStart *creation;
	int status;

	if (arguments->from != NULL)
		return command_copy_slot(config, arguments);
	creation =
		pgstart_new(config, &(PgStartPlan){.slot = slot,
										   .may_create = true,
										   .only_create = true,
										   .kind = arguments->failover
													   ? PG_SLOT_FAILOVER
													   : PG_SLOT_PERMANENT});
	pgstart_connect(creation);
	status = create(creation, slot, arguments, signals_open());
	pgstart_free(creation);
	return status;
}

/* Checks that the slot is one of the plugin's before it is dropped. */
static bool
is_ours(const Config *config, PGconn *conn, const char *slot,
		PgErrorClass *error_class, Error *err)
{
	char query[PGSLOT_QUERY_LENGTH];
	PGresult *result;
	PgSlot found;
	bool ours = false;

	pgslot_look_query(slot, query);
	result = pgconn_query(config, conn, query, error_class, err);
	if (result == NULL)
		return false;
	*error_class = PG_ERROR_REFUSED;
	if (!pgslot_read(result, &found) || !found.exists)
	{
		*error_class = PG_ERROR_MISSING;
		error_set(err, "slot \"%s\" does not exist", slot);
	}
	else if (!found.is_logical)
		error_set(err, "slot \"%s\" is a physical slot; it was not dropped",
				  slot);
	else if (strcmp(found.plugin, "pg_outbox") != 0)
		error_set(err,
				  "slot \"%s\" is not one of pg_outbox: its plugin is \"%s\"; "
				  "it was not dropped",
				  slot, found.plugin);
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
	char topic[STATE_TOPIC_SIZE];
	PGresult *result = NULL;
	PgErrorClass error_class;
	Error err;

	(void) arguments;
	snprintf(command, sizeof(command), "DROP_REPLICATION_SLOT \"%s\"", slot);
	if (is_ours(config, conn, slot, &error_class, &err))
		result = pgconn_query(config, conn, command, &error_class, &err);
	if (result != NULL)
		printf("slot \"%s\" dropped: what it had not yet confirmed will not "
			   "be published\n",
			   slot);
	if (result != NULL && config_is_exactly_once(config))
	{
		state_topic_name(config, topic);
		printf("its last position stays in state topic \"%s\", and counts "
			   "for a slot of this name as far as it is further\n",
			   topic);
	}
	PQclear(result);
	PQfinish(conn);
	return result != NULL ? EXIT_DONE : fail(error_class, &err);
}
