/*-------------------------------------------------------------------------
 *
 * commands/check.c
 *	  The command "check": all that publishing needs, and how to repair it.
 *
 *-------------------------------------------------------------------------
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/exit.h"
#include "base/memory.h"
#include "commands/check.h"
#include "commands/check_query.inc"
#include "config/tables.h"
#include "decoder/protocol.h"
#include "kafka/check.h"
#include "kafka/probe.h"
#include "kafka/state_topic.h"
#include "postgres/connection.h"
#include "postgres/start.h"
#include "relay/maintenance_role.h"

/* The extension, which need not be there. */
static const char extension_query[] =
	"SELECT extversion, extversion = '" PG_OUTBOX_VERSION "'"
	" FROM pg_catalog.pg_extension WHERE extname = 'pg_outbox'";

/* The types of parameters (pg_type.dat); they never change. */
#define TEXTOID 25
#define TEXTARRAYOID 1009

/* How long the plugin may take to start, which waits for transactions. */
#define PLUGIN_TIMEOUT_MS 5000

/* The name of a slot that goes with the connection; a process id is in it. */
#define TEMPORARY_SLOT "pg_outbox_check_%d"

/* A check under way. */
typedef struct Check
{
	const Config *config;
	const char *slot;
	PGconn *ordinary; /* not for replication, so it takes parameters */
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

/* Prints the rows of a query like sql/check.sql: item, ok, detail, remedy. */
static void
report_rows(Check *check, const PGresult *result)
{
	for (int i = 0; i < PQntuples(result); i++)
		report(check, PQgetvalue(result, i, 1)[0] == 't',
			   PQgetvalue(result, i, 2), PQgetvalue(result, i, 3));
}

/* The extension has the relay's version, if it is there. */
static void
check_extension(Check *check)
{
	PGresult *result;
	PgErrorClass error_class;
	Error text;

	result = pgconn_query(check->config, check->ordinary, extension_query,
						  &error_class, &text);
	if (result != NULL && PQntuples(result) == 1)
	{
		error_set(&text, "extension pg_outbox has version %s, the relay %s",
				  PQgetvalue(result, 0, 0), PG_OUTBOX_VERSION);
		report(check, PQgetvalue(result, 0, 1)[0] == 't', text.text,
			   "ALTER EXTENSION pg_outbox UPDATE;");
	}
	PQclear(result);
}

/* What [maintenance] asks for, if it is used. */
static void
check_maintenance(Check *check)
{
	Error what;
	Error remedy;

	if (config_text(check->config, CONFIG_MAINTENANCE_INTERVAL) != NULL)
		report(check, maintenance_role_check(check->config, &what, &remedy),
			   what.text, remedy.text);
}

/*
 * All that the server shows.  By the query itself, not by the extension's
 * function: the relay's role, which has REPLICATION, runs no code that is kept
 * in the database.
 */
static void
check_server(Check *check)
{
	static const Oid types[] = {TEXTOID, TEXTOID, TEXTARRAYOID, TEXTARRAYOID,
								TEXTARRAYOID};
	const char *tables = config_plain_tables(check->config);
	/*
	 * What columns are needed is the decoder's to say, and what a pattern
	 * stands for; see check_plugin().
	 */
	const char *values[] = {check->slot, tables != NULL ? tables : "", "{}",
							"{}", "{}"};
	PgErrorClass error_class;
	Error err;
	PGresult *result =
		pgconn_query_params(check->config, check->ordinary, check_query, 5,
							types, values, &error_class, &err);

	if (result == NULL)
		report(check, false, err.text, NULL);
	else
		report_rows(check, result);
	PQclear(result);
}

/* Starts the plugin as the relay does, and tells what came of it. */
static PgStartResult
try_plugin(const Check *check, const PgStartPlan *plan,
		   PgErrorClass *error_class, Error *err)
{
	PgStart *start = pgstart_new(check->config, plan);
	int64_t until = clock_ms() + PLUGIN_TIMEOUT_MS;
	PgStartResult result;
	Error blocked = {"the server does not answer"};

	pgstart_connect(start);
	while ((result = pgstart_await(start, -1, until, error_class, err)) ==
		   PGSTART_BLOCKED)
		blocked = *err;
	if (result == PGSTART_WAIT)
		error_set(err, "plugin pg_outbox did not start within %d s: %s",
				  PLUGIN_TIMEOUT_MS / 1000, blocked.text);
	pgstart_free(start);
	return result;
}

/* Tells whether somebody streams from the relay's slot. */
static bool
is_at_work(const Check *check)
{
	char query[PGSLOT_QUERY_LENGTH];
	PgErrorClass error_class;
	Error err;
	PgSlot found;
	PGresult *result;
	bool active;

	pgslot_look_query(check->slot, query);
	result =
		pgconn_query(check->config, check->ordinary, query, &error_class, &err);
	active = pgslot_read(result, &found) && *found.active_pid != '\0';
	PQclear(result);
	return active;
}

/*
 * The plugin: there, allowed, of our version, and happy with [outbox].  On a
 * temporary slot; if none is free, on the relay's own, from which nothing is
 * read.
 */
static void
check_plugin(Check *check)
{
	char name[64];
	PgStartPlan plan = {.slot = name,
						.may_create = true,
						.kind = PG_SLOT_TEMPORARY,
						.is_temporary = true};
	PgStartResult result;
	PgErrorClass error_class = PG_ERROR_LOST;
	Error err;

	snprintf(name, sizeof(name), TEMPORARY_SLOT, (int) getpid());
	result = try_plugin(check, &plan, &error_class, &err);
	if (result == PGSTART_FAILED && error_class == PG_ERROR_NO_SLOT)
	{
		plan = (PgStartPlan){.slot = check->slot};
		result = try_plugin(check, &plan, &error_class, &err);
	}
	if (result == PGSTART_STARTED)
		report(check, true,
			   "plugin pg_outbox starts with the options of section [outbox]",
			   NULL);
	else if (result == PGSTART_BUSY ||
			 (error_class == PG_ERROR_NO_SENDER && is_at_work(check)))
		report(check, true,
			   "plugin pg_outbox is at work for a relay; with these options "
			   "it was not tried, since that relay has the last slot or "
			   "walsender",
			   NULL);
	else
		report(check, false, err.text, NULL);
}

/* The side of PostgreSQL. */
static void
check_postgres(Check *check)
{
	PGresult *result;
	PgErrorClass error_class;
	Error err;
	char what[120];

	check->ordinary = pgconn_open_ordinary(check->config);
	result = pgconn_query(check->config, check->ordinary, "SELECT",
						  &error_class, &err);
	if (result == NULL)
		report(check, false, err.text, NULL);
	else
	{
		snprintf(what, sizeof(what), "PostgreSQL %s answers",
				 PQparameterStatus(check->ordinary, "server_version"));
		report(check, true, what, NULL);
		/* Before there is a walsender or slot of ours, which would count. */
		check_extension(check);
		check_server(check);
		check_maintenance(check);
		check_plugin(check);
	}
	PQclear(result);
	PQfinish(check->ordinary);
}

/* A topic that is known before there is an event. */
static void
check_topic(Check *check, const KafkaBrokers *brokers, const char *topic)
{
	KafkaTopicState state;
	Error answer;

	state = kafka_check_topic(check->config, topic, &answer);
	if (state == KAFKA_TOPIC_MISSING &&
		(brokers->create_topics ||
		 config_text(check->config, CONFIG_RELAY_CREATE_TOPICS) != NULL))
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
	const char *limit =
		config_text(check->config, CONFIG_OUTBOX_MAX_EVENT_BYTES);
	long most =
		limit != NULL ? strtol(limit, NULL, 10) : PROTOCOL_MAX_EVENT_BYTES;
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

/* What to do where a broker names an address that is none. */
#define REACH_BROKER \
	"set its advertised.listeners to an address that the relay reaches"

/* Whether the brokers can be reached, and let the relay produce. */
static void
check_brokers(Check *check, const KafkaBrokers *brokers)
{
	report(check, brokers->reached,
		   brokers->reached ? "every broker can be reached where it says it is"
							: brokers->unreachable.text,
		   REACH_BROKER);
	report(check, brokers->accepts,
		   brokers->accepts ? "Kafka accepts the idempotent producer"
							: brokers->refusal.text,
		   "allow the relay's principal WRITE on its topics");
}

/* The topic that has the position of exactly-once delivery. */
static void
check_state_topic(Check *check, const char *system)
{
	char topic[STATE_TOPIC_SIZE];
	char key[STATE_KEY_SIZE];
	StateAnswer state;
	StateResult result;
	Error answer;

	state_topic_name(check->config, topic);
	state_record_key(system, check->slot, key);
	result = state_topic_read(check->config, key, NULL, &state);
	error_set(&answer, "state topic \"%s\" serves", topic);
	if (result == STATE_MISSING)
	{
		result = state_topic_create(check->config, true, &state.err);
		error_set(&answer, "state topic \"%s\" can be created", topic);
	}
	if (result == STATE_UNAVAILABLE || result == STATE_REFUSED)
		report(check, false, state.err.text, NULL);
	else if (state.brokers > 1 && state.replicas == 1)
	{
		error_set(&answer,
				  "state topic \"%s\" is on one of %d brokers: with that "
				  "one's disk the position is lost",
				  topic, state.brokers);
		report(check, false, answer.text,
			   "kafka-reassign-partitions.sh, to give it more replicas");
	}
	else
		report(check, true, answer.text, NULL);
}

/* What delivery exactly once needs. */
static void
check_exactly_once(Check *check)
{
	char system[PG_SYSTEM_SIZE];
	Error answer;
	bool ok;

	/* Why PostgreSQL does not say who it is has been reported. */
	if (!config_is_exactly_once(check->config) ||
		!pgconn_identify(check->config, system, &answer))
		return;
	ok = kafka_probe_transactions(check->config, system, &answer);
	report(check, ok, answer.text, NULL);
	check_state_topic(check, system);
}

/* The side of Kafka. */
static void
check_kafka(Check *check)
{
	KafkaBrokers brokers;
	const char *on_error = config_text(check->config, CONFIG_RELAY_ON_ERROR);
	const char *topic = config_text(check->config, CONFIG_OUTBOX_TOPIC);
	Error answer;

	if (!kafka_check_brokers(check->config, &brokers, &answer))
	{
		report(check, false, answer.text, brokers.named ? REACH_BROKER : NULL);
		return;
	}
	report(check, true, answer.text, NULL);
	check_brokers(check, &brokers);
	check_size(check, &brokers);
	/* A template is a topic of its own if it names no column. */
	if (topic != NULL && strchr(topic, '$') == NULL)
		check_topic(check, &brokers, topic);
	if (strcmp(on_error, "dead-letter") == 0)
		check_topic(check, &brokers,
					config_text(check->config, CONFIG_RELAY_DEAD_LETTER_TOPIC));
	check_exactly_once(check);
}

int
command_check(const Config *config, const Arguments *arguments)
{
	Check check = {.config = config,
				   .slot = config_text(config, CONFIG_RELAY_SLOT)};

	(void) arguments;
	check_postgres(&check);
	check_kafka(&check);
	return check.failed ? EXIT_FOUND : EXIT_DONE;
}
