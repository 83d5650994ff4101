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
#include "kafka/state_topic.h"
#include "postgres/connection.h"
#include "postgres/slot_status.h"

/* A slot that is there, but not one of ours. */
static const char foreign_format[] =
	"SELECT coalesce(plugin, 'none: it is for physical replication')"
	" FROM pg_catalog.pg_replication_slots WHERE slot_name = '%s'";

/* Prints a row as aligned lines. */
static void
print_row(const PGresult *result)
{
	for (int i = 0; i < PQnfields(result); i++)
		printf("%-20s %s\n", PQfname(result, i),
			   PQgetisnull(result, 0, i) ? "-" : PQgetvalue(result, 0, i));
}

/* Says why there is nothing to show. */
static PgErrorClass
explain_missing(const Config *config, PGconn *conn, const char *slot,
				Error *err)
{
	char query[200];
	PgErrorClass error_class;
	PGresult *result;

	snprintf(query, sizeof(query), foreign_format, slot);
	result = pgconn_query(config, conn, query, &error_class, err);
	if (result == NULL)
		return error_class;
	if (PQntuples(result) == 1)
		error_set(err,
				  "slot \"%s\" is not of plugin pg_outbox: its plugin is %s",
				  slot, PQgetvalue(result, 0, 0));
	else
		error_set(err, "slot \"%s\" does not exist", slot);
	PQclear(result);
	return PG_ERROR_MISSING;
}

/*
 * What Kafka says is published, with delivery exactly once, as two columns that
 * are put behind those of the slot.
 */
static void
write_published(const Config *config, char *columns, size_t size)
{
	char system[PG_SYSTEM_SIZE];
	char key[STATE_KEY_SIZE];
	StateAnswer state;
	Error err;

	*columns = '\0';
	if (!config_is_exactly_once(config))
		return;
	snprintf(columns, size,
			 ", NULL::pg_catalog.pg_lsn AS published, "
			 "NULL::bigint AS published_timeline");
	/* Why not is said by what follows. */
	if (!pgconn_identify(config, system, &err))
		return;
	state_record_key(system, config_text(config, CONFIG_RELAY_SLOT), key);
	switch (state_topic_read(config, key, NULL, &state))
	{
		case STATE_FOUND:
			snprintf(columns, size,
					 ", '" LSN_FORMAT "'::pg_catalog.pg_lsn AS published, "
					 "%u::bigint AS published_timeline",
					 LSN_ARGS(state.record.lsn), state.record.timeline);
			break;
		case STATE_UNAVAILABLE:
		case STATE_REFUSED:
			fprintf(stderr, "pg_outbox: %s\n", state.err.text);
			break;
		case STATE_NONE:
		case STATE_MISSING:
			break;
	}
}

int
command_status(const Config *config, const Arguments *arguments)
{
	const char *slot = config_text(config, CONFIG_RELAY_SLOT);
	bool json = arguments->json;
	PGconn *conn = pgconn_open(config);
	char published[160];
	char slot_query[PGSLOT_STATUS_QUERY_SIZE];
	char query[PGSLOT_STATUS_QUERY_SIZE + 300];
	PGresult *result;
	PgErrorClass error_class;
	Error err;
	int status = EXIT_DONE;

	pgslot_status_query(slot, slot_query);
	write_published(config, published, sizeof(published));
	snprintf(query, sizeof(query),
			 json ? "SELECT pg_catalog.row_to_json(s) FROM "
					"(SELECT s.*%s FROM (%s) s) s"
				  : "SELECT s.*%s FROM (%s) s",
			 published, slot_query);
	result = pgconn_query(config, conn, query, &error_class, &err);
	if (result != NULL && PQntuples(result) == 0)
	{
		PQclear(result);
		result = NULL;
		error_class = explain_missing(config, conn, slot, &err);
	}
	if (result == NULL)
	{
		fprintf(stderr, "pg_outbox: %s\n", err.text);
		status = pgerror_exit_status(error_class);
	}
	else if (json)
		printf("%s\n", PQgetvalue(result, 0, 0));
	else
		print_row(result);
	PQclear(result);
	PQfinish(conn);
	return status;
}
