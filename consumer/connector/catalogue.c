/*-------------------------------------------------------------------------
 *
 * connector/catalogue.c
 *	  What becomes of the properties that no other file takes.
 *
 * The names are those of PostgresConnector.config() and of Connect's
 * SourceConnectorConfig, and older ones of Debezium 1.
 *
 *-------------------------------------------------------------------------
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "config/nearest.h"
#include "connector/catalogue.h"
#include "connector/router.h"

typedef enum Fate
{
	CARRIED, /* another file takes it; here it only has a name */
	OTHERWISE,
	UNNEEDED,
	CANNOT
} Fate;

/* A name, or what names begin with if it ends with ".*". */
typedef struct Known
{
	const char *name;
	Fate fate;
	const char *reason;
} Known;

/* In groups by what is said of them; the first that fits counts. */
static const Known catalogue[] = {
	{"connector.class", CARRIED, NULL},
	{"name", CARRIED, NULL},
	{"database.hostname", CARRIED, NULL},
	{"database.port", CARRIED, NULL},
	{"database.dbname", CARRIED, NULL},
	{"database.user", CARRIED, NULL},
	{"database.password", CARRIED, NULL},
	{"database.sslmode", CARRIED, NULL},
	{"database.sslcert", CARRIED, NULL},
	{"database.sslkey", CARRIED, NULL},
	{"database.sslrootcert", CARRIED, NULL},
	{"database.sslpassword", CARRIED, NULL},
	{"database.tcpKeepAlive", CARRIED, NULL},
	{"table.include.list", CARRIED, NULL},
	{"table.whitelist", CARRIED, NULL},
	{"topic.prefix", CARRIED, NULL},
	{"slot.name", CARRIED, NULL},
	{"slot.failover", CARRIED, NULL},
	{"publication.name", CARRIED, NULL},
	{"transforms", CARRIED, NULL},
	{"key.converter", CARRIED, NULL},
	{"value.converter", CARRIED, NULL},
	{"header.converter", CARRIED, NULL},
	{"exactly.once.support", CARRIED, NULL},
	{"topic.creation.enable", CARRIED, NULL},
	{"topic.creation.groups", CARRIED, NULL},
	{"topic.creation.default.partitions", CARRIED, NULL},
	{"topic.creation.default.replication.factor", CARRIED, NULL},
	{"tasks.max", UNNEEDED, "there is one relay for a slot"},
	{"tasks.max.enforce", UNNEEDED, "there is one relay for a slot"},
	{"connector.plugin.version", UNNEEDED, "it is Connect's own"},
	{"key.converter.plugin.version", UNNEEDED, "it is Connect's own"},
	{"value.converter.plugin.version", UNNEEDED, "it is Connect's own"},
	{"config.action.reload", UNNEEDED, "it is Connect's own"},
	{"database.server.name", UNNEEDED,
	 "it was the prefix of topics in Debezium 1; topics come from the router"},
	{"plugin.name", UNNEEDED, "the slot's copy has plugin pg_outbox"},
	{"publication.autocreate.mode", UNNEEDED,
	 "there is no publication: the decoder itself keeps outboxes only, with "
	 "their partitions"},
	{"publish.via.partition.root", UNNEEDED,
	 "there is no publication: the decoder itself keeps outboxes only, with "
	 "their partitions"},
	{"replica.identity.autoset.values", UNNEEDED,
	 "an INSERT needs no replica identity"},
	{"slot.drop.on.stop", UNNEEDED, "the relay never drops its slot"},
	{"slot.max.retries", UNNEEDED,
	 "the relay tries again until it succeeds, and logs what it waits for"},
	{"slot.retry.delay.ms", UNNEEDED,
	 "the relay tries again until it succeeds, and logs what it waits for"},
	{"errors.max.retries", UNNEEDED,
	 "the relay tries again until it succeeds, and logs what it waits for"},
	{"retriable.restart.connector.wait.ms", UNNEEDED,
	 "the relay tries again until it succeeds, and logs what it waits for"},
	{"errors.retry.timeout", UNNEEDED,
	 "the relay tries again until it succeeds, and logs what it waits for"},
	{"errors.retry.delay.max.ms", UNNEEDED,
	 "the relay tries again until it succeeds, and logs what it waits for"},
	{"slot.stream.params", UNNEEDED, "they are for another plugin"},
	{"status.update.interval.ms", UNNEEDED,
	 "the relay follows wal_sender_timeout"},
	{"heartbeat.interval.ms", UNNEEDED,
	 "an idle outbox does not hold up the slot"},
	{"heartbeat.topics.prefix", UNNEEDED,
	 "an idle outbox does not hold up the slot"},
	{"topic.heartbeat.prefix", UNNEEDED,
	 "an idle outbox does not hold up the slot"},
	{"heartbeat.action.query", UNNEEDED,
	 "the table that it writes to is not needed any longer"},
	{"max.batch.size", UNNEEDED,
	 "events are published as they arrive; inflight_bytes limits memory"},
	{"max.queue.size", UNNEEDED,
	 "events are published as they arrive; inflight_bytes limits memory"},
	{"max.queue.size.in.bytes", UNNEEDED,
	 "events are published as they arrive; inflight_bytes limits memory"},
	{"poll.interval.ms", UNNEEDED,
	 "events are published as they arrive; inflight_bytes limits memory"},
	{"query.fetch.size", UNNEEDED,
	 "events are published as they arrive; inflight_bytes limits memory"},
	{"streaming.delay.ms", UNNEEDED,
	 "events are published as they arrive; inflight_bytes limits memory"},
	{"tombstones.on.delete", UNNEEDED, "only inserts are events"},
	{"skipped.operations", UNNEEDED, "only inserts are events"},
	{"skip.messages.without.change", UNNEEDED, "only inserts are events"},
	{"lsn.flush.mode", UNNEEDED,
	 "the slot is the only position, confirmed once Kafka has acknowledged"},
	{"flush.lsn.source", UNNEEDED,
	 "the slot is the only position, confirmed once Kafka has acknowledged"},
	{"lsn.flush.timeout.ms", UNNEEDED,
	 "the slot is the only position, confirmed once Kafka has acknowledged"},
	{"lsn.flush.timeout.action", UNNEEDED,
	 "the slot is the only position, confirmed once Kafka has acknowledged"},
	{"offset.mismatch.strategy", UNNEEDED,
	 "the slot is the only position, confirmed once Kafka has acknowledged"},
	{"xmin.fetch.interval.ms", UNNEEDED,
	 "the slot is the only position, confirmed once Kafka has acknowledged"},
	{"offsets.storage.topic", UNNEEDED,
	 "the slot is the only position, confirmed once Kafka has acknowledged"},
	{"transaction.boundary", UNNEEDED,
	 "a transaction of Kafka ends by commit_interval and commit_bytes"},
	{"transaction.boundary.interval.ms", UNNEEDED,
	 "a transaction of Kafka ends by commit_interval and commit_bytes"},
	{"schema.include.list", UNNEEDED, "tables name their schema"},
	{"schema.whitelist", UNNEEDED, "tables name their schema"},
	{"schema.name.adjustment.mode", UNNEEDED,
	 "records have no schema of Connect's"},
	{"field.name.adjustment.mode", UNNEEDED,
	 "records have no schema of Connect's"},
	{"schema.refresh.mode", UNNEEDED, "records have no schema of Connect's"},
	{"include.schema.comments", UNNEEDED,
	 "records have no schema of Connect's"},
	{"sourceinfo.struct.maker", UNNEEDED,
	 "records have no schema of Connect's"},
	{"topic.naming.strategy", UNNEEDED, "records have no schema of Connect's"},
	{"topic.delimiter", UNNEEDED, "records have no schema of Connect's"},
	{"topic.cache.size", UNNEEDED, "records have no schema of Connect's"},
	{"schema.history.internal.*", UNNEEDED,
	 "records have no schema of Connect's"},
	{"table.ignore.builtin", UNNEEDED, "tables of the system are none"},
	{"message.key.columns", UNNEEDED, "the router replaces the key"},
	{"snapshot.delay.ms", UNNEEDED, "there is no snapshot"},
	{"snapshot.fetch.size", UNNEEDED, "there is no snapshot"},
	{"snapshot.include.collection.list", UNNEEDED, "there is no snapshot"},
	{"snapshot.isolation.mode", UNNEEDED, "there is no snapshot"},
	{"snapshot.lock.timeout.ms", UNNEEDED, "there is no snapshot"},
	{"snapshot.locking.mode", UNNEEDED, "there is no snapshot"},
	{"snapshot.locking.mode.custom.name", UNNEEDED, "there is no snapshot"},
	{"snapshot.max.threads", UNNEEDED, "there is no snapshot"},
	{"snapshot.max.threads.multiplier", UNNEEDED, "there is no snapshot"},
	{"snapshot.mode.configuration.based.snapshot.data", UNNEEDED,
	 "there is no snapshot"},
	{"snapshot.mode.configuration.based.snapshot.on.data.error", UNNEEDED,
	 "there is no snapshot"},
	{"snapshot.mode.configuration.based.snapshot.on.schema.error", UNNEEDED,
	 "there is no snapshot"},
	{"snapshot.mode.configuration.based.snapshot.schema", UNNEEDED,
	 "there is no snapshot"},
	{"snapshot.mode.configuration.based.start.stream", UNNEEDED,
	 "there is no snapshot"},
	{"snapshot.mode.custom.name", UNNEEDED, "there is no snapshot"},
	{"snapshot.custom.class", UNNEEDED, "there is no snapshot"},
	{"snapshot.query.mode", UNNEEDED, "there is no snapshot"},
	{"snapshot.query.mode.custom.name", UNNEEDED, "there is no snapshot"},
	{"snapshot.select.statement.overrides", UNNEEDED, "there is no snapshot"},
	{"snapshot.select.statement.overrides.*", UNNEEDED, "there is no snapshot"},
	{"snapshot.tables.order.by.row.count", UNNEEDED, "there is no snapshot"},
	{"internal.*", UNNEEDED, "it is for Debezium itself"},
	{"legacy.snapshot.max.threads", UNNEEDED, "it is for Debezium itself"},
	{"database.initial.statements", UNNEEDED,
	 "it is for connections and memory of Debezium's"},
	{"database.query.timeout.ms", UNNEEDED,
	 "it is for connections and memory of Debezium's"},
	{"database.sslfactory", UNNEEDED,
	 "it is for connections and memory of Debezium's"},
	{"connection.validation.timeout.ms", UNNEEDED,
	 "it is for connections and memory of Debezium's"},
	{"executor.shutdown.timeout.ms", UNNEEDED,
	 "it is for connections and memory of Debezium's"},
	{"memory.management.*", UNNEEDED,
	 "it is for connections and memory of Debezium's"},
	{"custom.metric.tags", UNNEEDED, "metrics are Prometheus's: [http] listen"},
	{"custom.sanitize.pattern", UNNEEDED,
	 "metrics are Prometheus's: [http] listen"},
	{"statistics.metrics.enabled", UNNEEDED,
	 "metrics are Prometheus's: [http] listen"},
	{"guardrail.collections.limit.action", UNNEEDED,
	 "an INSERT has all of its columns"},
	{"guardrail.collections.max", UNNEEDED, "an INSERT has all of its columns"},
	{"unavailable.value.placeholder", UNNEEDED,
	 "an INSERT has all of its columns"},
	{"offset.*", UNNEEDED, "it is for Connect or Debezium Server itself"},
	{"quarkus.*", UNNEEDED, "it is for Connect or Debezium Server itself"},
	{"database.history.*", UNNEEDED,
	 "it is for Connect or Debezium Server itself"},
	{"sink.type", UNNEEDED, "it is for Connect or Debezium Server itself"},
	{"format.*", UNNEEDED, "it is for Connect or Debezium Server itself"},
	{"extended.headers.enabled", UNNEEDED,
	 "headers __debezium.context.* are not made"},
	{"errors.log.enable", UNNEEDED,
	 "each event that cannot be published is logged"},
	{"errors.log.include.messages", UNNEEDED,
	 "each event that cannot be published is logged"},
	{"topic.creation.*", UNNEEDED, "create_topics is one rule for all topics"},
	{"snapshot.mode", OTHERWISE,
	 "rows from before the slot are not published; CALL outbox.replay(...) "
	 "publishes them on demand"},
	{"errors.tolerance", OTHERWISE,
	 "on_error says what becomes of an event that cannot be published: hold, "
	 "unless you choose skip or dead-letter"},
	{"event.processing.failure.handling.mode", OTHERWISE,
	 "on_error says what becomes of an event that cannot be published: hold, "
	 "unless you choose skip or dead-letter"},
	{"event.converting.failure.handling.mode", OTHERWISE,
	 "on_error says what becomes of an event that cannot be published: hold, "
	 "unless you choose skip or dead-letter"},
	{"decimal.handling.mode", OTHERWISE,
	 "headers and values are as PostgreSQL prints the column, times in ISO "
	 "8601"},
	{"time.precision.mode", OTHERWISE,
	 "headers and values are as PostgreSQL prints the column, times in ISO "
	 "8601"},
	{"hstore.handling.mode", OTHERWISE,
	 "headers and values are as PostgreSQL prints the column, times in ISO "
	 "8601"},
	{"interval.handling.mode", OTHERWISE,
	 "headers and values are as PostgreSQL prints the column, times in ISO "
	 "8601"},
	{"include.unknown.datatypes", OTHERWISE,
	 "headers and values are as PostgreSQL prints the column, times in ISO "
	 "8601"},
	{"binary.handling.mode", OTHERWISE,
	 "a payload of bytea is published byte for byte, not as base64 or "
	 "hexadecimal text"},
	{"column.include.list", OTHERWISE,
	 "only columns that the options name are published"},
	{"column.exclude.list", OTHERWISE,
	 "only columns that the options name are published"},
	{"column.whitelist", OTHERWISE,
	 "only columns that the options name are published"},
	{"column.blacklist", OTHERWISE,
	 "only columns that the options name are published"},
	{"table.exclude.list", OTHERWISE,
	 "tables names what is an outbox; leave others out there"},
	{"table.blacklist", OTHERWISE,
	 "tables names what is an outbox; leave others out there"},
	{"schema.exclude.list", OTHERWISE,
	 "tables names what is an outbox; leave others out there"},
	{"schema.blacklist", OTHERWISE,
	 "tables names what is an outbox; leave others out there"},
	{"message.prefix.include.list", OTHERWISE,
	 "option messages is one prefix, of messages in pg_outbox's frame: "
	 "outbox.emit()"},
	{"message.prefix.exclude.list", OTHERWISE,
	 "option messages is one prefix, of messages in pg_outbox's frame: "
	 "outbox.emit()"},
	{"signal.data.collection", OTHERWISE,
	 "outbox.replay() publishes rows again"},
	{"signal.emit.failure.backoff.ms", OTHERWISE,
	 "outbox.replay() publishes rows again"},
	{"signal.emit.failure.max.retries", OTHERWISE,
	 "outbox.replay() publishes rows again"},
	{"signal.enabled.channels", OTHERWISE,
	 "outbox.replay() publishes rows again"},
	{"signal.poll.interval.ms", OTHERWISE,
	 "outbox.replay() publishes rows again"},
	{"signal.kafka.*", OTHERWISE, "outbox.replay() publishes rows again"},
	{"signal.consumer.*", OTHERWISE, "outbox.replay() publishes rows again"},
	{"signal.file", OTHERWISE, "outbox.replay() publishes rows again"},
	{"incremental.snapshot.allow.schema.changes", OTHERWISE,
	 "outbox.replay() publishes rows again"},
	{"incremental.snapshot.chunk.size", OTHERWISE,
	 "outbox.replay() publishes rows again"},
	{"incremental.snapshot.watermarking.strategy", OTHERWISE,
	 "outbox.replay() publishes rows again"},
	{"read.only", OTHERWISE, "outbox.replay() publishes rows again"},
	{"notification.enabled.channels", OTHERWISE,
	 "the relay's log and metrics say what it does"},
	{"notification.http.allow.private.networks", OTHERWISE,
	 "the relay's log and metrics say what it does"},
	{"notification.http.retries", OTHERWISE,
	 "the relay's log and metrics say what it does"},
	{"notification.http.timeout.ms", OTHERWISE,
	 "the relay's log and metrics say what it does"},
	{"notification.http.url", OTHERWISE,
	 "the relay's log and metrics say what it does"},
	{"notification.sink.topic.name", OTHERWISE,
	 "the relay's log and metrics say what it does"},
	{"openlineage.*", OTHERWISE,
	 "the relay's log and metrics say what it does"},
	{"slot.seek.to.known.offset.on.start", OTHERWISE,
	 "the slot's position is where the relay begins"},
	{"provide.transaction.metadata", CANNOT,
	 "there is no topic of transactions; header $xid has a transaction's "
	 "number"},
	{"transaction.metadata.factory", CANNOT,
	 "there is no topic of transactions; header $xid has a transaction's "
	 "number"},
	{"topic.transaction", CANNOT,
	 "there is no topic of transactions; header $xid has a transaction's "
	 "number"},
	{"column.mask.*", CANNOT,
	 "columns are published as they are: leave out those that nobody may see"},
	{"column.truncate.*", CANNOT,
	 "columns are published as they are: leave out those that nobody may see"},
	{"column.propagate.source.type", CANNOT,
	 "columns are published as they are: leave out those that nobody may see"},
	{"datatype.propagate.source.type", CANNOT,
	 "columns are published as they are: leave out those that nobody may see"},
	{"converters", CANNOT,
	 "code of one's own does not run in the relay: let the application write "
	 "what is to be published"},
	{"post.processors", CANNOT,
	 "code of one's own does not run in the relay: let the application write "
	 "what is to be published"},
	{"database.include.list", CANNOT,
	 "a slot is of one database: run a relay for each"},
	{"database.exclude.list", CANNOT,
	 "a slot is of one database: run a relay for each"},
	{"sink.kafka.wait.message.delivery.timeout.ms", CANNOT,
	 "it is for Debezium Server's sink"},
	{"sink.*", CANNOT, "it is for Debezium Server's sink"},
};

#define N_KNOWN (sizeof(catalogue) / sizeof(catalogue[0]))

/* Tells whether a name of the catalogue stands for a property. */
static bool
stands_for(const char *known, const char *name)
{
	size_t len = strlen(known);

	return len > 2 && strcmp(known + len - 2, ".*") == 0
			   ? strncmp(name, known, len - 1) == 0
			   : strcmp(name, known) == 0;
}

/* What is known of a property, or NULL. */
static const Known *
find_known(const char *name)
{
	for (size_t i = 0; i < N_KNOWN; i++)
	{
		if (stands_for(catalogue[i].name, name))
			return &catalogue[i];
	}
	return NULL;
}

/* Says that Debezium knows no such property, and which one was meant. */
static void
tell_unknown(Import *import, const char *name, const char *option,
			 const char *const *known, const char *whose)
{
	const char *nearest = nearest_name(option, known);

	report_note(import->report, REPORT_WRONG,
				"%s is no option of %s, which ignores it%s%s%s", name, whose,
				nearest != NULL ? "; did you mean " : "",
				nearest != NULL ? nearest : "", nearest != NULL ? "?" : "");
}

/* The same of a property of the connector. */
static void
tell_unknown_property(Import *import, const char *name)
{
	const char *names[N_KNOWN + 1] = {NULL};
	size_t count = 0;

	for (size_t i = 0; i < N_KNOWN; i++)
	{
		if (strstr(catalogue[i].name, ".*") == NULL)
			names[count++] = catalogue[i].name;
	}
	tell_unknown(import, name, name, names, "the connector");
}

/* A property of a transform, a predicate or a converter that is left. */
static bool
take_member(Import *import, const char *name)
{
	size_t len = strlen(import->router);

	if (strncmp(name, import->router, len) == 0 && name[len] == '.')
	{
		tell_unknown(import, name, name + len + 1, router_options,
					 "the Event Router");
		return true;
	}
	if (strncmp(name, "transforms.", 11) == 0)
		report_note(import->report, REPORT_UNNEEDED,
					"%s: transforms does not list its transform, so Connect "
					"ignores it",
					name);
	else if (strncmp(name, "predicates", 10) == 0)
		report_note(import->report, REPORT_UNNEEDED,
					"%s: no transform that is carried over has it", name);
	else if (strncmp(name, "key.converter.", 14) == 0 ||
			 strncmp(name, "value.converter.", 16) == 0 ||
			 strncmp(name, "header.converter.", 17) == 0)
		report_note(import->report, REPORT_UNNEEDED,
					"%s: there are no converters", name);
	else
		return false;
	return true;
}

/* Says what becomes of one property. */
static void
explain(Import *import, const char *name)
{
	static const ReportPart parts[] = {[CARRIED] = REPORT_UNNEEDED,
									   [OTHERWISE] = REPORT_OTHERWISE,
									   [UNNEEDED] = REPORT_UNNEEDED,
									   [CANNOT] = REPORT_CANNOT};
	const Known *known = find_known(name);

	if (known == NULL && take_member(import, name))
		return;
	if (known == NULL)
		tell_unknown_property(import, name);
	else
		report_note(import->report, parts[known->fate], "%s: %s", name,
					known->reason != NULL ? known->reason
										  : "nothing is made of it");
}

void
import_rest(Import *import)
{
	for (size_t i = 0; i < import->connector->count; i++)
	{
		const Property *property = &import->connector->properties[i];

		if (!property->used)
			explain(import, property->name);
	}
}
