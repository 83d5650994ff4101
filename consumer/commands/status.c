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
#include "commands/status_query.inc"
#include "postgres/connection.h"

/*
 * The slot's name needs no quoting: config_set() took only what a slot's name
 * may be.
 */
static const char condition_format[] =
	" WHERE s.plugin = 'pg_outbox' AND s.slot_name = '%s'";

/* A slot that is there, but not one of ours. */
static const char foreign_format[] =
	"SELECT coalesce(plugin, 'none: it is for physical replication')"
	" FROM pg_catalog.pg_replication_slots WHERE slot_name = '%s'";

#define QUERY_SIZE (sizeof(status_query) + 200)

/* Prints a row as aligned lines. */
static void
print_row(const PGresult *result)
{
	for (int i = 0; i < PQnfields(result); i++)
		printf("%-20s %s\n", PQfname(result, i),
			   PQgetisnull(result, 0, i) ? "-" : PQgetvalue(result, 0, i));
}

/* Says why there is nothing to show. */
static void
report_missing(PGconn *conn, const char *slot)
{
	char query[200];
	PGresult *result;
	Error err;

	snprintf(query, sizeof(query), foreign_format, slot);
	result = pgconn_query(conn, query, slot, &err);
	if (result != NULL && PQntuples(result) == 1)
		fprintf(stderr,
				"pg_outbox: slot \"%s\" is not of plugin pg_outbox: its plugin "
				"is %s\n",
				slot, PQgetvalue(result, 0, 0));
	else
		fprintf(stderr, "pg_outbox: slot \"%s\" does not exist\n", slot);
	PQclear(result);
}

int
command_status(const Config *config, const Arguments *arguments)
{
	const char *slot = config_text(config, CONFIG_RELAY_SLOT);
	bool json = arguments->json;
	PGconn *conn = pgconn_open(config);
	char condition[200];
	char query[QUERY_SIZE + 200];
	PGresult *result;
	Error err;
	int status = EXIT_FAILED;

	snprintf(condition, sizeof(condition), condition_format, slot);
	snprintf(query, sizeof(query),
			 json ? "SELECT pg_catalog.row_to_json(s) FROM (%s %s) s" : "%s %s",
			 status_query, condition);
	result = pgconn_query(conn, query, slot, &err);
	if (result == NULL)
		fprintf(stderr, "pg_outbox: %s\n", err.text);
	else if (PQntuples(result) == 0)
		report_missing(conn, slot);
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
