/*-------------------------------------------------------------------------
 *
 * postgres/connection.c
 *	  How the relay connects to PostgreSQL: the section [postgres], and what
 *	  [maintenance] says otherwise.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/settings.h"
#include "postgres/connection.h"
#include "postgres/error.h"
#include "postgres/hosts.h"

/*
 * The decoder prints a value of a type it has no code of its own for with the
 * type's output function, so what that depends on is pinned, as
 * libpqwalreceiver.c does; so is where names are looked up, since the owner of
 * the database may set a search_path with operators of his own in front, and
 * the relay's role has REPLICATION.
 */
static const char pinned_settings[] = "-c search_path=pg_catalog "
									  "-c datestyle=ISO "
									  "-c intervalstyle=postgres "
									  "-c extra_float_digits=1 "
									  "-c timezone=UTC";

/* What the relay sets itself, over whatever [postgres] says. */
static const char *const own_keywords[] = {"replication", "client_encoding",
										   NULL};

/* A key of ours: where the password is read from. */
#define PASSWORD_FILE "password_file"

/* Room for every keyword, ours included. */
#define MAX_KEYWORDS 128

/* A longer line of a password file is cut. */
#define PASSWORD_SIZE 1024

/* A connection's parameters, as PQconnectStartParams() takes them. */
typedef struct Parameters
{
	const char *keywords[MAX_KEYWORDS + 1];
	const char *values[MAX_KEYWORDS + 1];
	size_t count;
	char *options;  /* owned */
	char *lists[3]; /* of hosts, addresses and ports; owned */
	char password[PASSWORD_SIZE];
} Parameters;

/* Keywords with an item for each host. */
static const char *const list_keywords[] = {"host", "hostaddr", "port"};

/* What a connection is for. */
typedef enum Purpose
{
	PURPOSE_STREAM,      /* replication commands and SQL without parameters */
	PURPOSE_SQL,         /* SQL */
	PURPOSE_MAINTENANCE, /* SQL as [maintenance] says, on a primary */
} Purpose;

bool
pgconn_set_conninfo(Config *config, const char *conninfo, Error *err)
{
	char *message = NULL;
	PQconninfoOption *options = PQconninfoParse(conninfo, &message);
	bool ok = true;

	if (options == NULL)
	{
		/* libpq's message may quote the string, and with it a password. */
		PQfreemem(message);
		return error_set(err, "-d: not a connection string; write it as "
							  "\"host=... dbname=... user=...\" or "
							  "\"postgresql://user@host/dbname\"");
	}
	for (PQconninfoOption *o = options; ok && o->keyword != NULL; o++)
	{
		if (o->val != NULL)
			ok = config_set(config, "postgres", o->keyword, o->val, "-d", err);
	}
	PQconninfoFree(options);
	return ok;
}

/*
 * Reads the first line of the password_file of a section; false, with the
 * reason in err, if it cannot be.
 */
static bool
read_password(const char *section, const char *path,
			  char password[PASSWORD_SIZE], Error *err)
{
	FILE *file = fopen(path, "re");
	bool ok = file != NULL && fgets(password, PASSWORD_SIZE, file) != NULL;

	if (!ok)
		error_set(err, "[%s] password_file: %s: %s", section, path,
				  file == NULL ? strerror(errno) : "it is empty");
	else
		password[strcspn(password, "\r\n")] = '\0';
	if (file != NULL)
		fclose(file);
	return ok;
}

/*
 * Every key of a section must be a setting of ours or a keyword that libpq
 * knows and that the relay does not set itself.
 */
static bool
check_section(const Config *config, const char *section, Error *err)
{
	PQconninfoOption *options = PQconndefaults();
	const char *known[2 * MAX_KEYWORDS];
	const char *path = config_foreign(config, section, PASSWORD_FILE);
	char password[PASSWORD_SIZE];
	size_t n = 0;
	bool ok;

	settings_keys(section, known, MAX_KEYWORDS);
	while (known[n] != NULL)
		n++;
	for (PQconninfoOption *o = options;
		 o != NULL && o->keyword != NULL && n < 2 * MAX_KEYWORDS - 2; o++)
		known[n++] = o->keyword;
	known[n++] = PASSWORD_FILE;
	known[n] = NULL;
	ok = config_check_names(config, section, known, err);
	PQconninfoFree(options);
	if (ok && path != NULL)
		ok = read_password(section, path, password, err);
	for (int i = 0; ok && own_keywords[i] != NULL; i++)
	{
		if (config_foreign(config, section, own_keywords[i]) != NULL)
			ok = error_set(err,
						   "[%s] %s cannot be set: the relay sets it itself",
						   section, own_keywords[i]);
	}
	return ok;
}

bool
pgconn_check(const Config *config, Error *err)
{
	return check_section(config, "postgres", err) &&
		   check_section(config, "maintenance", err);
}

/* Adds one parameter; a later one of the same name wins. */
static void
add(Parameters *parameters, const char *keyword, const char *value)
{
	if (parameters->count == MAX_KEYWORDS)
		return;
	parameters->keywords[parameters->count] = keyword;
	parameters->values[parameters->count] = value;
	parameters->count++;
}

/* For connections that are not the stream's. */
static const char ordinary_settings[] = "-c search_path=pg_catalog "
										"-c lock_timeout=5s";

/* Tells whether [maintenance] names a role of its own. */
static bool
has_own_role(const Config *config, Purpose purpose)
{
	return purpose == PURPOSE_MAINTENANCE &&
		   config_foreign(config, "maintenance", "user") != NULL;
}

/* The value of a keyword for a purpose, or NULL. */
static const char *
keyword_value(const Config *config, Purpose purpose, const char *keyword)
{
	const char *value = NULL;

	if (purpose == PURPOSE_MAINTENANCE)
		value = config_foreign(config, "maintenance", keyword);
	return value != NULL ? value : config_foreign(config, "postgres", keyword);
}

/* Adds what a section says; a password only if it is for the role. */
static void
add_section(const Config *config, const char *section, bool with_password,
			Parameters *parameters)
{
	const char *key;
	const char *value;
	size_t cursor = 0;
	Error ignored;

	while (config_next(config, section, &cursor, &key, &value))
	{
		bool is_file = strcmp(key, PASSWORD_FILE) == 0;

		if (settings_find(section, key) != NULL)
			continue;
		if (!with_password && (is_file || strcmp(key, "password") == 0))
			continue;
		if (!is_file)
			add(parameters, key, value);
		/* Each time, since it may have changed; without it the server says no.
		 */
		else if (read_password(section, value, parameters->password, &ignored))
			add(parameters, "password", parameters->password);
	}
}

/* Begins with another one of several hosts. */
static void
rotate_hosts(const Config *config, Purpose purpose, unsigned first,
			 Parameters *parameters)
{
	for (size_t i = 0; i < sizeof(list_keywords) / sizeof(list_keywords[0]);
		 i++)
	{
		const char *list = keyword_value(config, purpose, list_keywords[i]);

		if (list == NULL)
			continue;
		parameters->lists[i] = hosts_rotate(list, first);
		add(parameters, list_keywords[i], parameters->lists[i]);
	}
}

/* Collects the parameters of a connection. */
static void
collect(const Config *config, Purpose purpose, unsigned first_host,
		Parameters *parameters)
{
	const char *options = keyword_value(config, purpose, "options");
	const char *own =
		purpose == PURPOSE_STREAM ? pinned_settings : ordinary_settings;
	size_t size;

	memset(parameters, 0, sizeof(Parameters));
	add(parameters, "fallback_application_name", "pg_outbox");
	/* So that a host that is gone is noticed, and the next one tried. */
	add(parameters, "tcp_user_timeout", "10000");
	add(parameters, "keepalives_idle", "10");
	add(parameters, "keepalives_interval", "5");
	add(parameters, "keepalives_count", "3");
	/* For connections that are waited for; the relay has a time of its own. */
	add(parameters, "connect_timeout", "10");
	if (purpose == PURPOSE_MAINTENANCE)
		add(parameters, "target_session_attrs", "read-write");
	add_section(config, "postgres", !has_own_role(config, purpose), parameters);
	if (purpose == PURPOSE_MAINTENANCE)
		add_section(config, "maintenance", true, parameters);
	rotate_hosts(config, purpose, first_host, parameters);

	/* The user's settings come later on the command line, and so win. */
	size = strlen(own) + (options ? strlen(options) : 0) + 2;
	parameters->options = xmalloc(size);
	snprintf(parameters->options, size, "%s %s", own, options ? options : "");
	add(parameters, "options", parameters->options);
	add(parameters, "client_encoding", "UTF8");
	if (purpose == PURPOSE_STREAM)
		add(parameters, "replication", "database");
}

/* Connects, or with wait = false begins to. */
static PGconn *
connect_to_server(const Config *config, Purpose purpose, bool wait,
				  unsigned first_host)
{
	Parameters parameters;
	PGconn *conn;

	collect(config, purpose, first_host, &parameters);
	if (wait)
		conn = PQconnectdbParams(parameters.keywords, parameters.values, 0);
	else
		conn = PQconnectStartParams(parameters.keywords, parameters.values, 0);
	free(parameters.options);
	for (size_t i = 0; i < sizeof(list_keywords) / sizeof(list_keywords[0]);
		 i++)
		free(parameters.lists[i]);
	if (conn == NULL)
		xalloc_failed();
	return conn;
}

PGconn *
pgconn_start(const Config *config, unsigned first_host)
{
	PGconn *conn = connect_to_server(config, PURPOSE_STREAM, false, first_host);

	/* With the SQLSTATE in the text, which is all a failed connection has. */
	PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
	return conn;
}

PGconn *
pgconn_open(const Config *config)
{
	return connect_to_server(config, PURPOSE_STREAM, true, 0);
}

PGconn *
pgconn_open_ordinary(const Config *config)
{
	return connect_to_server(config, PURPOSE_SQL, true, 0);
}

PGconn *
pgconn_start_maintenance(const Config *config)
{
	return connect_to_server(config, PURPOSE_MAINTENANCE, false, 0);
}

PGconn *
pgconn_open_maintenance(const Config *config)
{
	return connect_to_server(config, PURPOSE_MAINTENANCE, true, 0);
}

PGresult *
pgconn_query_params(PGconn *conn, const char *query, int count,
					const Oid *types, const char *const *values,
					const char *slot, Error *err)
{
	PGresult *result;

	if (PQstatus(conn) != CONNECTION_OK)
	{
		pgerror_classify(conn, NULL, slot, err);
		return NULL;
	}
	/* A replication connection takes only what has no parameters. */
	result = count == 0 ? PQexec(conn, query)
						: PQexecParams(conn, query, count, types, values, NULL,
									   NULL, 0);
	if (PQresultStatus(result) == PGRES_TUPLES_OK ||
		PQresultStatus(result) == PGRES_COMMAND_OK)
		return result;
	pgerror_classify(conn, result, slot, err);
	PQclear(result);
	return NULL;
}

PGresult *
pgconn_query(PGconn *conn, const char *query, const char *slot, Error *err)
{
	return pgconn_query_params(conn, query, 0, NULL, NULL, slot, err);
}
