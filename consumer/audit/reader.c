/*-------------------------------------------------------------------------
 *
 * audit/reader.c
 *	  Reads the records of topics, one after the other.
 *
 * Some partitions at a time, so that memory does not grow with their number:
 * librdkafka fetches ahead for each that is being read.
 *
 *-------------------------------------------------------------------------
 */
#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>

#include "audit/client.h"
#include "audit/reader.h"
#include "base/clock.h"
#include "base/exit.h"
#include "base/memory.h"

/* How many partitions are read at a time. */
#define MOST_OPEN 16

/* How many records are taken from librdkafka at a time. */
#define BATCH 1000

/* How long is waited for records at a time, in ms. */
#define WAIT_MS 20

/*
 * The longest silence, in ms: a transaction that is open hides what is behind
 * it until its timeout, of a minute by default, is over.
 */
#define SILENCE_MS 90000

/* The header of a replay (sql/replay.sql). */
#define REPLAY_HEADER "pg_outbox.replay"

/* A topic that is being read. */
typedef struct Source
{
	AuditTopic *topic;
	rd_kafka_topic_t *handle; /* NULL: none of it yet */
} Source;

typedef struct Reader
{
	const AuditReading *reading;
	rd_kafka_t *client;
	rd_kafka_queue_t *queue;
	Source *sources; /* as many as topics */
	size_t next_topic;
	int next_partition;
	int open;
	int64_t deadline_ms; /* of the silence */
	uint64_t records;
	Progress progress;
	int *status;
	Error *err;
} Reader;

/* Begins to read a partition. */
static bool
open_partition(Reader *reader, Source *source, int number)
{
	AuditPartition *partition = &source->topic->partitions[number];
	rd_kafka_topic_conf_t *conf;

	if (partition->is_done)
		return true;
	if (source->handle == NULL)
	{
		conf = rd_kafka_topic_conf_new();
		rd_kafka_topic_conf_set(conf, "auto.offset.reset", "earliest", NULL, 0);
		rd_kafka_topic_conf_set_opaque(conf, source);
		source->handle =
			rd_kafka_topic_new(reader->client, source->topic->name, conf);
	}
	if (source->handle == NULL ||
		rd_kafka_consume_start_queue(source->handle, number, partition->from,
									 reader->queue) != 0)
		return audit_client_fail(reader->client, source->topic->name,
								 rd_kafka_last_error(), reader->status,
								 reader->err);
	partition->is_open = true;
	reader->open++;
	return true;
}

/* Begins with as many partitions as may be read at a time. */
static bool
open_more(Reader *reader)
{
	const AuditTopics *topics = reader->reading->topics;

	while (reader->open < MOST_OPEN && reader->next_topic < topics->count)
	{
		Source *source = &reader->sources[reader->next_topic];

		if (reader->next_partition >= source->topic->count)
		{
			reader->next_topic++;
			reader->next_partition = 0;
		}
		else if (!open_partition(reader, source, reader->next_partition++))
			return false;
	}
	return true;
}

/* Ends with a partition once all of it is read. */
static void
close_if_done(Reader *reader, Source *source, int number)
{
	AuditPartition *partition = &source->topic->partitions[number];

	if (!partition->is_open || partition->next < partition->end)
		return;
	rd_kafka_consume_stop(source->handle, number);
	partition->is_open = false;
	partition->is_done = true;
	/* Nothing but markers of transactions is left of it. */
	if (partition->from == partition->begin && partition->begin > 0 &&
		partition->kept_ms == AUDIT_KEEPS_ALL)
		partition->kept_ms = AUDIT_KEEPS_NONE;
	reader->open--;
}

/* Finds the id, which tables may call differently, and what else is told. */
static void
read_headers(const AuditReading *reading, const rd_kafka_message_t *message,
			 AuditRecord *record)
{
	rd_kafka_headers_t *headers;
	const void *value;
	size_t size;

	if (rd_kafka_message_headers(message, &headers) !=
		RD_KAFKA_RESP_ERR_NO_ERROR)
		return;
	for (const char *const *name = reading->headers;
		 *name != NULL && record->id.data == NULL; name++)
	{
		if (rd_kafka_header_get_last(headers, *name, &value, &size) ==
			RD_KAFKA_RESP_ERR_NO_ERROR)
			record->id = (Slice){value, size};
	}
	record->is_replayed =
		rd_kafka_header_get_last(headers, REPLAY_HEADER, &value, &size) ==
		RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* Notes what a record says of its topic. */
static void
note_topic(const AuditReading *reading, AuditTopic *topic, int number,
		   const AuditRecord *record)
{
	AuditPartition *partition = &topic->partitions[number];
	int expected =
		audit_partition_of(reading->place, record->key, topic->count);

	topic->records++;
	topic->is_scattered |= expected >= 0 && expected != number;
	/* The oldest that is kept, where there was an older one. */
	if (partition->begin > 0 && partition->from == partition->begin &&
		partition->kept_ms == AUDIT_KEEPS_ALL)
		partition->kept_ms = record->time_ms;
}

/* Takes a record. */
static void
take_record(Reader *reader, Source *source, const rd_kafka_message_t *message)
{
	const AuditReading *reading = reader->reading;
	AuditPartition *partition = &source->topic->partitions[message->partition];
	rd_kafka_timestamp_type_t type;
	AuditRecord record = {.topic = source->topic,
						  .key = {message->key, message->key_len},
						  .time_ms = rd_kafka_message_timestamp(message, &type),
						  .has_value = message->payload != NULL};

	if (!partition->is_open)
		return;
	if (message->offset >= partition->end)
	{
		/* Only markers were before it, which nobody sees. */
		partition->next = partition->end;
		return;
	}
	partition->next = message->offset + 1;
	read_headers(reading, message, &record);
	note_topic(reading, source->topic, message->partition, &record);
	reading->taker(reading->argument, &record);
	progress_show(&reader->progress, ++reader->records);
}

/* Takes what came from librdkafka. */
static bool
take(Reader *reader, const rd_kafka_message_t *message)
{
	Source *source =
		message->rkt != NULL ? rd_kafka_topic_opaque(message->rkt) : NULL;
	AuditPartition *partition;

	if (source == NULL || message->partition < 0 ||
		message->partition >= source->topic->count)
		return true;
	partition = &source->topic->partitions[message->partition];
	if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
	{
		take_record(reader, source, message);
		reader->deadline_ms = clock_ms() + SILENCE_MS;
	}
	else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
	{
		/* Behind markers, which nobody sees. */
		if (partition->is_open && message->offset > partition->next)
			partition->next = message->offset;
	}
	else if (message->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
			 message->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
		return audit_client_fail(reader->client, source->topic->name,
								 message->err, reader->status, reader->err);
	close_if_done(reader, source, message->partition);
	return true;
}

/* Says what could not be read. */
static bool
fail_silent(Reader *reader)
{
	const AuditTopics *topics = reader->reading->topics;

	*reader->status = EXIT_FAILED;
	for (size_t i = 0; i < topics->count; i++)
	{
		const AuditTopic *topic = topics->items[i];

		for (int number = 0; number < topic->count; number++)
		{
			if (topic->partitions[number].is_open)
				return error_set(reader->err,
								 "topic \"%s\", partition %d: nothing came for "
								 "%d s: Kafka is away, or a transaction is "
								 "open there, and nothing behind it can be "
								 "read before it ends",
								 topic->name, number, SILENCE_MS / 1000);
		}
	}
	return error_set(reader->err, "Kafka does not answer");
}

/* Reads until nothing is left. */
static bool
read_all(Reader *reader)
{
	static rd_kafka_message_t *messages[BATCH];

	reader->deadline_ms = clock_ms() + SILENCE_MS;
	for (;;)
	{
		ssize_t count;
		bool ok = true;

		if (!open_more(reader))
			return false;
		if (reader->open == 0)
			return true;
		count = rd_kafka_consume_batch_queue(reader->queue, WAIT_MS, messages,
											 BATCH);
		for (ssize_t i = 0; i < count; i++)
		{
			ok = ok && take(reader, messages[i]);
			rd_kafka_message_destroy(messages[i]);
		}
		if (!ok)
			return false;
		if (clock_ms() > reader->deadline_ms)
			return fail_silent(reader);
	}
}

/* Ends with all that was begun. */
static void
close_all(Reader *reader)
{
	for (size_t i = 0; i < reader->reading->topics->count; i++)
	{
		Source *source = &reader->sources[i];

		for (int number = 0; number < source->topic->count; number++)
		{
			if (source->topic->partitions[number].is_open)
				rd_kafka_consume_stop(source->handle, number);
		}
		if (source->handle != NULL)
			rd_kafka_topic_destroy(source->handle);
	}
}

/* How many offsets there are to read. */
static uint64_t
total(const AuditTopics *topics)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < topics->count; i++)
	{
		const AuditTopic *topic = topics->items[i];

		for (int number = 0; number < topic->count; number++)
			sum += (uint64_t) (topic->partitions[number].end -
							   topic->partitions[number].from);
	}
	return sum;
}

bool
audit_read(const AuditReading *reading, int *status, Error *err)
{
	Reader reader = {.reading = reading, .status = status, .err = err};
	bool ok;

	reader.client = audit_client_open(reading->config, true, status, err);
	if (reader.client == NULL)
		return false;
	reader.queue = rd_kafka_queue_new(reader.client);
	reader.sources = xcalloc(reading->topics->count + 1, sizeof(Source));
	for (size_t i = 0; i < reading->topics->count; i++)
		reader.sources[i].topic = reading->topics->items[i];
	progress_begin(&reader.progress, "records", total(reading->topics));
	ok = read_all(&reader);
	close_all(&reader);
	progress_end(&reader.progress);
	rd_kafka_queue_destroy(reader.queue);
	rd_kafka_destroy(reader.client);
	free(reader.sources);
	return ok;
}
