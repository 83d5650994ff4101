/*-------------------------------------------------------------------------
 *
 * audit/client.c
 *	  A client of Kafka that reads, and changes nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "audit/client.h"
#include "base/exit.h"
#include "kafka/client.h"

/*
 * It belongs to no group and commits nothing, so it needs READ and DESCRIBE on
 * topics alone.  What is fetched ahead is bounded: so many kB a partition.
 */
static const KafkaProperty properties[] = {
	{"auto.offset.reset", "earliest"},
	{"queued.max.messages.kbytes", "1024"},
	{"queued.min.messages", "1000"},
	{"fetch.max.bytes", "8388608"},
};

rd_kafka_t *
audit_client_open(const Config *config, bool committed_only, int *status,
				  Error *err)
{
	*status = EXIT_USAGE;
	return kafka_client_reader(config, properties,
							   sizeof(properties) / sizeof(properties[0]),
							   committed_only, err);
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
	kafka_client_reason(client, code, &reason);
	if (topic == NULL)
		return error_set(err, "Kafka does not answer: %s", reason.text);
	return error_set(err, "topic \"%s\": %s", topic, reason.text);
}
