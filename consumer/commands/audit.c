/*-------------------------------------------------------------------------
 *
 * commands/audit.c
 *	  The command "audit": is every committed row in Kafka?
 *
 * The order of the looks is what makes it true while everything goes on: first
 * the rows, in a snapshot, with a position behind all of its commits; then the
 * slot, and only then the ends of the topics.  If the slot has confirmed that
 * position, the relay had put the event of each of these rows into Kafka
 * before the ends were asked for.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "audit/collect.h"
#include "audit/judge.h"
#include "audit/report.h"
#include "base/exit.h"
#include "commands/audit.h"
#include "kafka/properties.h"
#include "postgres/connection.h"

/* Kafka has to be named, which else is noticed late. */
static bool
check_kafka(const Config *config, Error *err)
{
	rd_kafka_conf_t *conf = kafka_properties_new(config, err);

	if (conf != NULL)
		rd_kafka_conf_destroy(conf);
	return conf != NULL;
}

/* Finds the tables. */
static bool
begin(Audit *audit, int *status, Error *err)
{
	const Config *config = audit->config;

	audit_place_read(&audit->place, config);
	audit_ids_init(&audit->ids);
	if (!check_kafka(config, err))
		return false;
	audit->conn = pgconn_open_ordinary(config);
	return audit_session_begin(config, audit->conn, status, err) &&
		   audit_tables_find(&audit->tables, config, audit->conn, status,
							 err) &&
		   audit_window_check(config, audit->conn, &audit->window,
							  &audit->tables, &audit->since_ms, status, err);
}

/* Adds the topics that are asked for. */
static bool
add_topics(Audit *audit, const char *expression, int *status, Error *err)
{
	size_t count;

	*status = EXIT_USAGE;
	if (expression == NULL)
	{
		*err = audit->tables.topics_unknown;
		return audit->tables.has_topics;
	}
	if (!audit_topics_match(&audit->topics, audit->config, expression, &count,
							status, err))
		return false;
	*status = EXIT_USAGE;
	return count > 0 ||
		   error_set(err, "no topic matches --topics \"%s\"", expression);
}

/* The topic of dead letters is read as well, if there is one. */
static void
add_dead_letters(Audit *audit)
{
	const char *name =
		config_text(audit->config, CONFIG_RELAY_DEAD_LETTER_TOPIC);
	Slice slice = {name, strlen(name)};

	audit_topics_add(&audit->topics, slice);
	audit_topics_find(&audit->topics, slice)->is_dead = true;
}

/* How much earlier than its row a record may be by its time, in ms. */
#define CLOCKS_MS (60 * 60 * INT64_C(1000))

/*
 * The time from which records are read: some before that of the rows, as clocks
 * may differ; and all where option "timestamp" dates them otherwise.
 */
static int64_t
records_since(const Audit *audit)
{
	for (size_t i = 0; i < audit->tables.count; i++)
	{
		if (audit->tables.items[i].has_timestamp)
			return INT64_MIN;
	}
	if (audit->since_ms < CLOCKS_MS)
		return INT64_MIN;
	return audit->since_ms - CLOCKS_MS;
}

/* Reads rows, slot and topics, in this order. */
static bool
collect(Audit *audit, const char *topics, int *status, Error *err)
{
	if (!add_topics(audit, topics, status, err) ||
		!audit_collect_rows(audit, status, err))
		return false;
	audit->slot = audit_slot_await(audit->config, audit->conn, audit->snapshot,
								   &audit->confirmed, status, err);
	if (audit->slot == AUDIT_SLOT_FAILED)
		return false;
	add_dead_letters(audit);
	return audit_topics_look_up(&audit->topics, audit->config,
								records_since(audit), status, err) &&
		   audit_collect_records(audit, status, err);
}

/* Prints a row that is missing. */
static void
take_missing(void *argument, const AuditTable *table, const AuditRow *row)
{
	audit_report_missing(argument, table, row);
}

int
command_audit(const Config *config, const Arguments *arguments)
{
	Audit audit = {.config = config,
				   .window = {arguments->since, arguments->until},
				   .has_window =
					   arguments->since != NULL || arguments->until != NULL};
	AuditReport report = {.json = arguments->json};
	int status = EXIT_USAGE;
	Error err;
	bool ok = begin(&audit, &status, &err) &&
			  collect(&audit, arguments->topics, &status, &err) &&
			  audit_judge(&audit, take_missing, &report, &status, &err);

	if (ok)
	{
		audit_report_all(&report, &audit);
		status = audit.counts.missing > 0 || audit.counts.shared > 0
					 ? EXIT_FOUND
					 : EXIT_DONE;
	}
	else
		fprintf(stderr, "pg_outbox: %s\n", err.text);
	PQfinish(audit.conn);
	audit_ids_free(&audit.ids);
	audit_topics_free(&audit.topics);
	audit_tables_free(&audit.tables);
	return status;
}
