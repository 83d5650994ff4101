/*-------------------------------------------------------------------------
 *
 * kafka/check.c
 *	  What the command "check" asks of Kafka.
 *
 *-------------------------------------------------------------------------
 */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kafka/check.h"
#include "kafka/client.h"
#include "kafka/probe.h"

/*
 * Tells whether an error is one of a broker that another one named: librdkafka
 * begins it with "host:port/id: ", and with "host:port/bootstrap: " where the
 * server is one of the configuration.
 */
static bool
is_of_named_broker(const char *reason, Error *err)
{
	const char *end = strstr(reason, ": ");
	const char *slash =
		end != NULL ? memrchr(reason, '/', (size_t) (end - reason)) : NULL;
	const char *protocol = strstr(reason, "://");
	char *after;
	long id;

	if (slash == NULL)
		return false;
	id = strtol(slash + 1, &after, 10);
	if (after == slash + 1 || after != end)
		return false;
	if (protocol != NULL && protocol < slash)
		reason = protocol + strlen("://");
	kafka_probe_unreached(err, id, (Slice){reason, (size_t) (slash - reason)},
						  end + strlen(": "));
	return true;
}

/*
 * Says why there is no answer.  A server that answers is not asked again by
 * newer versions of librdkafka, once it has named the brokers.
 */
static void
describe_failure(rd_kafka_t *producer, rd_kafka_resp_err_t code,
				 KafkaBrokers *brokers, Error *answer)
{
	Error reason;

	kafka_client_reason(producer, code, &reason);
	brokers->named = is_of_named_broker(reason.text, answer);
	if (!brokers->named)
		error_set(answer, "Kafka does not answer: %s", reason.text);
}

/* The result of DescribeConfigs for one broker; NULL without an answer. */
static rd_kafka_event_t *
describe_broker(rd_kafka_t *producer, int broker)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_new(producer);
	rd_kafka_ConfigResource_t *resource;
	rd_kafka_event_t *event;
	char id[16];

	snprintf(id, sizeof(id), "%d", broker);
	resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_BROKER, id);
	rd_kafka_DescribeConfigs(producer, &resource, 1, NULL, queue);
	rd_kafka_ConfigResource_destroy(resource);
	event = rd_kafka_queue_poll(queue, KAFKA_PROBE_MS);
	rd_kafka_queue_destroy(queue);
	return event;
}

/* Notes the settings that matter, as far as the broker shows them. */
static void
read_settings(const rd_kafka_event_t *event, KafkaBrokers *brokers)
{
	const rd_kafka_ConfigResource_t **resources;
	const rd_kafka_ConfigEntry_t **entries;
	size_t n;

	resources = rd_kafka_DescribeConfigs_result_resources(
		rd_kafka_event_DescribeConfigs_result((rd_kafka_event_t *) event), &n);
	if (n != 1 || rd_kafka_ConfigResource_error(resources[0]) !=
					  RD_KAFKA_RESP_ERR_NO_ERROR)
		return;
	entries = rd_kafka_ConfigResource_configs(resources[0], &n);
	for (size_t i = 0; i < n; i++)
	{
		const char *name = rd_kafka_ConfigEntry_name(entries[i]);
		const char *value = rd_kafka_ConfigEntry_value(entries[i]);

		if (value == NULL)
			continue;
		if (strcmp(name, "auto.create.topics.enable") == 0)
			brokers->create_topics = strcmp(value, "true") == 0;
		else if (strcmp(name, "message.max.bytes") == 0)
			brokers->max_bytes = strtol(value, NULL, 10);
	}
}

bool
kafka_check_brokers(const Config *config, KafkaBrokers *brokers, Error *answer)
{
	rd_kafka_t *producer = kafka_probe_open(config, answer);
	const struct rd_kafka_metadata *metadata;
	rd_kafka_event_t *event = NULL;
	rd_kafka_resp_err_t code;

	memset(brokers, 0, sizeof(KafkaBrokers));
	if (producer == NULL)
		return false;
	code = rd_kafka_metadata(producer, 0, NULL, &metadata, KAFKA_PROBE_MS);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		describe_failure(producer, code, brokers, answer);
	else
	{
		error_set(answer, "Kafka answers: brokers: %d", metadata->broker_cnt);
		brokers->reached =
			kafka_probe_listeners(producer, metadata, &brokers->unreachable);
		brokers->accepts = kafka_probe_idempotence(producer, &brokers->refusal);
		event = describe_broker(producer, metadata->brokers[0].id);
		rd_kafka_metadata_destroy(metadata);
	}
	if (event != NULL)
	{
		read_settings(event, brokers);
		rd_kafka_event_destroy(event);
	}
	rd_kafka_destroy(producer);
	return code == RD_KAFKA_RESP_ERR_NO_ERROR;
}

KafkaTopicState
kafka_check_topic(const Config *config, const char *topic, Error *answer)
{
	rd_kafka_t *producer = kafka_probe_open(config, answer);
	rd_kafka_topic_t *handle;
	const struct rd_kafka_metadata *metadata;
	rd_kafka_resp_err_t code;

	if (producer == NULL)
		return KAFKA_TOPIC_UNKNOWN;
	handle = rd_kafka_topic_new(producer, topic, NULL);
	code = rd_kafka_metadata(producer, 0, handle, &metadata, KAFKA_PROBE_MS);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
	{
		code = metadata->topics[0].err;
		rd_kafka_metadata_destroy(metadata);
	}
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR &&
		!kafka_probe_write(config, topic, answer))
		code = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		error_set(answer, "topic \"%s\" exists", topic);
	else
		error_set(answer, "topic \"%s\": %s", topic, rd_kafka_err2str(code));
	rd_kafka_topic_destroy(handle);
	rd_kafka_destroy(producer);
	switch (code)
	{
		case RD_KAFKA_RESP_ERR_NO_ERROR:
			return KAFKA_TOPIC_THERE;
		case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
			return KAFKA_TOPIC_MISSING;
		case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
			return KAFKA_TOPIC_FORBIDDEN;
		default:
			return KAFKA_TOPIC_UNKNOWN;
	}
}
