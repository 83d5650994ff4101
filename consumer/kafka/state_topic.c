/*-------------------------------------------------------------------------
 *
 * kafka/state_topic.c
 *	  The topic in which exactly-once delivery keeps its position.
 *
 * The end up to which is read comes from ListOffsets without isolation: a
 * leader answers that only when it knows its high watermark (KIP-207), while a
 * reader of committed records sees an end that an open transaction holds back.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "kafka/client.h"
#include "kafka/state_topic.h"

/* The longest that one question may take, in ms. */
#define ANSWER_MS 3000

/* The longest that a reader may wait for the next record, in ms. */
#define SILENCE_MS 5000

/* How often a reader looks whether it is cancelled, in ms. */
#define SLICE_MS 50

/*
 * Each transaction takes two offsets, its record and its marker: the last
 * record is nearly always among so many.
 */
#define TAIL_OFFSETS 1000

/* As small as a segment is sensible: what is compacted is read but once. */
#define SEGMENT_BYTES "16777216"

/* What a look at the topic found. */
typedef struct Reader
{
	const Config *config;
	const char *key;
	const atomic_bool *cancelled;
	char topic[STATE_TOPIC_SIZE];
	StateAnswer *answer;
	bool found;
	bool broken; /* the last record of the key */
	Error broken_reason;
} Reader;

void
state_topic_name(const Config *config, char *name)
{
	const char *topic = config_text(config, CONFIG_RELAY_STATE_TOPIC);

	if (topic != NULL)
		snprintf(name, STATE_TOPIC_SIZE, "%s", topic);
	else
		snprintf(name, STATE_TOPIC_SIZE, "pg_outbox.state.%s",
				 config_text(config, CONFIG_RELAY_SLOT));
}

/* A client that reads. */
static rd_kafka_t *
open_client(const Config *config, bool committed_only, Error *err)
{
	static const KafkaProperty properties[] = {{"auto.offset.reset", "error"}};

	return kafka_client_reader(config, properties, 1, committed_only, err);
}

/* The last reason that the client noted, or what the question returned. */
static StateResult
unavailable(rd_kafka_t *client, const char *topic, rd_kafka_resp_err_t code,
			Error *err)
{
	Error reason;

	kafka_client_reason(client, code, &reason);
	error_set(err, "state topic \"%s\": %s", topic, reason.text);
	return STATE_UNAVAILABLE;
}

/* Kafka's answer that no later one will differ from. */
static StateResult
forbidden(const char *topic, const char *what, Error *err)
{
	error_set(err,
			  "state topic \"%s\": %s: allow the relay's principal READ, WRITE "
			  "and DESCRIBE on it",
			  topic, what);
	return STATE_REFUSED;
}

/* What an error code that Kafka answered with stands for. */
static StateResult
classify(rd_kafka_t *client, const char *topic, rd_kafka_resp_err_t code,
		 Error *err)
{
	switch (code)
	{
		case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
		case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
			return STATE_MISSING;
		case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
			return forbidden(topic, rd_kafka_err2str(code), err);
		default:
			return unavailable(client, topic, code, err);
	}
}

/* Looks whether the topic is there, with one partition. */
static StateResult
look_at_partitions(rd_kafka_t *client, Reader *reader)
{
	rd_kafka_topic_t *handle = rd_kafka_topic_new(client, reader->topic, NULL);
	const struct rd_kafka_metadata *metadata;
	rd_kafka_resp_err_t code;
	int partitions = 0;

	if (handle == NULL)
	{
		error_set(&reader->answer->err, "state topic \"%s\": %s", reader->topic,
				  rd_kafka_err2str(rd_kafka_last_error()));
		return STATE_REFUSED;
	}
	code = rd_kafka_metadata(client, 0, handle, &metadata, ANSWER_MS);
	rd_kafka_topic_destroy(handle);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
	{
		code = metadata->topics[0].err;
		partitions = metadata->topics[0].partition_cnt;
		reader->answer->brokers = metadata->broker_cnt;
		if (partitions > 0)
			reader->answer->replicas =
				metadata->topics[0].partitions[0].replica_cnt;
		rd_kafka_metadata_destroy(metadata);
	}
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return classify(client, reader->topic, code, &reader->answer->err);
	if (partitions == 1)
		return STATE_FOUND;
	error_set(&reader->answer->err,
			  "state topic \"%s\" has %d partitions, and its order needs one: "
			  "delete it, or name another in state_topic in section [relay]",
			  reader->topic, partitions);
	return STATE_REFUSED;
}

/* Finds a property in what DescribeConfigs answered; NULL if it is not shown.
 */
static const char *
find_property(rd_kafka_event_t *event, const char *name)
{
	const rd_kafka_ConfigResource_t **resources;
	const rd_kafka_ConfigEntry_t **entries;
	size_t n;

	if (event == NULL ||
		rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return NULL;
	resources = rd_kafka_DescribeConfigs_result_resources(
		rd_kafka_event_DescribeConfigs_result(event), &n);
	if (n != 1 || rd_kafka_ConfigResource_error(resources[0]) !=
					  RD_KAFKA_RESP_ERR_NO_ERROR)
		return NULL;
	entries = rd_kafka_ConfigResource_configs(resources[0], &n);
	for (size_t i = 0; i < n; i++)
	{
		if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), name) == 0)
			return rd_kafka_ConfigEntry_value(entries[i]);
	}
	return NULL;
}

/*
 * Looks whether the topic is compacted and nothing else.  A principal that may
 * not see its properties is believed: the topic is.
 */
static StateResult
look_at_policy(rd_kafka_t *client, Reader *reader)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
	rd_kafka_ConfigResource_t *resource =
		rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, reader->topic);
	rd_kafka_event_t *event;
	const char *policy;
	StateResult result = STATE_FOUND;

	rd_kafka_DescribeConfigs(client, &resource, 1, NULL, queue);
	rd_kafka_ConfigResource_destroy(resource);
	event = rd_kafka_queue_poll(queue, ANSWER_MS);
	policy = find_property(event, "cleanup.policy");
	if (policy != NULL && strcmp(policy, "compact") != 0)
	{
		error_set(&reader->answer->err,
				  "state topic \"%s\" has cleanup.policy=%s, which would "
				  "delete the position one day: set it to compact",
				  reader->topic, policy);
		result = STATE_REFUSED;
	}
	if (event != NULL)
		rd_kafka_event_destroy(event);
	rd_kafka_queue_destroy(queue);
	return result;
}

/* Takes one record: the last of the key counts. */
static void
take_record(Reader *reader, const rd_kafka_message_t *message)
{
	StateAnswer *answer = reader->answer;
	const char *key = message->key;
	const char *value = message->payload;

	if (key == NULL)
		return;
	if (message->key_len != strlen(reader->key) ||
		memcmp(key, reader->key, message->key_len) != 0)
	{
		state_record_is_foreign(key, message->key_len, reader->key,
								answer->system, sizeof(answer->system));
		return;
	}
	reader->found = value != NULL; /* without a value it was deleted */
	reader->broken = value != NULL &&
					 !state_record_read(&answer->record, value, message->len,
										&reader->broken_reason);
}

/* Tells whether the caller wants no answer any more. */
static bool
is_cancelled(const Reader *reader)
{
	return reader->cancelled != NULL && atomic_load(reader->cancelled);
}

/* Reads from the queue until the position is at the end. */
static StateResult
read_queue(rd_kafka_t *client, Reader *reader, rd_kafka_queue_t *queue,
		   int64_t end)
{
	int64_t deadline = clock_ms() + SILENCE_MS;
	bool held_up = false;

	while (clock_ms() < deadline && !is_cancelled(reader))
	{
		rd_kafka_message_t *message = rd_kafka_consume_queue(queue, SLICE_MS);
		rd_kafka_resp_err_t code;
		int64_t position;

		if (message == NULL)
			continue;
		code = message->err;
		position = message->offset;
		if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		{
			take_record(reader, message);
			position++;
			deadline = clock_ms() + SILENCE_MS;
		}
		rd_kafka_message_destroy(message);
		if (code != RD_KAFKA_RESP_ERR_NO_ERROR &&
			code != RD_KAFKA_RESP_ERR__PARTITION_EOF)
			return classify(client, reader->topic, code, &reader->answer->err);
		if (position >= end)
			return STATE_FOUND;
		held_up = code == RD_KAFKA_RESP_ERR__PARTITION_EOF;
	}
	if (!held_up)
		return unavailable(client, reader->topic, RD_KAFKA_RESP_ERR__TIMED_OUT,
						   &reader->answer->err);
	error_set(&reader->answer->err,
			  "state topic \"%s\": a transaction of another producer is open, "
			  "and nothing behind it can be read before it ends; only the "
			  "relay is to write there",
			  reader->topic);
	return STATE_UNAVAILABLE;
}

/* Reads the records from an offset to the end. */
static StateResult
read_records(rd_kafka_t *client, Reader *reader, int64_t begin, int64_t end)
{
	rd_kafka_topic_t *handle = rd_kafka_topic_new(client, reader->topic, NULL);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
	StateResult result;

	if (rd_kafka_consume_start_queue(handle, 0, begin, queue) != 0)
		result = classify(client, reader->topic, rd_kafka_last_error(),
						  &reader->answer->err);
	else
	{
		result = read_queue(client, reader, queue, end);
		rd_kafka_consume_stop(handle, 0);
	}
	rd_kafka_queue_destroy(queue);
	rd_kafka_topic_destroy(handle);
	return result;
}

/* Finds the offsets of the first record and behind the last. */
static StateResult
find_end(Reader *reader, int64_t *begin, int64_t *end)
{
	rd_kafka_t *client =
		open_client(reader->config, false, &reader->answer->err);
	rd_kafka_resp_err_t code;
	StateResult result = STATE_FOUND;

	if (client == NULL)
		return STATE_UNAVAILABLE;
	code = rd_kafka_query_watermark_offsets(client, reader->topic, 0, begin,
											end, ANSWER_MS);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		result = classify(client, reader->topic, code, &reader->answer->err);
	rd_kafka_destroy(client);
	return result;
}

/* Reads the end of the partition and, should the key not be there, all. */
static StateResult
read_partition(rd_kafka_t *client, Reader *reader)
{
	int64_t begin;
	int64_t end;
	int64_t tail;
	StateResult result = find_end(reader, &begin, &end);

	if (result != STATE_FOUND || begin >= end)
		return result;
	tail = end - begin > TAIL_OFFSETS ? end - TAIL_OFFSETS : begin;
	result = read_records(client, reader, tail, end);
	if (result == STATE_FOUND && !reader->found && tail > begin)
		result = read_records(client, reader, begin, end);
	return result;
}

StateResult
state_topic_read(const Config *config, const char *key,
				 const atomic_bool *cancelled, StateAnswer *answer)
{
	Reader reader = {.config = config,
					 .key = key,
					 .cancelled = cancelled,
					 .answer = answer};
	rd_kafka_t *client;
	StateResult result;

	memset(answer, 0, sizeof(StateAnswer));
	state_topic_name(config, reader.topic);
	client = open_client(config, true, &answer->err);
	if (client == NULL)
		return STATE_UNAVAILABLE;
	result = look_at_partitions(client, &reader);
	if (result == STATE_FOUND)
		result = look_at_policy(client, &reader);
	if (result == STATE_FOUND)
		result = read_partition(client, &reader);
	rd_kafka_destroy(client);
	if (result == STATE_FOUND && reader.broken)
	{
		error_set(&answer->err,
				  "state topic \"%s\": the record of key \"%s\" cannot be "
				  "read: %s; put it right, or delete it with a record without "
				  "a value, and the relay begins where the slot stands",
				  reader.topic, key, reader.broken_reason.text);
		return STATE_REFUSED;
	}
	if (result == STATE_FOUND && !reader.found)
	{
		memset(&answer->record, 0, sizeof(answer->record));
		return STATE_NONE;
	}
	return result;
}

/* What became of CreateTopics. */
static StateResult
read_creation(rd_kafka_t *client, const char *topic, rd_kafka_event_t *event,
			  Error *err)
{
	const rd_kafka_topic_result_t **results;
	rd_kafka_resp_err_t code;
	const char *reason;
	size_t n;

	if (event == NULL)
		return unavailable(client, topic, RD_KAFKA_RESP_ERR__TIMED_OUT, err);
	code = rd_kafka_event_error(event);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return unavailable(client, topic, code, err);
	results =
		rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(
												event),
											&n);
	code = n == 1 ? rd_kafka_topic_result_error(results[0])
				  : RD_KAFKA_RESP_ERR__FAIL;
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR ||
		code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
		return STATE_NONE;
	if (code == RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT ||
		code == RD_KAFKA_RESP_ERR_NOT_CONTROLLER)
		return unavailable(client, topic, code, err);
	reason = n == 1 ? rd_kafka_topic_result_error_string(results[0]) : NULL;
	error_set(err,
			  "state topic \"%s\" does not exist and cannot be created: %s; "
			  "create it with one partition and cleanup.policy=compact",
			  topic, reason != NULL ? reason : rd_kafka_err2str(code));
	return STATE_REFUSED;
}

StateResult
state_topic_create(const Config *config, bool only_ask, Error *err)
{
	char topic[STATE_TOPIC_SIZE];
	char reason[256];
	rd_kafka_t *client = open_client(config, true, err);
	rd_kafka_AdminOptions_t *options;
	rd_kafka_NewTopic_t *wanted;
	rd_kafka_queue_t *queue;
	rd_kafka_event_t *event;
	StateResult result;

	if (client == NULL)
		return STATE_UNAVAILABLE;
	state_topic_name(config, topic);
	wanted = rd_kafka_NewTopic_new(topic, 1, -1, reason, sizeof(reason));
	/* All that could be wrong is in the code. */
	if (wanted == NULL)
		xalloc_failed();
	rd_kafka_NewTopic_set_config(wanted, "cleanup.policy", "compact");
	rd_kafka_NewTopic_set_config(wanted, "segment.bytes", SEGMENT_BYTES);
	options = rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_CREATETOPICS);
	rd_kafka_AdminOptions_set_validate_only(options, only_ask, NULL, 0);
	queue = rd_kafka_queue_new(client);
	rd_kafka_CreateTopics(client, &wanted, 1, options, queue);
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_NewTopic_destroy(wanted);
	event = rd_kafka_queue_poll(queue, ANSWER_MS);
	result = read_creation(client, topic, event, err);
	if (event != NULL)
		rd_kafka_event_destroy(event);
	rd_kafka_queue_destroy(queue);
	rd_kafka_destroy(client);
	return result;
}
