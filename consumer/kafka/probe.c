/*-------------------------------------------------------------------------
 *
 * kafka/probe.c
 *	  Whether Kafka lets the relay do what it has to do, without doing it.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "kafka/client.h"
#include "kafka/probe.h"
#include "kafka/properties.h"
#include "kafka/transactions.h"

/* Sets a property that librdkafka has. */
static void
set(rd_kafka_conf_t *conf, const char *property, const char *value)
{
	rd_kafka_conf_set(conf, property, value, NULL, 0);
}

rd_kafka_t *
kafka_probe_open(const Config *config, Error *err)
{
	rd_kafka_conf_t *conf = kafka_properties_new(config, err);

	if (conf == NULL)
		return NULL;
	set(conf, "statistics.interval.ms", "100");
	return kafka_client_new(RD_KAFKA_PRODUCER, conf,
							RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_STATS, err);
}

/* Tells whether the statistics say that the producer has its id. */
static bool
has_id(rd_kafka_event_t *event)
{
	return rd_kafka_event_type(event) == RD_KAFKA_EVENT_STATS &&
		   strstr(rd_kafka_event_stats(event),
				  "\"idemp_state\":\"Assigned\"") != NULL;
}

bool
kafka_probe_idempotence(rd_kafka_t *producer, Error *err)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_get_main(producer);
	int64_t end = clock_ms() + KAFKA_PROBE_MS;
	rd_kafka_event_t *event;
	char reason[512];
	bool known = false;
	bool refused = false;

	while (!known && !refused && clock_ms() < end)
	{
		event = rd_kafka_queue_poll(queue, 100);
		known = event != NULL && has_id(event);
		if (event != NULL)
			rd_kafka_event_destroy(event);
		refused = rd_kafka_fatal_error(producer, reason, sizeof(reason)) !=
				  RD_KAFKA_RESP_ERR_NO_ERROR;
	}
	rd_kafka_queue_destroy(queue);
	if (refused)
		error_set(err, "%s", reason);
	return !refused;
}

/*
 * Asks one broker for its settings, which goes over a connection to itself.
 * That it may refuse to show them does not matter here.
 */
static bool
is_reached(rd_kafka_t *producer, int broker)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_new(producer);
	rd_kafka_ConfigResource_t *resource;
	rd_kafka_AdminOptions_t *options =
		rd_kafka_AdminOptions_new(producer, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
	rd_kafka_event_t *event;
	bool reached;
	char id[16];

	snprintf(id, sizeof(id), "%d", broker);
	rd_kafka_AdminOptions_set_request_timeout(options, KAFKA_PROBE_MS, NULL, 0);
	resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_BROKER, id);
	rd_kafka_DescribeConfigs(producer, &resource, 1, options, queue);
	rd_kafka_ConfigResource_destroy(resource);
	rd_kafka_AdminOptions_destroy(options);
	event = rd_kafka_queue_poll(queue, 2 * KAFKA_PROBE_MS);
	reached = event != NULL &&
			  rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR;
	if (event != NULL)
		rd_kafka_event_destroy(event);
	rd_kafka_queue_destroy(queue);
	return reached;
}

void
kafka_probe_unreached(Error *err, long broker, Slice address,
					  const char *reason)
{
	error_set(err,
			  "broker %ld says that it is at %.*s, and cannot be reached "
			  "there: %s",
			  broker, (int) address.len, address.data, reason);
}

bool
kafka_probe_listeners(rd_kafka_t *producer,
					  const struct rd_kafka_metadata *metadata, Error *err)
{
	for (int i = 0; i < metadata->broker_cnt; i++)
	{
		const struct rd_kafka_metadata_broker *broker = &metadata->brokers[i];
		Error address;
		Error reason;

		if (is_reached(producer, broker->id))
			continue;
		kafka_client_reason(producer, RD_KAFKA_RESP_ERR__TIMED_OUT, &reason);
		error_set(&address, "%s:%d", broker->host, broker->port);
		kafka_probe_unreached(err, broker->id,
							  (Slice){address.text, strlen(address.text)},
							  reason.text);
		return false;
	}
	return true;
}

/* Produces a record and returns what became of it. */
static rd_kafka_resp_err_t
produce(rd_kafka_t *producer, const char *topic)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_get_main(producer);
	int64_t end = clock_ms() + 2 * KAFKA_PROBE_MS;
	rd_kafka_resp_err_t code;
	const rd_kafka_message_t *message;
	rd_kafka_event_t *event;
	bool answered = false;

	code = rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(topic),
							 RD_KAFKA_V_HEADER("pg_outbox.check", "1", 1),
							 RD_KAFKA_V_END);
	while (code == RD_KAFKA_RESP_ERR_NO_ERROR && !answered && clock_ms() < end)
	{
		event = rd_kafka_queue_poll(queue, 100);
		if (event == NULL)
			continue;
		message = rd_kafka_event_message_next(event);
		if (message != NULL)
		{
			answered = true;
			code = message->err;
		}
		rd_kafka_event_destroy(event);
	}
	rd_kafka_queue_destroy(queue);
	return code;
}

/*
 * A request to produce is first checked for the right to write, and is then
 * refused as a whole if it asks for a number of acknowledgements that is
 * neither 0, 1 nor all (KafkaApis.handleProduceRequest(),
 * ReplicaManager.isValidRequiredAcks()).  So with acks=2 Kafka says which of
 * both it is, and never writes.
 */
bool
kafka_probe_write(const Config *config, const char *topic, Error *err)
{
	rd_kafka_conf_t *conf = kafka_properties_new(config, err);
	rd_kafka_t *producer;
	rd_kafka_resp_err_t code;

	if (conf == NULL)
		return false;
	set(conf, "enable.gapless.guarantee", "false");
	set(conf, "enable.idempotence", "false");
	set(conf, "acks", "2");
	set(conf, "retries", "0");
	set(conf, "message.timeout.ms", "5000");
	producer = kafka_client_new(RD_KAFKA_PRODUCER, conf,
								RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR, err);
	if (producer == NULL)
		return false;
	code = produce(producer, topic);
	rd_kafka_purge(producer, RD_KAFKA_PURGE_F_QUEUE |
								 RD_KAFKA_PURGE_F_INFLIGHT |
								 RD_KAFKA_PURGE_F_NON_BLOCKING);
	rd_kafka_destroy(producer);
	if (code != RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
		return true;
	return error_set(err, "topic \"%s\": %s", topic, rd_kafka_err2str(code));
}

/* The longest that transactions are waited for, in ms. */
#define TRANSACTIONS_MS 5000

bool
kafka_probe_transactions(const Config *config, const char *system_identifier,
						 Error *answer)
{
	char *id = transactions_id(config, system_identifier);
	char *own = NULL;
	rd_kafka_conf_t *conf;
	rd_kafka_t *producer = NULL;
	rd_kafka_error_t *error = NULL;
	rd_kafka_resp_err_t code;
	bool ok;

	if (asprintf(&own, "%s-check", id) < 0)
		xalloc_failed();
	conf = kafka_properties_new(config, answer);
	if (conf != NULL)
	{
		set(conf, "transactional.id", own);
		producer = kafka_client_new(RD_KAFKA_PRODUCER, conf,
									RD_KAFKA_EVENT_ERROR, answer);
	}
	if (producer != NULL)
		error = rd_kafka_init_transactions(producer, TRANSACTIONS_MS);
	ok = producer != NULL && error == NULL;
	code = rd_kafka_error_code(error);
	if (ok)
		error_set(answer,
				  "Kafka hands out transactions (transactional.id "
				  "\"%s\")",
				  id);
	else if (transactions_are_refused(code))
		transactions_explain(config, code, rd_kafka_error_string(error),
							 answer);
	else if (error != NULL)
		error_set(answer,
				  "Kafka hands out no transactions: %s; look at topic "
				  "__transaction_state and transaction.state.log.* of the "
				  "brokers",
				  rd_kafka_error_string(error));
	if (error != NULL)
		rd_kafka_error_destroy(error);
	if (producer != NULL)
		rd_kafka_destroy(producer);
	free(own);
	free(id);
	return ok;
}
