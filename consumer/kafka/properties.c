/*-------------------------------------------------------------------------
 *
 * kafka/properties.c
 *	  The properties of the Kafka producer: the [kafka] section.
 *
 *-------------------------------------------------------------------------
 */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/nearest.h"
#include "kafka/properties.h"

/* What the relay sets unless [kafka] does. */
static const struct
{
	const char *property;
	const char *value;
} defaults[] = {
	{"client.id", "pg_outbox"},
	/* The Java producer's: an aggregate keeps its partition (KIP-480). */
	{"partitioner", "murmur2_random"},
	{"linger.ms", "2"},
	{"socket.nagle.disable", "true"},
	{"socket.keepalive.enable", "true"},
	{"reconnect.backoff.max.ms", "2000"},
	/*
	 * A topic that is missing is waited for: the longest that works, since
	 * more overflows as µs (rdkafka_topic.c, rd_kafka_topic_set_notexists).
	 */
	{"topic.metadata.propagation.max.ms", "2100000"},
	/* Then max_event_bytes and the broker are the only limits. */
	{"message.max.bytes", "4194304"},
	/* The relay counts the bytes in flight itself ([relay] inflight_bytes). */
	{"queue.buffering.max.messages", "10000000"},
	{"queue.buffering.max.kbytes", "2097151"},
};

/* What is promised to deliver in order and without loss rests on these. */
static const struct
{
	const char *property;
	const char *values[3]; /* the first is set; the others are allowed too */
	const char *reason;
} required[] = {
	{"enable.idempotence",
	 {"true", NULL},
	 "without it a retry may reorder or repeat events"},
	{"enable.gapless.guarantee",
	 {"true", NULL},
	 "without it later events of a key pass one that failed"},
	{"acks",
	 {"all", "-1", NULL},
	 "with less an event may be lost with a broker"},
	{"request.required.acks",
	 {"all", "-1", NULL},
	 "with less an event may be lost with a broker"},
	{"message.timeout.ms",
	 {"0", NULL},
	 "with a time limit an event is given up when Kafka is away for longer"},
	{"delivery.timeout.ms",
	 {"0", NULL},
	 "with a time limit an event is given up when Kafka is away for longer"},
	{"delivery.report.only.error",
	 {"false", NULL},
	 "without reports nothing could ever be confirmed to PostgreSQL"},
	{"transactional.id",
	 {"", NULL},
	 "with delivery = exactly-once the relay names its own, and without there "
	 "is none; transactional_id_prefix in [relay] says how it begins"},
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Refuses the partitioner that does not look at the key. */
static bool
check_partitioner(const Config *config, Error *err)
{
	const char *value = config_foreign(config, "kafka", "partitioner");

	if (value == NULL || strcmp(value, "random") != 0)
		return true;
	return error_set(err, "[kafka] partitioner must not be random: events of a "
						  "key would have no order");
}

/* Refuses a value that breaks the promise of delivery. */
static bool
check_required(const Config *config, Error *err)
{
	for (size_t i = 0; i < LENGTH(required); i++)
	{
		const char *value =
			config_foreign(config, "kafka", required[i].property);
		bool allowed = value == NULL;

		for (int j = 0; !allowed && required[i].values[j] != NULL; j++)
			allowed = strcmp(value, required[i].values[j]) == 0;
		if (!allowed)
			return error_set(err, "[kafka] %s must be %s, not %s: %s",
							 required[i].property,
							 *required[i].values[0] != '\0'
								 ? required[i].values[0]
								 : "empty",
							 value, required[i].reason);
	}
	return check_partitioner(config, err);
}

/* Room for librdkafka's properties; it has some 200. */
#define MAX_PROPERTIES 512

/*
 * librdkafka only prints them: as the first word of the lines of a table, which
 * is cut into pieces.
 */
const char *const *
kafka_properties_names(void)
{
	static const char *names[MAX_PROPERTIES + 1];
	static char *text;
	char *rest;
	char *line;
	size_t size;
	size_t n = 0;
	FILE *out;

	if (text != NULL)
		return names;
	out = open_memstream(&text, &size);
	if (out == NULL)
		xalloc_failed();
	rd_kafka_conf_properties_show(out);
	fclose(out);
	rest = text;
	while ((line = strsep(&rest, "\n")) != NULL && n < MAX_PROPERTIES)
	{
		size_t len = strspn(line, "abcdefghijklmnopqrstuvwxyz0123456789._");

		if (len == 0 || line[len] != ' ')
			continue;
		line[len] = '\0';
		names[n++] = line;
	}
	return names;
}

/* Writes the error of a property that librdkafka does not know. */
static void
unknown_property(const char *property, Error *err)
{
	const char *nearest = nearest_name(property, kafka_properties_names());
	Error where;
	ConfigElsewhere elsewhere =
		config_find_elsewhere("kafka", property, &where);

	if (elsewhere == CONFIG_EXACTLY ||
		(elsewhere == CONFIG_NEARLY && nearest == NULL))
		error_set(err, "[kafka] %s is not a property of librdkafka; %s",
				  property, where.text);
	else if (nearest != NULL)
		error_set(err,
				  "[kafka] %s is not a property of librdkafka; did you mean "
				  "\"%s\"?",
				  property, nearest);
	else
		error_set(err, "[kafka] %s is not a property of librdkafka %s",
				  property, rd_kafka_version_str());
}

/* Sets one property. */
static bool
set_property(rd_kafka_conf_t *conf, const char *property, const char *value,
			 Error *err)
{
	char reason[256];

	switch (rd_kafka_conf_set(conf, property, value, reason, sizeof(reason)))
	{
		case RD_KAFKA_CONF_OK:
			return true;
		case RD_KAFKA_CONF_UNKNOWN:
			unknown_property(property, err);
			return false;
		default:
			return error_set(err, "[kafka] %s: %s", property, reason);
	}
}

/* A property's value as librdkafka has it now; empty if it has none. */
static void
get_property(const rd_kafka_conf_t *conf, const char *property, char *value,
			 size_t size)
{
	if (rd_kafka_conf_get(conf, property, value, &size) != RD_KAFKA_CONF_OK)
		value[0] = '\0';
}

/*
 * Events without a key go to the partitioner too, if it is one that places them
 * as it does others.  librdkafka knows these by the address of their function,
 * and theirs is in kafka/pilots.c (rdkafka_topic.c, rd_kafka_topic_new0).
 */
static bool
set_keyless(rd_kafka_conf_t *conf, Error *err)
{
	char partitioner[32];

	get_property(conf, "partitioner", partitioner, sizeof(partitioner));
	if (strstr(partitioner, "_random") != NULL)
		return true;
	return set_property(conf, "sticky.partitioning.linger.ms", "0", err);
}

/* Sets all properties: defaults, then the user's, then the required ones. */
static bool
set_properties(rd_kafka_conf_t *conf, const Config *config, Error *err)
{
	const char *property;
	const char *value;
	size_t cursor = 0;

	for (size_t i = 0; i < LENGTH(defaults); i++)
	{
		if (!set_property(conf, defaults[i].property, defaults[i].value, err))
			return false;
	}
	while (config_next(config, "kafka", &cursor, &property, &value))
	{
		if (!set_property(conf, property, value, err))
			return false;
	}
	for (size_t i = 0; i < LENGTH(required); i++)
	{
		if (!set_property(conf, required[i].property, required[i].values[0],
						  err))
			return false;
	}
	return set_keyless(conf, err) &&
		   set_property(conf, "log.queue", "true", err);
}

/*
 * Refuses what librdkafka takes and then waits for without a word: for this
 * mechanism it wants the program to get tokens, unless it does so itself.
 */
static bool
check_mechanism(const rd_kafka_conf_t *conf, Error *err)
{
	char protocol[32];
	char mechanism[32];
	char method[32];
	char unsecured[32];

	get_property(conf, "security.protocol", protocol, sizeof(protocol));
	get_property(conf, "sasl.mechanisms", mechanism, sizeof(mechanism));
	get_property(conf, "sasl.oauthbearer.method", method, sizeof(method));
	get_property(conf, "enable.sasl.oauthbearer.unsecure.jwt", unsecured,
				 sizeof(unsecured));
	if (strncmp(protocol, "sasl_", 5) != 0 ||
		strcmp(mechanism, "OAUTHBEARER") != 0 || strcmp(method, "oidc") == 0 ||
		strcmp(unsecured, "true") == 0)
		return true;
	return error_set(err, "[kafka] sasl.mechanisms OAUTHBEARER needs "
						  "sasl.oauthbearer.method = oidc, with client id, "
						  "client secret and token endpoint: the relay can get "
						  "tokens in no other way");
}

rd_kafka_conf_t *
kafka_properties_new(const Config *config, Error *err)
{
	rd_kafka_conf_t *conf;

	if (config_foreign(config, "kafka", "bootstrap.servers") == NULL &&
		config_foreign(config, "kafka", "metadata.broker.list") == NULL)
	{
		error_set(err, "no brokers: give -b HOST:PORT, or bootstrap.servers "
					   "in section [kafka]");
		return NULL;
	}
	if (!check_required(config, err))
		return NULL;
	conf = rd_kafka_conf_new();
	/* Else a request for a token would be made by the loop, and block it. */
	rd_kafka_conf_enable_sasl_queue(conf, 1);
	if (set_properties(conf, config, err) && check_mechanism(conf, err))
		return conf;
	rd_kafka_conf_destroy(conf);
	return NULL;
}
