/*-------------------------------------------------------------------------
 *
 * relay/maintenance_role.c
 *	  Which role may maintain the tables.
 *
 *-------------------------------------------------------------------------
 */
#include <libpq-fe.h>
#include <string.h>

#include "config/tables.h"
#include "postgres/connection.h"
#include "relay/maintenance_role.h"
#include "relay/maintenance_role_query.inc"

/*
 * Whether the extension is there, the role may call it, and it has the
 * functions that owned_by_others_query calls: 0.1.0 has not.
 */
static const char rights_query[] =
	"SELECT pg_catalog.to_regnamespace('outbox') IS NOT NULL,"
	" EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.proname = 'maintain'"
	"  AND p.pronamespace = pg_catalog.to_regnamespace('outbox')"
	"  AND pg_catalog.has_schema_privilege(p.pronamespace, 'USAGE')"
	"  AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE')),"
	" EXISTS (SELECT FROM pg_catalog.pg_proc p"
	"  WHERE p.proname = '_partition_key'"
	"  AND p.pronamespace = pg_catalog.to_regnamespace('outbox'))";

/*
 * Which of the tables, $1, the role deletes rows of and makes no partitions
 * for (outbox._ensure_own_partitions); NULL for none.
 */
static const char owned_by_others_query[] =
	"SELECT pg_catalog.string_agg(c.oid::pg_catalog.regclass::text, ', '"
	"  ORDER BY c.oid)"
	" FROM pg_catalog.pg_class c JOIN outbox._split_names($1) AS n"
	"  ON c.oid = pg_catalog.to_regclass(NULLIF(n, ''))"
	" WHERE c.relkind = 'p'"
	"  AND (outbox._partition_key(c.oid)).column_name IS NOT NULL"
	"  AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')";

bool
maintenance_role_ask(PGconn *conn)
{
	const char *user = PQuser(conn);
	char *role = PQescapeIdentifier(conn, user, strlen(user));
	const char *values[] = {role};
	bool sent =
		role != NULL && PQsendQueryParams(conn, maintenance_role_query, 1, NULL,
										  values, NULL, NULL, 0) == 1;

	PQfreemem(role);
	return sent;
}

bool
maintenance_role_allows(PGconn *conn, const PGresult *answer, Error *err)
{
	if (PQntuples(answer) == 0)
		return true;
	return error_set(err,
					 "role \"%s\" %s, and triggers of the table's owner would "
					 "run with its rights; name a role that is for maintenance "
					 "only: user in section [maintenance]",
					 PQuser(conn), PQgetvalue(answer, 0, 0));
}

/* All is well; says so if the role leaves something to the tables' owners. */
static bool
describe_limits(const Config *config, PGconn *conn, const char *tables,
				Error *what)
{
	PgErrorClass error_class;
	PGresult *others =
		pgconn_query_params(config, conn, owned_by_others_query, 1, NULL,
							&tables, &error_class, what);
	bool ok = others != NULL;

	if (ok && !PQgetisnull(others, 0, 0))
		error_set(what,
				  "maintenance runs as role \"%s\", which deletes rows of %s, "
				  "but creates no partitions: only the owner can",
				  PQuser(conn), PQgetvalue(others, 0, 0));
	PQclear(others);
	return ok;
}

/* The role may; whether it can is in the result of rights_query. */
static bool
check_rights(const Config *config, PGconn *conn, const char *tables,
			 Error *what, Error *remedy)
{
	const char *user = PQuser(conn);
	PgErrorClass error_class;
	PGresult *rights =
		pgconn_query(config, conn, rights_query, &error_class, what);
	bool ok = rights != NULL && PQgetvalue(rights, 0, 1)[0] == 't';

	if (ok)
	{
		error_set(what, "maintenance runs as role \"%s\"", user);
		if (PQgetvalue(rights, 0, 2)[0] == 't')
			ok = describe_limits(config, conn, tables, what);
	}
	else if (rights != NULL && PQgetvalue(rights, 0, 0)[0] != 't')
	{
		error_set(what, "maintenance needs the extension, which does not exist "
						"in the database");
		error_set(remedy, "CREATE EXTENSION pg_outbox;");
	}
	else if (rights != NULL)
	{
		error_set(what, "role \"%s\" has no right to do maintenance", user);
		error_set(remedy, "SELECT outbox.grant_cleanup('%s', '%s');", user,
				  tables);
	}
	PQclear(rights);
	return ok;
}

bool
maintenance_role_check(const Config *config, Error *what, Error *remedy)
{
	const char *tables = config_maintained_tables(config);
	PGconn *conn = pgconn_open_maintenance(config);
	PGresult *answer = NULL;
	PgErrorClass error_class;
	bool ok = false;

	error_set(remedy, "see docs/housekeeping.md");
	if (PQstatus(conn) != CONNECTION_OK || !maintenance_role_ask(conn))
		error_set(what, "maintenance cannot connect: %s", PQerrorMessage(conn));
	else if ((answer = pgconn_result(config, conn, &error_class, what)) !=
				 NULL &&
			 !maintenance_role_allows(conn, answer, what))
		error_set(remedy,
				  "CREATE ROLE outbox_janitor LOGIN PASSWORD '...'; SELECT "
				  "outbox.grant_cleanup('outbox_janitor', '%s'); then user = "
				  "outbox_janitor in section [maintenance]",
				  tables);
	else if (answer != NULL)
		ok = check_rights(config, conn, tables, what, remedy);
	PQclear(answer);
	PQfinish(conn);
	return ok;
}
