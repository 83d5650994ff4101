/*-------------------------------------------------------------------------
 *
 * kafka/client.c
 *	  Clients that ask Kafka something, beside the producer that publishes.
 *
 *-------------------------------------------------------------------------
 */
#include "kafka/client.h"
#include "kafka/properties.h"

rd_kafka_t *
kafka_client_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, int events,
				 Error *err)
{
	rd_kafka_t *client;
	char reason[512];

	rd_kafka_conf_set(conf, "log_level", "0", NULL, 0);
	rd_kafka_conf_set(conf, "allow.auto.create.topics", "false", NULL, 0);
	rd_kafka_conf_set_events(conf, events);
	client = rd_kafka_new(type, conf, reason, sizeof(reason));
	if (client != NULL)
		return client;
	rd_kafka_conf_destroy(conf);
	error_set(err, "[kafka] %s", reason);
	return NULL;
}

rd_kafka_t *
kafka_client_reader(const Config *config, const KafkaProperty *properties,
					size_t count, bool committed_only, Error *err)
{
	rd_kafka_conf_t *conf = kafka_properties_new(config, err);

	if (conf == NULL)
		return NULL;
	rd_kafka_conf_set(conf, "enable.partition.eof", "true", NULL, 0);
	rd_kafka_conf_set(conf, "log.queue", "false", NULL, 0);
	rd_kafka_conf_set(conf, "isolation.level",
					  committed_only ? "read_committed" : "read_uncommitted",
					  NULL, 0);
	for (size_t i = 0; i < count; i++)
		rd_kafka_conf_set(conf, properties[i][0], properties[i][1], NULL, 0);
	return kafka_client_new(RD_KAFKA_CONSUMER, conf, RD_KAFKA_EVENT_ERROR, err);
}

void
kafka_client_reason(rd_kafka_t *client, rd_kafka_resp_err_t code, Error *reason)
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
