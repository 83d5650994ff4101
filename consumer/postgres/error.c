/*-------------------------------------------------------------------------
 *
 * postgres/error.c
 *	  What an error of PostgreSQL means to the relay.
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "postgres/error.h"

/* SQLSTATEs that end by themselves: the first two or all five characters. */
static const char *const passing_states[] = {"08",    "53",    "57P01", "57P02",
											 "57P03", "57P05", NULL};

/* Tells whether an SQLSTATE is in a list of states and classes. */
static bool
state_in(const char *state, const char *const *list)
{
	for (; *list != NULL; list++)
	{
		if (strncmp(state, *list, strlen(*list)) == 0)
			return true;
	}
	return false;
}

/*
 * Finds the SQLSTATE in the text of a failed connection, which libpq writes
 * as "FATAL:  28P01: password ..." with PQERRORS_VERBOSE (fe-protocol3.c,
 * pqBuildErrorMessage3).  Empty without one: the server did not answer.
 */
static void
find_state(const char *message, char state[6])
{
	const char *p = strstr(message, ":  ");

	state[0] = '\0';
	if (p == NULL)
		return;
	p += 3;
	for (int i = 0; i < 5; i++)
	{
		if (!isdigit((unsigned char) p[i]) && !isupper((unsigned char) p[i]))
			return;
	}
	if (p[5] == ':')
		snprintf(state, 6, "%.5s", p);
}

/*
 * The message of a failed connection in one line: without the SQLSTATE and
 * the LOCATION line that PQERRORS_VERBOSE brings.
 */
static void
connection_error(const char *message, const char *state, Error *err)
{
	const char *location = strstr(message, "\nLOCATION:");
	size_t len = location ? (size_t) (location - message) : strlen(message);
	const char *code = *state ? strstr(message, state) : NULL;

	while (len > 0 && isspace((unsigned char) message[len - 1]))
		len--;
	if (code == NULL)
		error_set(err, "%.*s", (int) len, message);
	else
		error_set(err, "%.*s%.*s", (int) (code - message), message,
				  (int) (len - (size_t) (code - message) - 7), code + 7);
}

/* The server's message, with its hint and context, in one line. */
static void
result_error(const PGresult *result, Error *err)
{
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
	const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
	const char *context = PQresultErrorField(result, PG_DIAG_CONTEXT);

	error_set(err, "%s%s%s%s%s%s%s%s",
			  message ? message : PQresultErrorMessage(result),
			  detail ? "; " : "", detail ? detail : "", hint ? "; " : "",
			  hint ? hint : "", context ? " (" : "", context ? context : "",
			  context ? ")" : "");
}

/*
 * The present value of output_plugin_libraries, which only roles with
 * pg_read_all_settings may see; else its default.  The caller frees it.
 */
static char *
plugin_libraries(PGconn *conn)
{
	PGresult *result =
		PQexec(conn, "SELECT setting FROM pg_catalog.pg_settings "
					 "WHERE name = 'output_plugin_libraries'");
	char *libraries;

	if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1 &&
		PQgetvalue(result, 0, 0)[0] != '\0')
		libraries = xstrdup(PQgetvalue(result, 0, 0));
	else
		libraries = xstrdup("pgoutput, test_decoding");
	PQclear(result);
	return libraries;
}

/* The server does not allow the plugin (logical.c, LoadOutputPlugin). */
static void
plugin_not_allowed(PGconn *conn, Error *err)
{
	char *libraries = plugin_libraries(conn);

	error_set(err,
			  "the server does not allow the output plugin pg_outbox; as a "
			  "superuser: ALTER SYSTEM SET output_plugin_libraries = %s, "
			  "pg_outbox; SELECT pg_reload_conf();",
			  libraries);
	free(libraries);
}

/* The server or the slot is not as it has to be: adds what repairs it. */
static void
add_remedy(const char *slot, Error *err)
{
	Error reason = *err;

	if (strstr(reason.text, "wal_level") != NULL)
		error_set(err,
				  "%s; as a superuser: ALTER SYSTEM SET wal_level = logical; "
				  "then restart the server",
				  reason.text);
	else if (strstr(reason.text, "invalidated") != NULL)
		error_set(err,
				  "%s; what it had not confirmed is lost to it: pg_outbox "
				  "drop-slot and create-slot --slot %s, publish the rows that "
				  "are missing by other means, and raise "
				  "max_slot_wal_keep_size",
				  reason.text, slot);
}

/* Classifies what the server answered to a command. */
static PgErrorClass
classify_result(PGconn *conn, const PGresult *result, const char *state,
				const char *slot, Error *err)
{
	result_error(result, err);
	if (strcmp(state, "55006") == 0)
		return PG_ERROR_BUSY;
	if (strcmp(state, "42704") == 0)
	{
		error_set(err,
				  "slot \"%s\" does not exist; create it with: pg_outbox "
				  "create-slot --slot %s (events committed before that are "
				  "not in it)",
				  slot, slot);
		return PG_ERROR_MISSING;
	}
	if (strcmp(state, "55000") == 0)
		add_remedy(slot, err);
	else if (strcmp(state, "42501") == 0 && strstr(err->text, "output plugin"))
		plugin_not_allowed(conn, err);
	else if (strcmp(state, "58P01") == 0)
		error_set(err, "the output plugin pg_outbox is not installed on this "
					   "server; install pg_outbox.so there (make install)");
	return PG_ERROR_REFUSED;
}

PgErrorClass
pgerror_classify(PGconn *conn, const PGresult *result, const char *slot,
				 Error *err)
{
	/* Configuration that is wrong however often one tries. */
	static const char *const refused[] = {"28", "3D000", "42501", NULL};
	const char *code =
		result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	char state[6];

	if (code != NULL)
	{
		if (!state_in(code, passing_states))
			return classify_result(conn, result, code, slot, err);
		result_error(result, err);
		return PG_ERROR_LOST;
	}
	find_state(PQerrorMessage(conn), state);
	connection_error(PQerrorMessage(conn), state, err);
	return *state && state_in(state, refused) ? PG_ERROR_REFUSED
											  : PG_ERROR_LOST;
}
