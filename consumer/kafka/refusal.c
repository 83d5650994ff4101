/*-------------------------------------------------------------------------
 *
 * kafka/refusal.c
 *	  Why Kafka, or librdkafka before it, refuses a record.
 *
 *-------------------------------------------------------------------------
 */
#include <librdkafka/rdkafka.h>

#include "kafka/refusal.h"

bool
kafka_refuses(int code)
{
	switch ((rd_kafka_resp_err_t) code)
	{
		case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
		case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
		case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
		case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
		case RD_KAFKA_RESP_ERR_INVALID_MSG:
		case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
		case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
		case RD_KAFKA_RESP_ERR_INVALID_RECORD:
		case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
			return true;
		default:
			return false;
	}
}

void
kafka_refusal_begin(KafkaRefusal *refusal, int code)
{
	*refusal = (KafkaRefusal){
		.code = rd_kafka_err2name((rd_kafka_resp_err_t) code),
		.too_large = code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
					 code == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE,
		.invalid = code == RD_KAFKA_RESP_ERR_INVALID_RECORD ||
				   code == RD_KAFKA_RESP_ERR_INVALID_MSG,
		.partition = code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
	};
}

void
kafka_refusal_of_batch(KafkaRefusal *refusal, const rd_kafka_message_t *message)
{
	const char *topic = rd_kafka_topic_name(message->rkt);
	const char *reason = rd_kafka_err2str(message->err);

	kafka_refusal_begin(refusal, message->err);
	if (refusal->too_large)
		error_set(&refusal->reason,
				  "topic \"%s\": %s: the value has %zu bytes; raise the "
				  "topic's max.message.bytes (unless it is set there, it is "
				  "the brokers' message.max.bytes), and if that is larger "
				  "already lower batch.size in [kafka]",
				  topic, reason, message->len);
	else if (refusal->partition)
		error_set(&refusal->reason, "topic \"%s\" has no partition %d", topic,
				  message->partition);
	else
		error_set(&refusal->reason, "topic \"%s\": %s", topic, reason);
}

void
kafka_refusal_of_size(KafkaRefusal *refusal, const char *topic,
					  const char *limit)
{
	refusal->lasts = true;
	error_set(&refusal->reason,
			  "topic \"%s\": the event with its key and headers is larger than "
			  "message.max.bytes in section [kafka], %s: raise that",
			  topic, limit);
}
