/*-------------------------------------------------------------------------
 *
 * audit/client.c
 *	  A client of Kafka that reads, and changes nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "audit/client.h"
#include "base/exit.h"
#include "kafka/properties.h"

/*
 * It belongs to no group and commits nothing, so it needs READ and DESCRIBE on
 * topics alone.  What is fetched ahead is bounded: so many kB a partition.
 */
static const char *const properties[][2] = {
	{"allow.auto.create.topics", "false"},
	{"auto.offset.reset", "earliest"},
	{"enable.partition.eof", "true"},
	{"queued.max.messages.kbytes", "1024"},
	{"queued.min.messages", "10000"},
	{"fetch.max.bytes", "8388608"},
	{"log_level", "0"}, /* the answer says what a log line would */
	{"log.queue", "false"},
};

rd_kafka_t *
audit_client_open(const Config *config, bool committed_only, int *status,
				  Error *err)
{
	rd_kafka_conf_t *conf = kafka_properties_new(config, err);
	rd_kafka_t *client;
	char reason[512];

	*status = EXIT_USAGE;
	if (conf == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
		rd_kafka_conf_set(conf, properties[i][0], properties[i][1], NULL, 0);
	rd_kafka_conf_set(conf, "isolation.level",
					  committed_only ? "read_committed" : "read_uncommitted",
					  NULL, 0);
	rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_ERROR);
	client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof(reason));
	if (client != NULL)
		return client;
	rd_kafka_conf_destroy(conf);
	error_set(err, "[kafka] %s", reason);
	return NULL;
}

/* The last reason that the client noted, or that of the code. */
static void
describe(rd_kafka_t *client, rd_kafka_resp_err_t code, Error *reason)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_get_main(client);
	rd_kafka_event_t *event;

	error_set(reason, "%s", rd_kafka_err2str(code));
	while ((event = rd_kafka_queue_poll(queue, 0)) != NULL)
	{
		if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR &&
			rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
			error_set(reason, "%s", rd_kafka_event_error_string(event));
		rd_kafka_event_destroy(event);
	}
	rd_kafka_queue_destroy(queue);
}

bool
audit_client_fail(rd_kafka_t *client, const char *topic,
				  rd_kafka_resp_err_t code, int *status, Error *err)
{
	Error reason;

	*status = EXIT_FAILED;
	if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
	{
		*status = EXIT_PERSON;
		return error_set(err,
						 "topic \"%s\": %s: allow the principal READ and "
						 "DESCRIBE on it",
						 topic, rd_kafka_err2str(code));
	}
	describe(client, code, &reason);
	if (topic == NULL)
		return error_set(err, "Kafka does not answer: %s", reason.text);
	return error_set(err, "topic \"%s\": %s", topic, reason.text);
}
