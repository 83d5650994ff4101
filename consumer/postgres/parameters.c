/*-------------------------------------------------------------------------
 *
 * postgres/parameters.c
 *	  What a connection is made with: the section [postgres], and what
 *	  [maintenance] says otherwise.
 *
 *-------------------------------------------------------------------------
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "config/nearest.h"
#include "config/settings.h"
#include "postgres/hosts.h"
#include "postgres/parameters.h"

/*
 * The decoder prints a value of a type it has no code of its own for with the
 * type's output function, so what that depends on is pinned, as
 * libpqwalreceiver.c does; so is where names are looked up, since the owner of
 * the database may set a search_path with operators of his own in front, and
 * the relay's role has REPLICATION.  And a role may have time limits of its
 * own, which are for the statements of people.
 */
static const char pinned_settings[] =
	"-c search_path=pg_catalog "
	"-c datestyle=ISO "
	"-c intervalstyle=postgres "
	"-c extra_float_digits=1 "
	"-c timezone=UTC "
	"-c statement_timeout=0 "
	"-c lock_timeout=0 "
	"-c idle_in_transaction_session_timeout=0";

/* What the relay sets itself, over whatever [postgres] says. */
static const char *const own_keywords[] = {"replication", "client_encoding",
										   NULL};

/* A key of ours: where the password is read from. */
#define PASSWORD_FILE "password_file"

/* Keywords with an item for each host. */
static const char *const list_keywords[] = {"host", "hostaddr", "port"};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

const char *const *
pgparameters_names(void)
{
	static const char *names[PGPARAMETERS_MAX + 2];
	static PQconninfoOption *options;
	size_t n = 0;

	if (options != NULL)
		return names;
	options = PQconndefaults();
	if (options == NULL)
		xalloc_failed();
	for (PQconninfoOption *o = options;
		 o->keyword != NULL && n < PGPARAMETERS_MAX; o++)
		names[n++] = o->keyword;
	names[n++] = PASSWORD_FILE;
	names[n] = NULL;
	return names;
}

/*
 * Writes what libpq says of a connection string, which it may quote, and with
 * it a password.  The name of a parameter may be shown; of all else that is
 * quoted only a single character is, as "=".
 */
static void
explain_conninfo(const char *message, Error *err)
{
	static const char *const unknown[] = {"invalid URI query parameter: \"",
										  "invalid connection option \""};
	char *masked = xmalloc(4 * strlen(message) + 1);
	char *end = masked;

	for (size_t i = 0; i < LENGTH(unknown); i++)
	{
		size_t len = strlen(unknown[i]);
		const char *nearest;

		if (strncmp(message, unknown[i], len) != 0)
			continue;
		snprintf(masked, strlen(message) + 1, "%.*s",
				 (int) strcspn(message + len, "\""), message + len);
		nearest = nearest_name(masked, pgparameters_names());
		error_set(err, "-d: %s%s\"%s%s%s", unknown[i], masked,
				  nearest ? "; did you mean \"" : "", nearest ? nearest : "",
				  nearest ? "\"?" : "");
		free(masked);
		return;
	}
	for (const char *p = message; *p != '\0' && *p != '\n'; p++)
	{
		const char *quote = *p == '"' ? strchr(p + 1, '"') : NULL;

		*end++ = *p;
		if (quote == NULL)
			continue;
		if (quote == p + 2)
			*end++ = p[1];
		else
			end = stpcpy(end, "...");
		*end++ = '"';
		p = quote;
	}
	*end = '\0';
	error_set(err,
			  "-d: not a connection string (%s); write it as \"host=... "
			  "dbname=... user=...\" or \"postgresql://user@host/dbname\"",
			  masked);
	free(masked);
}

bool
pgparameters_set(Config *config, const char *conninfo, Error *err)
{
	char *message = NULL;
	PQconninfoOption *options = PQconninfoParse(conninfo, &message);
	bool ok = true;

	if (options == NULL)
	{
		explain_conninfo(message != NULL ? message : "out of memory", err);
		PQfreemem(message);
		return false;
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
			  char password[PGPARAMETERS_PASSWORD_SIZE], Error *err)
{
	FILE *file = fopen(path, "re");
	bool ok = file != NULL &&
			  fgets(password, PGPARAMETERS_PASSWORD_SIZE, file) != NULL;

	if (!ok)
		error_set(err, "[%s] password_file: %s: %s", section, path,
				  file == NULL ? strerror(errno) : "it is empty");
	else
		password[strcspn(password, "\r\n")] = '\0';
	if (file != NULL)
		fclose(file);
	return ok;
}

/* Adds one parameter; a later one of the same name wins. */
static void
add(PgParameters *parameters, const char *keyword, const char *value)
{
	if (parameters->count == PGPARAMETERS_MAX)
		return;
	parameters->keywords[parameters->count] = keyword;
	parameters->values[parameters->count] = value;
	parameters->count++;
}

/* For connections that are not the stream's. */
static const char ordinary_settings[] = "-c search_path=pg_catalog "
										"-c jit=off "
										"-c lock_timeout=5s";

/* Tells whether [maintenance] names a role of its own. */
static bool
has_own_role(const Config *config, PgPurpose purpose)
{
	return purpose == PG_PURPOSE_MAINTENANCE &&
		   config_foreign(config, "maintenance", "user") != NULL;
}

const char *
pgparameters_value(const Config *config, PgPurpose purpose, const char *keyword)
{
	const char *value = NULL;

	if (purpose == PG_PURPOSE_MAINTENANCE)
		value = config_foreign(config, "maintenance", keyword);
	return value != NULL ? value : config_foreign(config, "postgres", keyword);
}

/* Adds what a section says; a password only if it is for the role. */
static void
add_section(const Config *config, const char *section, bool with_password,
			PgParameters *parameters)
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
rotate_hosts(const Config *config, PgPurpose purpose, unsigned first,
			 PgParameters *parameters)
{
	for (size_t i = 0; i < LENGTH(list_keywords); i++)
	{
		const char *list =
			pgparameters_value(config, purpose, list_keywords[i]);

		if (list == NULL)
			continue;
		parameters->lists[i] = hosts_rotate(list, first);
		add(parameters, list_keywords[i], parameters->lists[i]);
	}
}

void
pgparameters_collect(const Config *config, PgPurpose purpose,
					 unsigned first_host, PgParameters *parameters)
{
	const char *options = pgparameters_value(config, purpose, "options");
	const char *own =
		purpose == PG_PURPOSE_STREAM ? pinned_settings : ordinary_settings;
	size_t size;

	memset(parameters, 0, sizeof(PgParameters));
	add(parameters, "fallback_application_name", "pg_outbox");
	/* So that a host that is gone is noticed, and the next one tried. */
	add(parameters, "tcp_user_timeout", "10000");
	add(parameters, "keepalives_idle", "10");
	add(parameters, "keepalives_interval", "5");
	add(parameters, "keepalives_count", "3");
	if (purpose == PG_PURPOSE_MAINTENANCE)
		add(parameters, "target_session_attrs", "read-write");
	add_section(config, "postgres", !has_own_role(config, purpose), parameters);
	if (purpose == PG_PURPOSE_MAINTENANCE)
		add_section(config, "maintenance", true, parameters);
	rotate_hosts(config, purpose, first_host, parameters);

	/* The user's settings come later on the command line, and so win. */
	size = strlen(own) + (options ? strlen(options) : 0) + 2;
	parameters->options = xmalloc(size);
	snprintf(parameters->options, size, "%s %s", own, options ? options : "");
	add(parameters, "options", parameters->options);
	add(parameters, "client_encoding", "UTF8");
	if (purpose == PG_PURPOSE_STREAM)
		add(parameters, "replication", "database");
}

void
pgparameters_set_host(PgParameters *parameters, const char *host,
					  const char *address, const char *port)
{
	add(parameters, "host", host);
	add(parameters, "hostaddr", address);
	add(parameters, "port", port);
}

void
pgparameters_release(PgParameters *parameters)
{
	free(parameters->options);
	for (size_t i = 0; i < LENGTH(parameters->lists); i++)
		free(parameters->lists[i]);
}

/*
 * Reserves a port of the loopback address on which nobody listens, so that a
 * connection to it is refused at once.  Returns the socket that holds it.
 */
static int
reserve_port(char port[8])
{
	struct sockaddr_in address = {.sin_family = AF_INET,
								  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int holder = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	bind(holder, (struct sockaddr *) &address, size);
	getsockname(holder, (struct sockaddr *) &address, &size);
	snprintf(port, 8, "%u", (unsigned) ntohs(address.sin_port));
	return holder;
}

/*
 * Adds a list of the same item behind that of hosts or ports, which it counts
 * instead of; libpq reads both.  Returns it, to be freed after the parameters.
 */
static char *
replace_list(PgParameters *parameters, size_t i, const char *item,
			 unsigned count)
{
	char *list = hosts_repeat(item, count);

	add(parameters, list_keywords[i], list);
	return list;
}

/* Puts other hosts in the place of the real ones, as many. */
static void
replace_hosts(const Config *config, PgPurpose purpose, const char *port,
			  PgParameters *parameters, char *lists[LENGTH(list_keywords)])
{
	const char *hosts = pgparameters_value(config, purpose, "host");
	const char *addresses = pgparameters_value(config, purpose, "hostaddr");
	const char *ports = pgparameters_value(config, purpose, "port");

	/* What names them elsewhere (service file, environment) is unknown. */
	if (hosts == NULL && addresses == NULL)
	{
		hosts = "";
		ports = NULL;
	}
	if (hosts != NULL)
		lists[0] = replace_list(parameters, 0, "127.0.0.1", hosts_count(hosts));
	lists[1] = replace_list(parameters, 1, "127.0.0.1",
							hosts_count(addresses != NULL ? addresses : hosts));
	lists[2] = replace_list(parameters, 2, port,
							ports != NULL ? hosts_count(ports) : 1);
}

/* The ports, which are replaced where libpq looks at the rest. */
static bool
check_ports(const Config *config, const char *section, Error *err)
{
	const char *list = config_foreign(config, section, "port");

	while (list != NULL)
	{
		size_t len = strcspn(list, ",");
		char *end;
		long port = strtol(list, &end, 10);

		if (len > 0 && (end != list + len || port < 1 || port > 65535))
			return error_set(err, "[%s] invalid port number: \"%.*s\"", section,
							 (int) len, list);
		list = list[len] == ',' ? list + len + 1 : NULL;
	}
	return true;
}

/* What libpq has against the parameters, from its message; NULL: nothing. */
static const char *
find_reason(const char *message)
{
	/* Before 14 it begins with "could not connect to server". */
	bool tried = strncmp(message, "connection to server", 20) == 0 ||
				 strncmp(message, "could not connect", 17) == 0;
	const char *reason = strstr(message, " failed: ");

	if (!tried)
		return message;
	if (strstr(message, "connection option") == NULL &&
		strstr(message, "keepalives parameter") == NULL)
		return NULL;
	return reason != NULL ? reason + 9 : message;
}

/*
 * Tells whether libpq takes the values.  It looks at them only when it
 * connects, so it is made to, where it is refused.
 */
static bool
check_values(const Config *config, PgPurpose purpose, Error *err)
{
	PgParameters parameters;
	char *lists[LENGTH(list_keywords)] = {NULL};
	char port[8];
	int holder = reserve_port(port);
	PGconn *conn;
	const char *reason;

	pgparameters_collect(config, purpose, 0, &parameters);
	replace_hosts(config, purpose, port, &parameters, lists);
	/* Else the password file is read, and complained of. */
	add(&parameters, "password", "none");
	conn = PQconnectdbParams(parameters.keywords, parameters.values, 0);
	if (conn == NULL)
		xalloc_failed();
	reason = find_reason(PQerrorMessage(conn));
	if (reason != NULL)
		error_set(err, "[%s] %.*s",
				  purpose == PG_PURPOSE_MAINTENANCE ? "maintenance"
													: "postgres",
				  (int) strcspn(reason, "\n"), reason);
	PQfinish(conn);
	pgparameters_release(&parameters);
	for (size_t i = 0; i < LENGTH(lists); i++)
		free(lists[i]);
	close(holder);
	return reason == NULL;
}

/*
 * Every key of a section must be a setting of ours or a keyword that libpq
 * knows and that the relay does not set itself.
 */
static bool
check_section(const Config *config, const char *section, Error *err)
{
	const char *known[2 * PGPARAMETERS_MAX];
	const char *const *keyword = pgparameters_names();
	const char *path = config_foreign(config, section, PASSWORD_FILE);
	char password[PGPARAMETERS_PASSWORD_SIZE];
	size_t n = 0;

	settings_keys(section, known, PGPARAMETERS_MAX);
	while (known[n] != NULL)
		n++;
	while (*keyword != NULL && n < LENGTH(known) - 1)
		known[n++] = *keyword++;
	known[n] = NULL;
	if (!config_check_names(config, section, known, err))
		return false;
	for (int i = 0; own_keywords[i] != NULL; i++)
	{
		if (config_foreign(config, section, own_keywords[i]) != NULL)
			return error_set(err,
							 "[%s] %s cannot be set: the relay sets it itself",
							 section, own_keywords[i]);
	}
	if (path != NULL && !read_password(section, path, password, err))
		return false;
	return check_ports(config, section, err);
}

bool
pgparameters_check(const Config *config, Error *err)
{
	return check_section(config, "postgres", err) &&
		   check_section(config, "maintenance", err) &&
		   check_values(config, PG_PURPOSE_STREAM, err) &&
		   (config_text(config, CONFIG_MAINTENANCE_INTERVAL) == NULL ||
			check_values(config, PG_PURPOSE_MAINTENANCE, err));
}
