/*-------------------------------------------------------------------------
 *
 * postgres/connection.c
 *	  Connections to PostgreSQL, and single commands over them.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "postgres/connection.h"
#include "postgres/failure.h"
#include "postgres/hosts.h"
#include "postgres/parameters.h"

/*
 * Begins to connect to one of the hosts, or to the server, by its address, that
 * another connection is to (NULL = none).
 */
static PGconn *
start_at(const Config *config, PgPurpose purpose, unsigned first_host,
		 const PGconn *other)
{
	PgParameters parameters;
	PGconn *conn;

	pgparameters_collect(config, purpose, first_host, &parameters);
	if (other != NULL)
		pgparameters_set_host(&parameters, PQhost(other), PQhostaddr(other),
							  PQport(other));
	conn = PQconnectStartParams(parameters.keywords, parameters.values, 0);
	pgparameters_release(&parameters);
	if (conn == NULL)
		xalloc_failed();
	/* With the SQLSTATE in the text, which is all a failed connection has. */
	PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
	return conn;
}

/* The server that the stream is from; NULL = none. */
static const PGconn *stream_conn;

void
pgconn_set_stream(const PGconn *conn)
{
	stream_conn = conn;
}

/*
 * Tells whether a connection is for the server that the stream is from.
 * Maintenance may be for another one, and is for none that is a standby.
 */
static bool
is_beside_stream(const Config *config, PgPurpose purpose)
{
	static const char *const others[] = {"host", "hostaddr", "port",
										 "target_session_attrs"};
	const char *standby;

	if (stream_conn == NULL || purpose == PG_PURPOSE_STREAM)
		return false;
	if (purpose == PG_PURPOSE_SQL)
		return true;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
	{
		if (config_foreign(config, "maintenance", others[i]) != NULL)
			return false;
	}
	standby = PQparameterStatus(stream_conn, "in_hot_standby");
	return standby == NULL || strcmp(standby, "on") != 0;
}

/*
 * Begins to connect to one of the hosts.  While there is a stream its server is
 * the one, by its address: to look up a name could take seconds, in which
 * nothing is delivered.
 */
static PGconn *
start(const Config *config, PgPurpose purpose, unsigned first_host)
{
	return start_at(config, purpose, first_host,
					is_beside_stream(config, purpose) ? stream_conn : NULL);
}

PGconn *
pgconn_start(const Config *config, unsigned first_host)
{
	return start(config, PG_PURPOSE_STREAM, first_host);
}

PGconn *
pgconn_start_maintenance(const Config *config)
{
	return start(config, PG_PURPOSE_MAINTENANCE, 0);
}

PGconn *
pgconn_start_beside(const Config *config, const PGconn *other)
{
	return start_at(config, PG_PURPOSE_SQL, 0, other);
}

int64_t
pgconn_timeout(const Config *config)
{
	const char *seconds = config_foreign(config, "postgres", "connect_timeout");
	long given = seconds != NULL ? strtol(seconds, NULL, 10) : 0;

	return given > 0 ? given * INT64_C(1000)
					 : config_number(config, CONFIG_RELAY_CONNECT_TIMEOUT);
}

/*
 * Waits for the socket until a time in ms of clock_ms(); false if that time has
 * come first.
 */
static bool
wait_for_socket(PGconn *conn, short events, int64_t until)
{
	struct pollfd fd = {.fd = PQsocket(conn), .events = events};
	int64_t left;

	while ((left = until - clock_ms()) > 0)
	{
		if (poll(&fd, 1, (int) left) > 0)
			return true;
	}
	return false;
}

/* Goes on connecting until it is done, or the time is over. */
static bool
complete(PGconn *conn, int64_t until)
{
	PostgresPollingStatusType polling = PGRES_POLLING_WRITING;

	while (PQstatus(conn) != CONNECTION_BAD && polling != PGRES_POLLING_FAILED)
	{
		if (polling == PGRES_POLLING_OK)
			return true;
		if (!wait_for_socket(conn,
							 polling == PGRES_POLLING_READING ? POLLIN
															  : POLLOUT,
							 until))
			return false;
		polling = PQconnectPoll(conn);
	}
	return true;
}

/*
 * Connects.  libpq passes over a host that refuses, but not over one that takes
 * the connection and never answers: then the next one has its turn.
 */
static PGconn *
open_connection(const Config *config, PgPurpose purpose)
{
	const char *hosts = pgparameters_value(config, purpose, "host");
	unsigned count = hosts != NULL ? hosts_count(hosts) : 1;
	PGconn *conn = NULL;

	for (unsigned i = 0; i < count; i++)
	{
		PQfinish(conn);
		conn = start(config, purpose, i);
		if (complete(conn, clock_ms() + pgconn_timeout(config)))
			break;
	}
	return conn;
}

PGconn *
pgconn_open(const Config *config)
{
	return open_connection(config, PG_PURPOSE_STREAM);
}

PGconn *
pgconn_start_ordinary(const Config *config)
{
	return start(config, PG_PURPOSE_SQL, 0);
}

PGconn *
pgconn_open_ordinary(const Config *config)
{
	return open_connection(config, PG_PURPOSE_SQL);
}

PGconn *
pgconn_open_maintenance(const Config *config)
{
	return open_connection(config, PG_PURPOSE_MAINTENANCE);
}

/* A server that does not answer. */
static PGresult *
silent(int64_t timeout_ms, PgErrorClass *error_class, Error *err)
{
	*error_class = PG_ERROR_LOST;
	error_set(err, "PostgreSQL did not answer for %" PRId64 " s",
			  timeout_ms / 1000);
	return NULL;
}

/* The result of the command that was sent: the first one, or NULL if none comes
 * in time. */
static PGresult *
await_result(PGconn *conn, int64_t until)
{
	PGresult *result = NULL;

	for (;;)
	{
		PGresult *next;

		while (PQisBusy(conn))
		{
			if (!wait_for_socket(conn, POLLIN, until))
				return result;
			/* What it failed of is the result then. */
			PQconsumeInput(conn);
		}
		next = PQgetResult(conn);
		if (next == NULL)
			return result;
		if (result == NULL)
			result = next;
		else
			PQclear(next);
	}
}

PGresult *
pgconn_result(const Config *config, PGconn *conn, PgErrorClass *error_class,
			  Error *err)
{
	int64_t timeout = config_number(config, CONFIG_RELAY_RECEIVE_TIMEOUT);
	const char *slot = config_text(config, CONFIG_RELAY_SLOT);
	PGresult *result = await_result(conn, clock_ms() + timeout);

	if (result == NULL && PQstatus(conn) == CONNECTION_OK)
		return silent(timeout, error_class, err);
	if (PQresultStatus(result) == PGRES_TUPLES_OK ||
		PQresultStatus(result) == PGRES_COMMAND_OK)
		return result;
	*error_class = pgfailure_judge(conn, result, slot, NULL, err);
	PQclear(result);
	return NULL;
}

PGresult *
pgconn_query_params(const Config *config, PGconn *conn, const char *query,
					int count, const Oid *types, const char *const *values,
					PgErrorClass *error_class, Error *err)
{
	int sent;

	if (PQstatus(conn) != CONNECTION_OK && PQstatus(conn) != CONNECTION_BAD)
		return silent(pgconn_timeout(config), error_class, err);
	/* A replication connection takes only what has no parameters. */
	sent = PQstatus(conn) == CONNECTION_OK &&
		   (count == 0 ? PQsendQuery(conn, query)
					   : PQsendQueryParams(conn, query, count, types, values,
										   NULL, NULL, 0)) == 1;
	if (sent)
		return pgconn_result(config, conn, error_class, err);
	*error_class =
		pgfailure_judge(conn, NULL, config_text(config, CONFIG_RELAY_SLOT),
						NULL, err);
	return NULL;
}

PGresult *
pgconn_query(const Config *config, PGconn *conn, const char *query,
			 PgErrorClass *error_class, Error *err)
{
	return pgconn_query_params(config, conn, query, 0, NULL, NULL, error_class,
							   err);
}

bool
pgconn_identify(const Config *config, char system[PG_SYSTEM_SIZE], Error *err)
{
	PGconn *conn = pgconn_open(config);
	PgErrorClass error_class;
	PGresult *result =
		pgconn_query(config, conn, "IDENTIFY_SYSTEM", &error_class, err);

	if (result != NULL)
		snprintf(system, PG_SYSTEM_SIZE, "%s", PQgetvalue(result, 0, 0));
	PQclear(result);
	PQfinish(conn);
	return result != NULL;
}
