/*-------------------------------------------------------------------------
 *
 * postgres/failure.c
 *	  The error of a connection or of a result.
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#include "postgres/failure.h"

/* Room for the message of a connection that failed; more is cut. */
#define MESSAGE_SIZE 1024

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/*
 * Finds the SQLSTATE in the text of a failed connection, which libpq writes
 * as "FATAL:  28P01: password ..." with PQERRORS_VERBOSE (fe-protocol3.c,
 * pqBuildErrorMessage3).  The last one counts: it is that of the last host.
 * Empty if there is none: the server did not answer.
 */
static void
find_state(const char *message, char state[6])
{
	state[0] = '\0';
	for (const char *p = message; (p = strstr(p, ":  ")) != NULL;)
	{
		int i = 0;

		p += 3;
		while (i < 5 &&
			   (isdigit((unsigned char) p[i]) || isupper((unsigned char) p[i])))
			i++;
		if (i == 5 && p[5] == ':')
			snprintf(state, 6, "%.5s", p);
	}
}

/* What libpq puts between the parts of a message, and what stands for it. */
static const struct
{
	const char *found;
	const char *written;
	bool drops_line;
} separators[] = {
	{"\nLOCATION:", "", true}, /* a source file of the server */
	{"\nDETAIL:  ", ". ", false},
	{"\nHINT:  ", ". Hint: ", false},
	{"\n\t", ". ", false},
	{"\n", "; ", false}, /* the next host's message */
	{"FATAL:  ", "FATAL: ", false},
};

/*
 * Copies the message of a failed connection in one line, without the SQLSTATEs
 * that PQERRORS_VERBOSE brings.
 */
static void
copy_message(const char *message, const char *state, char copy[MESSAGE_SIZE])
{
	FILE *out = fmemopen(copy, MESSAGE_SIZE, "w");
	size_t i;

	while (out != NULL && *message != '\0')
	{
		for (i = 0; i < LENGTH(separators); i++)
		{
			size_t len = strlen(separators[i].found);

			if (strncmp(message, separators[i].found, len) != 0)
				continue;
			message += len;
			if (separators[i].drops_line)
				message += strcspn(message, "\n");
			if (*message != '\0')
				fputs(separators[i].written, out);
			break;
		}
		if (i < LENGTH(separators))
			continue;
		if (*state != '\0' && strncmp(message, state, 5) == 0 &&
			strncmp(message + 5, ": ", 2) == 0)
			message += 7;
		else
			fputc(*message++, out);
	}
	if (out != NULL)
		fclose(out);
	copy[MESSAGE_SIZE - 1] = '\0';
}

/* The error of a connection, which is a text only. */
static PgErrorClass
judge_connection(const PGconn *conn, const PgSituation *situation, Error *err)
{
	const char *text = PQerrorMessage(conn);
	char state[6];
	char message[MESSAGE_SIZE];
	PgReport report = {.connecting = true, .message = message};

	find_state(text, state);
	copy_message(text, state, message);
	if (*state != '\0')
		report.state = state;
	return pgerror_judge(&report, situation, err);
}

PgErrorClass
pgfailure_judge(const PGconn *conn, const PGresult *result, const char *slot,
				const char *libraries, Error *err)
{
	PgSituation situation = {.slot = slot,
							 .role = PQuser(conn),
							 .libraries = libraries};
	PgReport report;

	if (result == NULL)
		return judge_connection(conn, &situation, err);
	report =
		(PgReport){.state = PQresultErrorField(result, PG_DIAG_SQLSTATE),
				   .message =
					   PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY),
				   .detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL),
				   .hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT),
				   .context = PQresultErrorField(result, PG_DIAG_CONTEXT)};
	if (report.message == NULL)
		report.message = PQresultErrorMessage(result);
	return pgerror_judge(&report, &situation, err);
}

bool
pgfailure_is_answer(const PGconn *conn, const PGresult *result)
{
	char state[6];

	if (result != NULL)
		return PQresultErrorField(result, PG_DIAG_SQLSTATE) != NULL;
	find_state(PQerrorMessage(conn), state);
	return *state != '\0';
}
