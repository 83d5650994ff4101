/*-------------------------------------------------------------------------
 *
 * kafka.c
 *	  The Kafka producer: events in, deliveries out.
 *
 *-------------------------------------------------------------------------
 */
#include <json-c/linkhash.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "kafka.h"
#include "kafkaconf.h"
#include "log.h"
#include "xalloc.h"

struct Kafka
{
	rd_kafka_t *producer;
	rd_kafka_queue_t *queue;
	int fd;                  /* eventfd, written by librdkafka */
	struct lh_table *topics; /* name -> rd_kafka_topic_t, by string */
	uint64_t in_flight;
	uint64_t in_flight_bytes;
	int outage;             /* the error that was last told of; 0 = none */
	int64_t outage_told_ms; /* when */
};

/*
 * What an event takes in memory beside key and value, in bytes: librdkafka's
 * message (rdkafka_msg.h), its headers and the allocator's share.
 */
#define EVENT_OVERHEAD 256

/* An outage is told of again after this time, in ms. */
#define OUTAGE_REMINDER_MS 60000

/* A topic's name is at most 249 bytes (Topic.java). */
#define TOPIC_SIZE 250

/* Releases a topic of the table. */
static void
free_topic(struct lh_entry *entry)
{
	free(lh_entry_k(entry));
	rd_kafka_topic_destroy((rd_kafka_topic_t *) lh_entry_v(entry));
}

Kafka *
kafka_new(const Config *config, Error *err)
{
	static const uint64_t one = 1;
	rd_kafka_conf_t *conf = kafkaconf_new(config, err);
	rd_kafka_t *producer;
	Kafka *kafka;
	char reason[512];

	if (conf == NULL)
		return NULL;
	rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR |
									   RD_KAFKA_EVENT_LOG);
	producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof(reason));
	if (producer == NULL)
	{
		rd_kafka_conf_destroy(conf);
		error_set(err, "[kafka] %s", reason);
		return NULL;
	}
	kafka = xcalloc(1, sizeof(Kafka));
	kafka->producer = producer;
	kafka->topics = lh_kchar_table_new(64, free_topic);
	if (kafka->topics == NULL)
		xalloc_failed();
	kafka->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	kafka->queue = rd_kafka_queue_get_main(producer);
	rd_kafka_queue_io_event_enable(kafka->queue, kafka->fd, &one, sizeof(one));
	rd_kafka_set_log_queue(producer, NULL);
	return kafka;
}

void
kafka_free(Kafka *kafka)
{
	if (kafka == NULL)
		return;
	rd_kafka_purge(kafka->producer, RD_KAFKA_PURGE_F_QUEUE |
										RD_KAFKA_PURGE_F_INFLIGHT |
										RD_KAFKA_PURGE_F_NON_BLOCKING);
	lh_table_free(kafka->topics);
	rd_kafka_queue_destroy(kafka->queue);
	rd_kafka_destroy(kafka->producer);
	close(kafka->fd);
	free(kafka);
}

int
kafka_fd(const Kafka *kafka)
{
	return kafka->fd;
}

uint64_t
kafka_in_flight(const Kafka *kafka)
{
	return kafka->in_flight;
}

uint64_t
kafka_in_flight_bytes(const Kafka *kafka)
{
	return kafka->in_flight_bytes;
}

/*
 * The handle of a topic.  Handles are kept: to produce by name librdkafka
 * searches a list, and sends the first event of a topic up to a second late
 * (before 2.10.1).
 */
static rd_kafka_topic_t *
get_topic(Kafka *kafka, Slice name, Error *err)
{
	char buffer[TOPIC_SIZE];
	void *found;
	rd_kafka_topic_t *topic;

	if (name.len >= TOPIC_SIZE || memchr(name.data, '\0', name.len) != NULL)
	{
		error_set(err, "topic is not a legal name");
		return NULL;
	}
	snprintf(buffer, sizeof(buffer), "%.*s", (int) name.len, name.data);
	if (lh_table_lookup_ex(kafka->topics, buffer, &found))
		return found;
	topic = rd_kafka_topic_new(kafka->producer, buffer, NULL);
	if (topic == NULL)
		error_set(err, "topic \"%s\": %s", buffer,
				  rd_kafka_err2str(rd_kafka_last_error()));
	else if (lh_table_insert(kafka->topics, xstrdup(buffer), topic) != 0)
		xalloc_failed();
	return topic;
}

/* The event's headers as librdkafka keeps them. */
static rd_kafka_headers_t *
make_headers(const Envelope *event)
{
	rd_kafka_headers_t *headers = rd_kafka_headers_new(event->n_headers);

	for (size_t i = 0; i < event->n_headers; i++)
	{
		const EnvelopeHeader *header = &event->headers[i];

		rd_kafka_header_add(headers, header->name.data,
							(ssize_t) header->name.len, header->value.data,
							(ssize_t) header->value.len);
	}
	return headers;
}

/* The memory that an event in flight takes. */
static uint64_t
event_bytes(size_t key, size_t value)
{
	return key + value + EVENT_OVERHEAD;
}

/* Counts an event in, or tells why it is not. */
static KafkaResult
count_produced(Kafka *kafka, const Envelope *event, rd_kafka_error_t *error,
			   Error *err)
{
	KafkaResult result = KAFKA_REFUSED;

	if (error == NULL)
	{
		kafka->in_flight++;
		kafka->in_flight_bytes +=
			event_bytes(event->key.len, event->payload.len);
		return KAFKA_QUEUED;
	}
	if (rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
		result = KAFKA_FULL;
	else
		error_set(err, "topic \"%.*s\": %s", (int) event->topic.len,
				  event->topic.data, rd_kafka_error_string(error));
	rd_kafka_error_destroy(error);
	return result;
}

/* A key or value; librdkafka takes NULL for none, and copies the bytes. */
static rd_kafka_vu_t
memory_argument(rd_kafka_vtype_t type, Slice bytes)
{
	return (rd_kafka_vu_t){type, .u.mem = {(void *) bytes.data, bytes.len}};
}

/* In an envelope and in librdkafka "any partition" is the same number. */
_Static_assert(ENVELOPE_NO_PARTITION == RD_KAFKA_PARTITION_UA,
			   "the partition goes to librdkafka as it is");

KafkaResult
kafka_produce(Kafka *kafka, const Envelope *event, uint64_t ticket, Error *err)
{
	rd_kafka_topic_t *topic = get_topic(kafka, event->topic, err);
	rd_kafka_vu_t arguments[8];
	rd_kafka_headers_t *headers;
	rd_kafka_error_t *error;

	if (topic == NULL)
		return KAFKA_REFUSED;

	/*
	 * The headers go in as one list: librdkafka before 2.12 frees single ones
	 * twice when the partitioner refuses the message (#4627).
	 */
	headers = make_headers(event);
	arguments[0] = (rd_kafka_vu_t){RD_KAFKA_VTYPE_RKT, .u.rkt = topic};
	arguments[1] =
		(rd_kafka_vu_t){RD_KAFKA_VTYPE_PARTITION, .u.i32 = event->partition};
	arguments[2] =
		(rd_kafka_vu_t){RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY};
	arguments[3] = memory_argument(RD_KAFKA_VTYPE_KEY, event->key);
	arguments[4] = memory_argument(RD_KAFKA_VTYPE_VALUE, event->payload);
	arguments[5] =
		(rd_kafka_vu_t){RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = event->ts};
	arguments[6] =
		(rd_kafka_vu_t){RD_KAFKA_VTYPE_HEADERS, .u.headers = headers};
	arguments[7] = (rd_kafka_vu_t){RD_KAFKA_VTYPE_OPAQUE,
								   .u.ptr = (void *) (uintptr_t) ticket};
	error = rd_kafka_produceva(kafka->producer, arguments, 8);
	if (error != NULL)
		rd_kafka_headers_destroy(headers);
	return count_produced(kafka, event, error, err);
}

/*
 * Tells of a batch that Kafka refuses.  It refuses batches as a whole: if one
 * is too large, the largest event in it is probably why.
 */
static void
fail_batch(const rd_kafka_message_t *culprit, const KafkaHandlers *handlers)
{
	Error err;

	if (culprit->err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
		error_set(&err,
				  "topic \"%s\": %s: the value has %zu bytes; raise "
				  "max.message.bytes of the topic, and if that is larger "
				  "already lower batch.size in [kafka]",
				  rd_kafka_topic_name(culprit->rkt),
				  rd_kafka_err2str(culprit->err), culprit->len);
	else
		error_set(&err, "topic \"%s\": %s", rd_kafka_topic_name(culprit->rkt),
				  rd_kafka_err2str(culprit->err));
	handlers->failed(handlers->argument,
					 (uint64_t) (uintptr_t) culprit->_private, &err);
}

/* Takes the reports of one batch. */
static void
serve_deliveries(Kafka *kafka, rd_kafka_event_t *event,
				 const KafkaHandlers *handlers)
{
	const rd_kafka_message_t *culprit = NULL;
	const rd_kafka_message_t *message;

	while ((message = rd_kafka_event_message_next(event)) != NULL)
	{
		kafka->in_flight--;
		kafka->in_flight_bytes -= event_bytes(message->key_len, message->len);
		if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
			handlers->delivered(handlers->argument,
								(uint64_t) (uintptr_t) message->_private);
		else if (culprit == NULL || message->len > culprit->len)
			culprit = message;
	}
	if (culprit != NULL)
		fail_batch(culprit, handlers);
	else if (kafka->outage != 0)
	{
		log_info("Kafka answers again");
		kafka->outage = 0;
	}
}

/* Tells of brokers that cannot be reached: once, then rarely. */
static void
tell_outage(Kafka *kafka, int code, const char *reason)
{
	int64_t now = clock_ms();

	if (code == kafka->outage &&
		now - kafka->outage_told_ms < OUTAGE_REMINDER_MS)
		return;
	kafka->outage = code;
	kafka->outage_told_ms = now;
	log_warning("waiting for Kafka; trying again", LOG_TEXT("error", reason));
}

/* Takes an error of the producer; false if it is the end of it. */
static bool
serve_error(Kafka *kafka, rd_kafka_event_t *event, Error *err)
{
	char reason[512];

	if (!rd_kafka_event_error_is_fatal(event))
	{
		tell_outage(kafka, rd_kafka_event_error(event),
					rd_kafka_event_error_string(event));
		return true;
	}
	/* The batch that failed has a report of its own, which says more. */
	if (rd_kafka_fatal_error(kafka->producer, reason, sizeof(reason)) ==
		RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE)
		return true;
	return error_set(err,
					 "the Kafka producer failed: %s; nothing is lost, start "
					 "pg_outbox again",
					 reason);
}

/* Passes a line of librdkafka's log on to ours. */
static void
serve_log(rd_kafka_event_t *event)
{
	const char *facility;
	const char *text;
	int level;

	if (rd_kafka_event_log(event, &facility, &text, &level) == 0)
		log_debug("librdkafka says", LOG_TEXT("facility", facility),
				  LOG_TEXT("message", text));
}

bool
kafka_serve(Kafka *kafka, const KafkaHandlers *handlers, Error *err)
{
	rd_kafka_event_t *event;
	uint64_t wakeups;
	bool ok = true;

	/* Before the queue: librdkafka writes again only when that was read. */
	if (read(kafka->fd, &wakeups, sizeof(wakeups)) < 0)
		wakeups = 0;
	while (ok && (event = rd_kafka_queue_poll(kafka->queue, 0)) != NULL)
	{
		switch (rd_kafka_event_type(event))
		{
			case RD_KAFKA_EVENT_DR:
				serve_deliveries(kafka, event, handlers);
				break;
			case RD_KAFKA_EVENT_ERROR:
				ok = serve_error(kafka, event, err);
				break;
			case RD_KAFKA_EVENT_LOG:
				serve_log(event);
				break;
			default:
				break;
		}
		rd_kafka_event_destroy(event);
	}
	return ok;
}
