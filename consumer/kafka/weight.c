/*-------------------------------------------------------------------------
 *
 * kafka/weight.c
 *	  The memory that a record takes in librdkafka until it is delivered.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "kafka/weight.h"

/*
 * What librdkafka 2.0.2 takes beside the bytes of key, value and headers,
 * measured with glibc: 252 bytes for the message (rd_kafka_msg_t) with an empty
 * list of headers, and 66 to 97 for each header (rd_kafka_header_t), of which
 * the first costs most.  test/e2e/test_memory.py holds this against the
 * relay's memory.
 */
#define MESSAGE_BYTES 288
#define HEADER_BYTES 72

size_t
kafka_bytes_of_record(const KafkaRecord *record)
{
	size_t bytes = record->key.len + record->value.len;

	for (size_t i = 0; i < record->n_headers; i++)
		bytes += record->headers[i].name.len + record->headers[i].value.len;
	return bytes;
}

uint64_t
kafka_weight_of_record(const KafkaRecord *record)
{
	return MESSAGE_BYTES + record->n_headers * HEADER_BYTES +
		   kafka_bytes_of_record(record);
}

uint64_t
kafka_weight_of_message(const rd_kafka_message_t *message, uint64_t *bytes)
{
	uint64_t overhead = MESSAGE_BYTES;
	rd_kafka_headers_t *headers;
	const char *name;
	const void *value;
	size_t size;

	*bytes = message->key_len + message->len;
	if (rd_kafka_message_headers(message, &headers) !=
		RD_KAFKA_RESP_ERR_NO_ERROR)
		return overhead + *bytes;
	for (size_t i = 0;
		 rd_kafka_header_get_all(headers, i, &name, &value, &size) ==
		 RD_KAFKA_RESP_ERR_NO_ERROR;
		 i++)
	{
		overhead += HEADER_BYTES;
		*bytes += strlen(name) + size;
	}
	return overhead + *bytes;
}
