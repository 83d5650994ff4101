/*-------------------------------------------------------------------------
 *
 * connector/kafka.c
 *	  The producer and the topics of a connector: section [kafka], and
 *	  create_topics and delivery of [relay].
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/topic_spec.h"
#include "connector/kafka.h"
#include "connector/names.h"
#include "connector/placeholder.h"

/* How a producer's property is begun, in Connect and in Debezium Server. */
static const char *const prefixes[] = {"producer.override.",
									   "sink.kafka.producer."};

/* Properties of the Java producer that librdkafka has too. */
static const struct
{
	const char *java;
	const char *ours;
} same[] = {
	{"bootstrap.servers", "bootstrap.servers"},
	{"client.id", "client.id"},
	{"compression.type", "compression.type"},
	{"linger.ms", "linger.ms"},
	{"batch.size", "batch.size"},
	{"max.request.size", "message.max.bytes"},
	{"request.timeout.ms", "request.timeout.ms"},
	{"security.protocol", "security.protocol"},
	{"sasl.mechanism", "sasl.mechanism"},
	{"sasl.kerberos.service.name", "sasl.kerberos.service.name"},
	{"ssl.endpoint.identification.algorithm",
	 "ssl.endpoint.identification.algorithm"},
	{"client.dns.lookup", "client.dns.lookup"},
};

/* Properties that are said otherwise, by what they begin with. */
static const struct
{
	const char *begin;
	const char *advice; /* NULL: not needed */
} other[] = {
	{"sasl.jaas.config",
	 "the login module's user and password are sasl.username and "
	 "sasl.password; set PG_OUTBOX_KAFKA_SASL_PASSWORD in the environment"},
	{"ssl.truststore.", "ssl.ca.location is a file of PEM: keytool -exportcert "
						"-rfc -keystore STORE -alias NAME"},
	{"ssl.keystore.", "ssl.keystore.location is a PKCS#12 store, "
					  "ssl.keystore.password its password; or "
					  "ssl.certificate.location and ssl.key.location in PEM"},
	{"ssl.key.password", "ssl.key.password is the same; set "
						 "PG_OUTBOX_KAFKA_SSL_KEY_PASSWORD in the environment"},
	{"partitioner.class",
	 "partitioner is murmur2_random, the Java producer's default; another "
	 "class has no counterpart"},
	{"sasl.", "librdkafka's properties for SASL have other names: "
			  "sasl.oauthbearer.*"},
	{"ssl.", "librdkafka has other names for it: ssl.*"},
	{"acks", NULL},
	{"retries", NULL},
	{"enable.idempotence", NULL},
	{"max.in.flight.requests.per.connection", NULL},
	{"delivery.timeout.ms", NULL},
	{"max.block.ms", NULL},
	{"buffer.memory", NULL},
	{"key.serializer", NULL},
	{"value.serializer", NULL},
};

/* Takes a property that librdkafka has; false if it has none of that name. */
static bool
take_same(Import *import, const char *name, const char *value)
{
	Placeholder found;

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
	{
		if (strcmp(same[i].java, name) != 0)
			continue;
		if (placeholder_find(value, &found))
		{
			report_decide(import->report, REPORT_KAFKA,
						  "%s has %s in it: write the value here", name,
						  found.whole);
			report_suggest(import->report, REPORT_KAFKA, same[i].ours, "");
		}
		else
			report_set(import->report, REPORT_KAFKA, same[i].ours, value, name);
		return true;
	}
	return false;
}

/* Says what becomes of a property of the producer; values may be secrets. */
static void
take_other(Import *import, const char *property, const char *name)
{
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
	{
		if (strncmp(name, other[i].begin, strlen(other[i].begin)) != 0)
			continue;
		if (other[i].advice != NULL)
			report_decide(import->report, REPORT_KAFKA, "%s: %s", property,
						  other[i].advice);
		else
			report_note(import->report, REPORT_UNNEEDED,
						"%s: the relay sets it, or needs nothing like it",
						property);
		return;
	}
	report_decide(import->report, REPORT_KAFKA,
				  "%s: look for librdkafka's property that does it", property);
}

/* Takes a property if it is one of the producer. */
static void
take_producer(Import *import, Property *property)
{
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
	{
		size_t len = strlen(prefixes[i]);

		if (strncmp(property->name, prefixes[i], len) != 0)
			continue;
		property->used = true;
		if (!take_same(import, property->name + len, property->value))
			take_other(import, property->name, property->name + len);
		return;
	}
}

/* Tells whether the connector says where Kafka is. */
static bool
has_brokers(Import *import)
{
	return connector_find(import->connector,
						  "producer.override.bootstrap.servers") != NULL ||
		   connector_find(import->connector,
						  "sink.kafka.producer.bootstrap.servers") != NULL;
}

/* What topic.creation.default begins with. */
#define CREATION "topic.creation.default."

/* The rule by which topics are made, as create_topics has it; the caller frees
 * it. */
static char *
creation_rule(Import *import, const char *partitions, const char *replication)
{
	const Connector *connector = import->connector;
	bool has_replication =
		replication != NULL && strcmp(replication, "-1") != 0;
	char *rule = name_format("%s%s%s", partitions, has_replication ? ":" : "",
							 has_replication ? replication : "");

	for (size_t i = 0; i < connector->count; i++)
	{
		Property *property = &connector->properties[i];
		char *longer;

		if (property->used ||
			strncmp(property->name, CREATION, strlen(CREATION)) != 0)
			continue;
		property->used = true;
		/* The list has commas of its own. */
		if (strchr(property->value, ',') != NULL)
		{
			report_decide(import->report, REPORT_RELAY,
						  "%s has a comma in its value, which create_topics "
						  "cannot have: set it when the topics are there",
						  property->name);
			continue;
		}
		longer =
			name_format("%s,%s=%s", rule, property->name + strlen(CREATION),
						property->value);
		free(rule);
		rule = longer;
	}
	return rule;
}

/* Takes topic.creation. */
static void
import_topic_creation(Import *import)
{
	Report *report = import->report;
	const char *partitions =
		connector_take(import->connector, CREATION "partitions");
	const char *replication =
		connector_take(import->connector, CREATION "replication.factor");
	TopicSpec spec;
	Error err;
	char *rule;

	connector_take(import->connector, "topic.creation.enable");
	if (connector_take(import->connector, "topic.creation.groups") != NULL)
		report_note(report, REPORT_CANNOT,
					"topic.creation.groups: create_topics is one rule for all "
					"topics; create the others before");
	if (partitions == NULL && replication == NULL)
		return;
	rule = creation_rule(import,
						 partitions != NULL && *partitions != '-' ? partitions
																  : "1",
						 replication);
	if (partitions == NULL || *partitions == '-')
		report_decide(report, REPORT_RELAY,
					  "topics had the broker's number of partitions: write "
					  "that number for the 1 before the \":\"");
	if (topic_spec_parse(&spec, rule, &err))
	{
		report_set(report, REPORT_RELAY, "create_topics", rule,
				   "topic.creation.default");
		topic_spec_free(&spec);
	}
	else
		report_decide(report, REPORT_RELAY,
					  "topic.creation.default is no rule for create_topics, "
					  "which is %s",
					  err.text);
	free(rule);
}

/* Takes exactly.once.support. */
static void
import_delivery(Import *import)
{
	const char *support =
		connector_take(import->connector, "exactly.once.support");

	if (support == NULL || strcmp(support, "required") != 0)
		return;
	report_decide(import->report, REPORT_RELAY,
				  "exactly.once.support=required: needs a state topic and "
				  "rights on transactions (docs/exactly-once.md)");
	report_set(import->report, REPORT_RELAY, "delivery", "exactly-once",
			   "exactly.once.support");
}

void
import_kafka(Import *import)
{
	const Connector *connector = import->connector;

	if (!has_brokers(import))
	{
		report_decide(import->report, REPORT_KAFKA,
					  "a connector has no address of Kafka: take "
					  "bootstrap.servers of Connect's worker, and what it has "
					  "of security.protocol, sasl.* and ssl.*");
		report_suggest(import->report, REPORT_KAFKA, "bootstrap.servers",
					   "HOST:9092");
	}
	for (size_t i = 0; i < connector->count; i++)
		take_producer(import, &connector->properties[i]);
	report_set(import->report, REPORT_RELAY, "slot", "pg_outbox", "slot.name");
	import_topic_creation(import);
	import_delivery(import);
}
