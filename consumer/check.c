/*-------------------------------------------------------------------------
 *
 * check.c
 *	  The command "check": all that publishing needs, and how to repair it.
 *
 *-------------------------------------------------------------------------
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "envelope.h"
#include "exit.h"
#include "kafkacheck.h"
#include "pgconn.h"
#include "xalloc.h"

/*
 * Each returns rows of (met, what is so, what repairs it), and may use the
 * views of "asked" below.  A query without rows has nothing to say.
 */
static const char *const queries[] = {
	"SELECT setting = 'logical', 'wal_level is ' || setting,"
	"  'ALTER SYSTEM SET wal_level = logical; then restart the server'"
	" FROM pg_catalog.pg_settings WHERE name = 'wal_level'",

	"SELECT rolreplication OR rolsuper, 'role ' || rolname ||"
	"  CASE WHEN rolreplication OR rolsuper THEN ' has REPLICATION'"
	"  ELSE ' lacks REPLICATION' END,"
	"  pg_catalog.format('ALTER ROLE %I REPLICATION;', rolname)"
	" FROM pg_catalog.pg_roles WHERE rolname = current_user",

	"SELECT used < most, used || ' of max_replication_slots = ' || most ||"
	"  ' are used', 'ALTER SYSTEM SET max_replication_slots = ' || most + 10 ||"
	"  '; then restart the server'"
	" FROM (SELECT count(*) AS used FROM pg_catalog.pg_replication_slots"
	"       WHERE slot_name <> (SELECT slot FROM asked)) s,"
	"  (SELECT setting::int AS most FROM pg_catalog.pg_settings"
	"   WHERE name = 'max_replication_slots') m",

	"SELECT slot_name IS NOT NULL, 'slot \"' || slot || '\" ' ||"
	"  CASE WHEN slot_name IS NULL THEN 'does not exist' ELSE 'exists' END,"
	"  'pg_outbox create-slot --slot ' || slot"
	" FROM asked LEFT JOIN pg_catalog.pg_replication_slots"
	"  ON slot_name = slot",

	"SELECT plugin = 'pg_outbox' AND database = current_database(),"
	"  'slot \"' || slot || '\" has plugin ' || coalesce(plugin, 'none') ||"
	"  ' in database ' || coalesce(database, 'none'),"
	"  'use another name with --slot, or the database that it is for'"
	" FROM asked JOIN pg_catalog.pg_replication_slots ON slot_name = slot",

	"SELECT wal_status <> 'lost', 'slot \"' || slot || '\" has its WAL: ' ||"
	"  coalesce(wal_status, 'unknown'),"
	"  'its events are lost: pg_outbox drop-slot and create-slot, publish the "
	"rows of the outbox that are missing by other means, and raise "
	"max_slot_wal_keep_size'"
	" FROM asked JOIN pg_catalog.pg_replication_slots ON slot_name = slot"
	" WHERE wal_status IS NOT NULL",

	"SELECT relation IS NOT NULL, 'table ' || name ||"
	"  CASE WHEN relation IS NULL THEN ' does not exist' ELSE ' exists' END,"
	"  'create it, or name yours in tables of section [outbox]'"
	" FROM asked_tables",

	"SELECT relkind IN ('r', 'p') AND relpersistence = 'p', 'table ' || name ||"
	"  CASE WHEN relkind NOT IN ('r', 'p') THEN ' is no table'"
	"  WHEN relpersistence <> 'p' THEN ' is not in the WAL'"
	"  ELSE ' is in the WAL' END,"
	"  'ALTER TABLE ' || name || ' SET LOGGED; or name a table'"
	" FROM asked_tables JOIN pg_catalog.pg_class c ON c.oid = relation",

	"SELECT bool_or(attname IS NOT NULL), 'table ' || name || "
	"  CASE WHEN bool_or(attname IS NOT NULL)"
	"  THEN ' has ' ELSE ' lacks ' END || 'a column for the ' || purpose ||"
	"  ': ' || string_agg(wanted, ' or '),"
	"  'name the column in ' || purpose || ' of section [outbox]'"
	" FROM asked_tables CROSS JOIN asked_columns"
	" LEFT JOIN pg_catalog.pg_attribute ON attrelid = relation AND attnum > 0"
	"  AND NOT attisdropped AND attname = wanted"
	" WHERE relation IS NOT NULL GROUP BY name, purpose",
};

#define N_QUERIES (sizeof(queries) / sizeof(queries[0]))

/* Goes before each query: what the settings ask for. */
static const char asked_format[] =
	"WITH asked AS (SELECT %s::text AS slot),"
	" asked_tables AS (SELECT pg_catalog.btrim(name) AS name,"
	"  pg_catalog.to_regclass(pg_catalog.btrim(name)) AS relation"
	"  FROM pg_catalog.regexp_split_to_table(%s,"
	"   ',(?=([^\"]*\"[^\"]*\")*[^\"]*$)') AS name),"
	" asked_columns AS (SELECT purpose, wanted FROM (VALUES"
	"   ('topic', CASE WHEN %s THEN '{aggregate_type,aggregatetype}'::text[]"
	"             ELSE '{}' END),"
	"   ('key', coalesce(pg_catalog.parse_ident(%s),"
	"                    '{aggregate_id,aggregateid}')),"
	"   ('payload', coalesce(pg_catalog.parse_ident(%s), '{payload}')))"
	"  AS v (purpose, names), pg_catalog.unnest(names) AS wanted) ";

/* How long the plugin may take to start, which waits for transactions. */
#define PLUGIN_TIMEOUT "SET statement_timeout = '5s'"

/* What max_event_bytes is where it is not set (decoder/options.c). */
#define DEFAULT_MAX_EVENT_BYTES 1000000

/* The name of a slot that goes with the connection; a process id is in it. */
#define TEMPORARY_SLOT "pg_outbox_check_%d"

/* A check under way. */
typedef struct Check
{
	const Config *config;
	const char *slot;
	PGconn *conn;
	char *asked; /* the settings' part of each query; owned */
	bool failed;
} Check;

/* Prints one line. */
static void
report(Check *check, bool met, const char *what, const char *remedy)
{
	if (met)
		printf("ok    %s\n", what);
	else if (remedy == NULL || *remedy == '\0')
		printf("FAIL  %s\n", what);
	else
		printf("FAIL  %s; repair: %s\n", what, remedy);
	check->failed |= !met;
}

/* A setting as a literal of SQL, or NULL; the caller frees it. */
static char *
literal(Check *check, const char *section, const char *key,
		const char *fallback)
{
	const char *value = config_get(check->config, section, key);

	if (value == NULL)
		value = fallback;
	if (value == NULL)
		return xstrdup("NULL");
	return PQescapeLiteral(check->conn, value, strlen(value));
}

/* Writes what the settings ask for. */
static void
write_asked(Check *check)
{
	char *slot = literal(check, "relay", "slot", NULL);
	char *tables = literal(check, "outbox", "tables", "public.outbox");
	char *key = literal(check, "outbox", "key", NULL);
	char *payload = literal(check, "outbox", "payload", NULL);
	bool by_default = config_get(check->config, "outbox", "topic") == NULL &&
					  config_get(check->config, "outbox", "route_by") == NULL;
	size_t size = sizeof(asked_format) + strlen(slot) + strlen(tables) +
				  strlen(key) + strlen(payload) + 16;

	check->asked = xmalloc(size);
	snprintf(check->asked, size, asked_format, slot, tables,
			 by_default ? "true" : "false", key, payload);
	PQfreemem(slot);
	PQfreemem(tables);
	PQfreemem(key);
	PQfreemem(payload);
}

/* Runs one query and prints its rows. */
static void
run_query(Check *check, const char *query)
{
	size_t size = strlen(check->asked) + strlen(query) + 1;
	char *whole = xmalloc(size);
	PGresult *result;
	Error err;

	snprintf(whole, size, "%s%s", check->asked, query);
	result = pgconn_query(check->conn, whole, check->slot, &err);
	if (result == NULL)
		report(check, false, err.text, NULL);
	for (int i = 0; result != NULL && i < PQntuples(result); i++)
		report(check, PQgetvalue(result, i, 0)[0] == 't',
			   PQgetvalue(result, i, 1), PQgetvalue(result, i, 2));
	PQclear(result);
	free(whole);
}

/*
 * Creates a temporary slot, which loads the plugin: that it is installed, and
 * that the server allows it, shows only so.
 */
static bool
create_temporary_slot(Check *check)
{
	char query[160];
	PGresult *result;
	Error err;

	PQclear(PQexec(check->conn, PLUGIN_TIMEOUT));
	snprintf(query, sizeof(query),
			 "SELECT pg_catalog.pg_create_logical_replication_slot("
			 "'" TEMPORARY_SLOT "', 'pg_outbox', true)",
			 (int) getpid());
	result = pgconn_query(check->conn, query, check->slot, &err);
	PQclear(result);
	if (result != NULL)
		return true;
	if (strstr(err.text, "statement timeout") != NULL)
		report(check, false,
			   "plugin pg_outbox did not start within 5 s: a transaction is "
			   "open for long",
			   "end it; see pg_stat_activity, xact_start");
	else
		report(check, false, err.text, NULL);
	return false;
}

/* Writes the query that starts the plugin with what the relay gives it. */
static char *
write_start(const Check *check)
{
	char *query = NULL;
	size_t size;
	FILE *out = open_memstream(&query, &size);
	const char *key;
	const char *value;
	size_t cursor = 0;

	if (out == NULL)
		xalloc_failed();
	fprintf(out,
			"SELECT count(*) FROM pg_catalog.pg_logical_slot_peek_binary_"
			"changes('" TEMPORARY_SLOT "', NULL, 1, 'proto_version', "
			"'" ENVELOPE_VERSION "'",
			(int) getpid());
	while (config_next(check->config, "outbox", &cursor, &key, &value))
	{
		char *quoted = PQescapeLiteral(check->conn, value, strlen(value));

		fprintf(out, ", '%s', %s", key, quoted);
		PQfreemem(quoted);
	}
	fputc(')', out);
	fclose(out);
	return query;
}

/* The plugin: there, allowed, of our version, and happy with [outbox]. */
static void
check_plugin(Check *check)
{
	char *query;
	PGresult *result;
	Error err;

	if (!create_temporary_slot(check))
		return;
	query = write_start(check);
	result = pgconn_query(check->conn, query, check->slot, &err);
	report(check, result != NULL,
		   result != NULL ? "plugin pg_outbox starts with the options of "
							"section [outbox]"
						  : err.text,
		   NULL);
	PQclear(result);
	free(query);
}

/* The side of PostgreSQL. */
static void
check_postgres(Check *check)
{
	PGresult *result;
	Error err;
	char what[120];

	check->conn = pgconn_open(check->config);
	result = pgconn_query(check->conn, "IDENTIFY_SYSTEM", check->slot, &err);
	if (result == NULL)
	{
		report(check, false, err.text, NULL);
		PQfinish(check->conn);
		return;
	}
	snprintf(what, sizeof(what), "PostgreSQL %s answers",
			 PQparameterStatus(check->conn, "server_version"));
	report(check, true, what, NULL);
	PQclear(result);
	write_asked(check);
	for (size_t i = 0; i < N_QUERIES; i++)
		run_query(check, queries[i]);
	check_plugin(check);
	free(check->asked);
	PQfinish(check->conn);
}

/* A topic that is known before there is an event. */
static void
check_topic(Check *check, const KafkaBrokers *brokers, const char *topic)
{
	KafkaTopicState state;
	Error answer;

	state = kafkacheck_topic(check->config, topic, &answer);
	if (state == KAFKA_TOPIC_MISSING &&
		(brokers->create_topics ||
		 config_get(check->config, "relay", "create_topics") != NULL))
		return;
	report(check, state == KAFKA_TOPIC_THERE, answer.text,
		   state == KAFKA_TOPIC_MISSING
			   ? "create it, or set create_topics in [relay]"
		   : state == KAFKA_TOPIC_FORBIDDEN
			   ? "allow the relay's principal WRITE on it"
			   : NULL);
}

/* Whether the brokers take the largest event that the decoder lets pass. */
static void
check_size(Check *check, const KafkaBrokers *brokers)
{
	const char *limit = config_get(check->config, "outbox", "max_event_bytes");
	long most =
		limit != NULL ? strtol(limit, NULL, 10) : DEFAULT_MAX_EVENT_BYTES;
	Error answer;

	if (brokers->max_bytes == 0)
		return;
	error_set(&answer,
			  "Kafka takes %ld bytes (message.max.bytes), an event may have "
			  "%ld",
			  brokers->max_bytes, most);
	report(check, brokers->max_bytes >= most, answer.text,
		   "raise message.max.bytes of the brokers, or lower max_event_bytes "
		   "in section [outbox]");
}

/* The side of Kafka. */
static void
check_kafka(Check *check)
{
	KafkaBrokers brokers;
	const char *on_error = config_get(check->config, "relay", "on_error");
	const char *topic = config_get(check->config, "outbox", "topic");
	Error answer;

	if (!kafkacheck_brokers(check->config, &brokers, &answer))
	{
		report(check, false, answer.text, NULL);
		return;
	}
	report(check, true, answer.text, NULL);
	check_size(check, &brokers);
	/* A template is a topic of its own if it names no column. */
	if (topic != NULL && strchr(topic, '$') == NULL)
		check_topic(check, &brokers, topic);
	if (strcmp(on_error, "dead-letter") == 0)
		check_topic(check, &brokers,
					config_get(check->config, "relay", "dead_letter_topic"));
}

int
check_run(const Config *config)
{
	Check check = {.config = config,
				   .slot = config_get(config, "relay", "slot")};

	check_postgres(&check);
	check_kafka(&check);
	return check.failed ? EXIT_FOUND : EXIT_DONE;
}
