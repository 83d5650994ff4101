/*-------------------------------------------------------------------------
 *
 * kafka/producer.c
 *	  The Kafka producer: events in, deliveries out.
 *
 *-------------------------------------------------------------------------
 */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "kafka/ending.h"
#include "kafka/errors.h"
#include "kafka/look.h"
#include "kafka/producer.h"
#include "kafka/properties.h"
#include "kafka/sockets.h"
#include "kafka/topics.h"
#include "kafka/weight.h"
#include "base/log.h"
#include "base/memory.h"

struct Kafka
{
	rd_kafka_conf_t *conf; /* of the producers to come */
	TopicSpec spec;        /* how topics are created */
	bool creates_topics;
	size_t max_topics; /* that one producer is used for */
	int fd;            /* eventfd, written by librdkafka */

	bool transactional;

	rd_kafka_t *producer; /* NULL: stopped, and so are the others */
	bool wanted;          /* it could not be made; tried again */
	Outage making;        /* since when */
	KafkaSockets *sockets;
	rd_kafka_queue_t *queue;
	KafkaLook *look;
	KafkaTopics *topics;
	uint64_t in_flight;
	uint64_t in_flight_bytes;
	uint64_t held;  /* of these, not in librdkafka: kafka/held.h */
	bool release;   /* some of these may go now */
	bool unguarded; /* one of these may be reported though it is lost */
	int64_t now_ms; /* when kafka_serve() was called last */
	bool purged;    /* an event was given up with its transaction */
	uint64_t purged_ticket;
	bool failed;          /* as was reported: nothing more is released */
	bool gapless_failure; /* the report of the batch is still to come */
	bool broken;          /* the producer can go no further */
	Error broken_reason;
	KafkaErrors errors;
	Error last_error; /* of those */
	uint64_t begun;   /* producers, in all */
};

/* The longest that the end of producers is awaited at the end, in ms. */
#define ENDING_MS 2000

/*
 * Makes a producer and takes it into use.  False, with the reason in err, if
 * its properties are wrong.
 */
static bool
attach(Kafka *kafka, Error *err)
{
	static const uint64_t one = 1;
	rd_kafka_conf_t *conf = rd_kafka_conf_dup(kafka->conf);
	char reason[512];

	kafka->sockets = kafkasockets_new(conf);
	kafka->producer =
		rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof(reason));
	if (kafka->producer == NULL)
	{
		rd_kafka_conf_destroy(conf);
		kafkasockets_free(kafka->sockets);
		return error_set(err, "[kafka] %s", reason);
	}
	kafka->queue = rd_kafka_queue_get_main(kafka->producer);
	rd_kafka_queue_io_event_enable(kafka->queue, kafka->fd, &one, sizeof(one));
	rd_kafka_set_log_queue(kafka->producer, NULL);
	kafka->look = kafkalook_new(kafka->producer, kafka->fd);
	kafka->topics =
		kafka_topics_new(kafka->producer, kafka->queue, kafka->look,
						 kafka->creates_topics ? &kafka->spec : NULL);
	kafka->begun++;
	log_debug("a producer begins",
			  LOG_TEXT("name", rd_kafka_name(kafka->producer)));
	return true;
}

void
kafka_stop(Kafka *kafka)
{
	kafka->wanted = false;
	if (kafka->producer == NULL)
		return;
	kafkasockets_close(kafka->sockets);
	rd_kafka_queue_io_event_enable(kafka->queue, -1, NULL, 0);
	rd_kafka_purge(kafka->producer, RD_KAFKA_PURGE_F_QUEUE |
										RD_KAFKA_PURGE_F_INFLIGHT |
										RD_KAFKA_PURGE_F_NON_BLOCKING);
	kafka_topics_free(kafka->topics);
	rd_kafka_queue_destroy(kafka->queue);
	kafkaending_begin(kafka->producer, kafka->look, kafka->sockets);
	kafka->producer = NULL;
	kafka->sockets = NULL;
	kafka->queue = NULL;
	kafka->look = NULL;
	kafka->topics = NULL;
	kafka->in_flight = 0;
	kafka->in_flight_bytes = 0;
	kafka->held = 0;
	kafka->release = false;
	kafka->unguarded = false;
	kafka->purged = false;
	kafka->failed = false;
	kafka->gapless_failure = false;
	kafka->broken = false;
}

/* Releases what outlives every producer. */
static void
release(Kafka *kafka)
{
	rd_kafka_conf_destroy(kafka->conf);
	topic_spec_free(&kafka->spec);
	close(kafka->fd);
	free(kafka);
}

Kafka *
kafka_new(const Config *config, Error *err)
{
	const char *spec = config_text(config, CONFIG_RELAY_CREATE_TOPICS);
	rd_kafka_conf_t *conf = kafka_properties_new(config, err);
	Kafka *kafka;

	if (conf == NULL)
		return NULL;
	rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR |
									   RD_KAFKA_EVENT_LOG |
									   RD_KAFKA_EVENT_CREATETOPICS_RESULT);
	kafka = xcalloc(1, sizeof(Kafka));
	kafka->conf = conf;
	kafka->transactional = config_is_exactly_once(config);
	/* The id comes with the server; what contradicts any is found now. */
	if (kafka->transactional)
		rd_kafka_conf_set(conf, "transactional.id", "pg_outbox", NULL, 0);
	kafka->creates_topics =
		spec != NULL && topic_spec_parse(&kafka->spec, spec, err);
	kafka->max_topics = (size_t) config_number(config, CONFIG_RELAY_MAX_TOPICS);
	kafka->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (attach(kafka, err))
		return kafka;
	release(kafka);
	return NULL;
}

void
kafka_begin(Kafka *kafka)
{
	int64_t now = clock_ms();
	Error err;

	if (kafka->producer != NULL)
		return;
	/* The properties are those of the first, but not their files, or threads.
	 */
	kafka->wanted = !attach(kafka, &err);
	if (!kafka->wanted)
		outage_end(&kafka->making);
	else if (outage_is_due(&kafka->making, now))
		log_warning("no Kafka producer can be made; trying again",
					LOG_INT("waited_s",
							outage_lasted(&kafka->making, now) / 1000),
					LOG_TEXT("error", err.text));
}

void
kafka_free(Kafka *kafka)
{
	if (kafka == NULL)
		return;
	kafka_stop(kafka);
	/* Else the process ends with threads of librdkafka still in it. */
	if (kafkaending_wait(ENDING_MS))
		release(kafka);
}

void
kafka_cut(Kafka *kafka)
{
	if (kafka->producer != NULL)
		kafkasockets_close(kafka->sockets);
}

void
kafka_set_transactional_id(Kafka *kafka, const char *id)
{
	kafka_stop(kafka);
	/* What an id may be was checked with the configuration. */
	rd_kafka_conf_set(kafka->conf, "transactional.id", id, NULL, 0);
	kafka_begin(kafka);
}

bool
kafka_is_broken(const Kafka *kafka)
{
	return kafka->broken;
}

bool
kafka_is_worn(const Kafka *kafka)
{
	return kafka->producer != NULL &&
		   kafka_topics_count(kafka->topics) >= kafka->max_topics;
}

rd_kafka_t *
kafka_handle(const Kafka *kafka)
{
	return kafka->producer;
}

void
kafka_wake(const Kafka *kafka)
{
	static const uint64_t one = 1;

	/* It can only fail if it is readable anyway. */
	if (write(kafka->fd, &one, sizeof(one)) < 0)
		return;
}

unsigned
kafka_closed_sockets(const Kafka *kafka)
{
	return kafkasockets_count_closed(kafka->sockets);
}

/* A property of the producers that is a number. */
static int64_t
number_property(const Kafka *kafka, const char *name)
{
	char value[32];
	size_t size = sizeof(value);

	if (rd_kafka_conf_get(kafka->conf, name, value, &size) != RD_KAFKA_CONF_OK)
		return 0;
	return strtol(value, NULL, 10);
}

int64_t
kafka_request_timeout(const Kafka *kafka)
{
	return number_property(kafka, "socket.timeout.ms");
}

int64_t
kafka_transaction_timeout(const Kafka *kafka)
{
	return number_property(kafka, "transaction.timeout.ms");
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

bool
kafka_is_unguarded(const Kafka *kafka)
{
	return kafka->unguarded;
}

/* Tells whether topics have something to do. */
static bool
awaits_topics(const Kafka *kafka)
{
	return kafka->in_flight > 0 || kafka_topics_creating(kafka->topics) > 0;
}

bool
kafka_waits(const Kafka *kafka)
{
	return kafka->wanted || (kafka->producer != NULL &&
							 (awaits_topics(kafka) || kafka->errors.waiting));
}

uint64_t
kafka_in_flight_bytes(const Kafka *kafka)
{
	return kafka->in_flight_bytes;
}

/* The record's headers as librdkafka keeps them. */
static rd_kafka_headers_t *
make_headers(const KafkaRecord *record)
{
	rd_kafka_headers_t *headers = rd_kafka_headers_new(record->n_headers);

	for (size_t i = 0; i < record->n_headers; i++)
	{
		const NamedSlice *header = &record->headers[i];

		rd_kafka_header_add(headers, header->name.data,
							(ssize_t) header->name.len, header->value.data,
							(ssize_t) header->value.len);
	}
	return headers;
}

/*
 * Notes that the producer can go no further; kafka_serve() reports it.  Nothing
 * that it has in a transaction may be committed any more.
 */
static KafkaResult
break_off(Kafka *kafka, const char *topic, const char *reason)
{
	if (!kafka->broken)
		error_set(&kafka->broken_reason, "topic \"%s\": %s", topic, reason);
	kafka->broken = true;
	if (kafka->transactional)
		kafka_cut(kafka);
	/* Nothing else may wake the loop. */
	kafka_wake(kafka);
	return KAFKA_FULL;
}

/* Refuses an event whose topic, as the reason says, cannot be one. */
static KafkaResult
refuse_name(KafkaRefusal *refusal)
{
	Error reason = refusal->reason;

	kafka_refusal_begin(refusal, RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION);
	refusal->lasts = true;
	refusal->reason = reason;
	return KAFKA_REFUSED;
}

/* Refuses an event that is larger than [kafka] allows. */
static KafkaResult
refuse_size(const Kafka *kafka, const char *topic, KafkaRefusal *refusal)
{
	char limit[32] = "";
	size_t size = sizeof(limit);

	rd_kafka_conf_get(kafka->conf, "message.max.bytes", limit, &size);
	kafka_refusal_of_size(refusal, topic, limit);
	return KAFKA_REFUSED;
}

/* A partition is not known: does a fresh look find it? */
static KafkaResult
refuse_partition(Kafka *kafka, KafkaTopic *topic, const KafkaRecord *record,
				 KafkaRefusal *refusal)
{
	const char *name = rd_kafka_topic_name(topic->handle);
	int partitions;

	if (!kafka_topics_look(kafka->topics, topic, &partitions))
		return KAFKA_FULL;
	if (partitions < 0 || record->partition < partitions)
		return break_off(kafka, name, "its partitions changed");
	error_set(&refusal->reason, "topic \"%s\" has no partition %d: it has %d",
			  name, record->partition, partitions);
	return KAFKA_REFUSED;
}

/* librdkafka did not take an event: for now, or as it is. */
static KafkaResult
not_produced(Kafka *kafka, KafkaTopic *topic, const KafkaRecord *record,
			 const rd_kafka_error_t *error, KafkaRefusal *refusal)
{
	const char *name = rd_kafka_topic_name(topic->handle);
	rd_kafka_resp_err_t code = rd_kafka_error_code(error);

	kafka_refusal_begin(refusal, code);
	switch (code)
	{
		case RD_KAFKA_RESP_ERR__QUEUE_FULL:
			return KAFKA_FULL;
		case RD_KAFKA_RESP_ERR__FATAL:
		case RD_KAFKA_RESP_ERR__STATE:
			/* An event or a report that says more is on its way. */
			return KAFKA_FULL;
		case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
			return break_off(kafka, name, "it does not exist any more");
		case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
			return refuse_partition(kafka, topic, record, refusal);
		case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
			return refuse_size(kafka, name, refusal);
		default:
			if (!kafka_refuses(code))
				return break_off(kafka, name, rd_kafka_error_string(error));
			error_set(&refusal->reason, "topic \"%s\": %s", name,
					  rd_kafka_error_string(error));
			return KAFKA_REFUSED;
	}
}

/*
 * Tells whether an event has to wait for another one's delivery: for that of
 * the first one of its topic, which says which partitions there are, or in the
 * partition that it names.
 */
static bool
has_to_wait(const Kafka *kafka, const KafkaTopic *topic,
			const KafkaRecord *record)
{
	return topic->unplaced ||
		   !kafka_pilots_may_go(&topic->pilots, record->partition,
								kafka->now_ms);
}

/* Notes whether the next event has to wait for one that librdkafka has. */
static void
note_placed(Kafka *kafka, KafkaTopic *topic, const KafkaRecord *record,
			int32_t partition)
{
	bool is_placed = partition >= 0 && partition < KAFKA_PILOTS_MAX;

	if (is_placed)
		kafka_pilots_sent(&topic->pilots, partition, kafka->now_ms);
	else
		topic->unplaced |= record->key.data != NULL;
	topic->unplaced |= !topic->delivered;
	kafka->unguarded |= !is_placed;
	kafka_topic_count(topic, 1);
}

/* A key or value; librdkafka takes NULL for none, and copies the bytes. */
static rd_kafka_vu_t
memory_argument(rd_kafka_vtype_t type, Slice bytes)
{
	return (rd_kafka_vu_t){type, .u.mem = {(void *) bytes.data, bytes.len}};
}

_Static_assert(KAFKA_ANY_PARTITION == RD_KAFKA_PARTITION_UA,
			   "the partition goes to librdkafka as it is");

/*
 * Makes room for one topic more: librdkafka forgets no topic as long as its
 * producer lives.  A new one begins when nothing is in flight, so that it can
 * neither overtake nor repeat; false until then.
 */
static bool
has_room(Kafka *kafka, Slice topic)
{
	/* Only between two transactions: see kafka_is_worn(). */
	if (kafka->transactional)
		return true;
	if (kafka_topics_count(kafka->topics) < kafka->max_topics ||
		kafka_topics_has(kafka->topics, topic))
		return true;
	if (kafka->in_flight > 0)
		return false;
	log_debug("max_topics is reached: a new producer begins",
			  LOG_INT("topics", (int64_t) kafka_topics_count(kafka->topics)));
	kafka_stop(kafka);
	kafka_begin(kafka);
	return kafka->producer != NULL;
}

/*
 * Gives a record to librdkafka; returns why it was not taken, which the caller
 * destroys, or NULL.
 *
 * The headers go in as one list: librdkafka before 2.12 frees single ones twice
 * when the partitioner refuses the message (#4627).
 */
static rd_kafka_error_t *
hand_over(Kafka *kafka, const KafkaTopic *topic, const KafkaRecord *record,
		  uint64_t ticket)
{
	rd_kafka_headers_t *headers = make_headers(record);
	const rd_kafka_vu_t arguments[] =
		{{RD_KAFKA_VTYPE_RKT, .u.rkt = topic->handle},
		 {RD_KAFKA_VTYPE_PARTITION, .u.i32 = record->partition},
		 {RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
		 memory_argument(RD_KAFKA_VTYPE_KEY, record->key),
		 memory_argument(RD_KAFKA_VTYPE_VALUE, record->value),
		 {RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = record->ts},
		 {RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
		 {RD_KAFKA_VTYPE_OPAQUE, .u.ptr = (void *) (uintptr_t) ticket}};
	rd_kafka_error_t *error =
		rd_kafka_produceva(kafka->producer, arguments,
						   sizeof(arguments) / sizeof(arguments[0]));

	if (error != NULL)
		rd_kafka_headers_destroy(headers);
	return error;
}

/* Produces a record to a topic that is there, or is to be waited for. */
static KafkaResult
produce(Kafka *kafka, KafkaTopic *topic, const KafkaRecord *record,
		uint64_t ticket, KafkaRefusal *refusal)
{
	rd_kafka_error_t *error;
	KafkaPlacing placing;
	KafkaResult result;

	if (has_to_wait(kafka, topic, record))
		return KAFKA_FULL;
	kafka_placing_begin(&placing, &topic->pilots, kafka->now_ms);
	error = hand_over(kafka, topic, record, ticket);
	kafka_placing_end();
	if (error == NULL)
	{
		note_placed(kafka, topic, record,
					record->partition >= 0 ? record->partition
										   : placing.partition);
		return KAFKA_QUEUED;
	}
	result = placing.refused
				 ? KAFKA_FULL
				 : not_produced(kafka, topic, record, error, refusal);
	rd_kafka_error_destroy(error);
	return result;
}

/*
 * Tells whether an event is held: others are before it, or the topic is missing
 * and it would have to wait.
 */
static bool
is_to_be_held(const Kafka *kafka, const KafkaTopic *topic,
			  const KafkaRecord *record)
{
	uint64_t ticket;

	return kafka_held_first(&topic->held, &ticket) != NULL ||
		   (kafka_topic_is_missing(topic) && has_to_wait(kafka, topic, record));
}

/* Holds an event back; no transaction is committed before it is delivered. */
static KafkaResult
hold(Kafka *kafka, KafkaTopic *topic, const KafkaRecord *record,
	 uint64_t ticket)
{
	kafka_held_add(&topic->held, record, ticket);
	kafka->held++;
	kafka->unguarded = true;
	return KAFKA_QUEUED;
}

KafkaResult
kafka_produce(Kafka *kafka, const KafkaRecord *record, uint64_t ticket,
			  KafkaRefusal *refusal)
{
	KafkaTopic *topic;
	KafkaResult result;

	if (kafka->producer == NULL || !has_room(kafka, record->topic))
		return KAFKA_FULL;
	topic = kafka_topics_get(kafka->topics, record->topic, &refusal->reason);
	if (topic == NULL)
		return refuse_name(refusal);
	/* Else the broker might create it by itself, in another way. */
	if (topic->creating)
		return KAFKA_FULL;
	result = is_to_be_held(kafka, topic, record)
				 ? hold(kafka, topic, record, ticket)
				 : produce(kafka, topic, record, ticket, refusal);
	if (result == KAFKA_QUEUED)
	{
		kafka->in_flight++;
		kafka->in_flight_bytes += kafka_weight_of_record(record);
	}
	return result;
}

/* Tells whether an event failed only because another one did. */
static bool
is_consequence(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
		   code == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT ||
		   code == RD_KAFKA_RESP_ERR__FATAL;
}

/* Reports that an event did not get to Kafka, and so none that follows. */
static void
report_failure(Kafka *kafka, const KafkaFailure *failure,
			   const KafkaHandlers *handlers)
{
	kafka->failed = true;
	handlers->failed(handlers->argument, failure);
}

/*
 * Reports a batch that failed.  Kafka takes or refuses it as a whole: if one
 * event is too large, the largest in it is probably why.
 *
 * A partition that does not exist is a refusal if the producer has looked at
 * the topic only now.  If it knew the topic before, that was deleted or
 * recreated, and the next producer finds out.
 */
static void
fail_batch(Kafka *kafka, const rd_kafka_message_t *culprit,
		   const KafkaHandlers *handlers)
{
	KafkaFailure failure = {.ticket = (uint64_t) (uintptr_t) culprit->_private,
							.refused = kafka_refuses(culprit->err)};

	kafka_refusal_of_batch(&failure.refusal, culprit);
	if (failure.refusal.partition)
		failure.refused = !kafka_topic_of(culprit)->delivered;
	report_failure(kafka, &failure, handlers);
}

/* Events reach Kafka, or a broker answers while there are none. */
static void
end_outage(Kafka *kafka)
{
	int64_t waited_ms;

	if (kafka_errors_delivered(&kafka->errors, clock_ms(), &waited_ms))
		log_info("Kafka answers again", LOG_INT("waited_s", waited_ms / 1000));
}

/* Tells of an event that is in Kafka. */
static void
deliver(const rd_kafka_message_t *message, uint64_t bytes,
		const KafkaHandlers *handlers)
{
	const KafkaDelivery delivery = {.ticket = (uint64_t) (uintptr_t)
												  message->_private,
									.topic = rd_kafka_topic_name(message->rkt),
									.bytes = bytes};

	handlers->delivered(handlers->argument, &delivery);
}

/* An event was given up because another one failed, or their transaction. */
static void
note_purged(Kafka *kafka, const rd_kafka_message_t *message)
{
	kafka->purged = kafka->transactional;
	kafka->purged_ticket = (uint64_t) (uintptr_t) message->_private;
}

/*
 * Reports why a transaction failed: what happens to it as a whole, such as a
 * topic that may not be written, is in no report of an event.  To begin another
 * one says so; or, while it is being committed, the commit does.
 */
static void
report_purged(Kafka *kafka, const KafkaHandlers *handlers)
{
	rd_kafka_error_t *error;

	if (!kafka->purged)
		return;
	kafka->purged = false;
	error = rd_kafka_begin_transaction(kafka->producer);
	if (error != NULL && rd_kafka_error_txn_requires_abort(error))
	{
		KafkaFailure failure = {.ticket = kafka->purged_ticket,
								.refused =
									kafka_refuses(rd_kafka_error_code(error))};

		kafka_refusal_begin(&failure.refusal, rd_kafka_error_code(error));
		error_set(&failure.refusal.reason, "%s", rd_kafka_error_string(error));
		report_failure(kafka, &failure, handlers);
	}
	if (error != NULL)
		rd_kafka_error_destroy(error);
}

/*
 * Tells whether Kafka has an event.  Without an offset librdkafka only
 * concludes that it was written, from a later one that was
 * (rd_kafka_dr_implicit_ack()): see kafka/pilots.h.
 */
static bool
is_delivered(const rd_kafka_message_t *message)
{
	return message->err == RD_KAFKA_RESP_ERR_NO_ERROR &&
		   message->offset != RD_KAFKA_OFFSET_INVALID;
}

/* Counts an event out; returns its bytes. */
static uint64_t
count_report(Kafka *kafka, const rd_kafka_message_t *message)
{
	KafkaTopic *topic = kafka_topic_of(message);
	uint64_t bytes;

	kafka->in_flight--;
	kafka->in_flight_bytes -= kafka_weight_of_message(message, &bytes);
	kafka->unguarded &= kafka->in_flight > 0;
	kafka_topic_count(topic, -1);
	kafka_pilots_done(&topic->pilots, message->partition, is_delivered(message),
					  kafka->now_ms);
	return bytes;
}

/* Takes the reports of one batch. */
static void
serve_deliveries(Kafka *kafka, rd_kafka_event_t *event,
				 const KafkaHandlers *handlers)
{
	const rd_kafka_message_t *culprit = NULL;
	const rd_kafka_message_t *message;
	bool delivered = false;

	while ((message = rd_kafka_event_message_next(event)) != NULL)
	{
		uint64_t bytes = count_report(kafka, message);

		if (is_delivered(message))
		{
			delivered = true;
			kafka_topic_delivered(kafka_topic_of(message));
			deliver(message, bytes, handlers);
		}
		else if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
			break_off(kafka, rd_kafka_topic_name(message->rkt),
					  "Kafka took a later event, and has not said that it has "
					  "this one");
		else if (is_consequence(message->err))
			note_purged(kafka, message);
		else if (culprit == NULL || message->len > culprit->len)
			culprit = message;
	}
	if (delivered)
		end_outage(kafka);
	if (culprit == NULL)
		return;
	kafka->gapless_failure = false;
	fail_batch(kafka, culprit, handlers);
}

/* The most events that are released in one turn. */
#define RELEASE_MAX 10000

/* What release_topic() needs. */
typedef struct Release
{
	Kafka *kafka;
	const KafkaHandlers *handlers;
	size_t room; /* events that may still be released */
} Release;

/* Produces what was held for a topic, as far as it may go. */
static void
release_topic(void *argument, KafkaTopic *topic)
{
	Release *release = argument;
	Kafka *kafka = release->kafka;
	KafkaResult result = KAFKA_QUEUED;
	KafkaFailure failure = {.refused = true};
	const KafkaRecord *record;

	while (result == KAFKA_QUEUED && release->room > 0 && !kafka->broken &&
		   !kafka->failed &&
		   (record = kafka_held_first(&topic->held, &failure.ticket)) != NULL)
	{
		result =
			produce(kafka, topic, record, failure.ticket, &failure.refusal);
		if (result == KAFKA_QUEUED)
		{
			kafka_held_drop_first(&topic->held);
			kafka->held--;
			release->room--;
		}
		else if (result == KAFKA_REFUSED)
			report_failure(kafka, &failure, release->handlers);
	}
}

/* Produces what was held and may go; what is too much for one turn, later. */
static void
release_held(Kafka *kafka, const KafkaHandlers *handlers)
{
	Release release = {kafka, handlers, RELEASE_MAX};

	if (kafka->held == 0 || !kafka->release)
		return;
	kafka_topics_each(kafka->topics, release_topic, &release);
	kafka->release = release.room == 0;
	if (kafka->release)
		kafka_wake(kafka);
}

/* Logs an error of a broker, unless it is one of many. */
static void
tell_outage(Kafka *kafka, rd_kafka_event_t *event)
{
	rd_kafka_resp_err_t code = rd_kafka_event_error(event);
	const char *text = rd_kafka_event_error_string(event);
	int64_t now = clock_ms();

	error_set(&kafka->last_error, "%s%s", text,
			  kafka_errors_hint(code, text, rd_kafka_version()));
	if (kafka_errors_is_due(&kafka->errors, code, kafka->in_flight > 0, now))
		log_warning("waiting for Kafka; trying again",
					LOG_INT("waited_s",
							kafka_errors_lasted(&kafka->errors, code, now) /
								1000),
					LOG_TEXT("error", kafka->last_error.text));
}

/* Takes an error of the producer; false if it is the end of it. */
static bool
serve_error(Kafka *kafka, rd_kafka_event_t *event, Error *err)
{
	char reason[512];

	if (!rd_kafka_event_error_is_fatal(event))
	{
		tell_outage(kafka, event);
		return true;
	}
	/* The batch that failed has a report of its own, which says more. */
	if (rd_kafka_fatal_error(kafka->producer, reason, sizeof(reason)) ==
		RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE)
	{
		kafka->gapless_failure = true;
		return true;
	}
	return error_set(err, "%s", reason);
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

/* Takes one event of librdkafka; false if it is the producer's end. */
static bool
serve_event(Kafka *kafka, rd_kafka_event_t *event,
			const KafkaHandlers *handlers, Error *err)
{
	switch (rd_kafka_event_type(event))
	{
		case RD_KAFKA_EVENT_DR:
			serve_deliveries(kafka, event, handlers);
			return true;
		case RD_KAFKA_EVENT_ERROR:
			return serve_error(kafka, event, err);
		case RD_KAFKA_EVENT_CREATETOPICS_RESULT:
			kafka_topics_created(kafka->topics, event);
			return true;
		case RD_KAFKA_EVENT_LOG:
			serve_log(event);
			return true;
		default:
			return true;
	}
}

/* Takes the answer of a look; false if there is none. */
static bool
serve_look(Kafka *kafka)
{
	KafkaLookAnswer answer;

	if (!kafkalook_take(kafka->look, &answer))
		return false;
	if (answer.topic != NULL)
	{
		if (!kafka_topics_looked(kafka->topics, &answer))
			break_off(kafka, answer.topic, "it was deleted");
	}
	/* Events that came meanwhile say by themselves whether they arrive. */
	else if (answer.error == RD_KAFKA_RESP_ERR_NO_ERROR &&
			 !awaits_topics(kafka))
		end_outage(kafka);
	return true;
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
	kafka->now_ms = clock_ms();
	if (kafka->producer == NULL)
		return true;
	kafka->release |= serve_look(kafka);
	while (ok && (event = rd_kafka_queue_poll(kafka->queue, 0)) != NULL)
	{
		kafka->release = true;
		ok = serve_event(kafka, event, handlers, err);
		rd_kafka_event_destroy(event);
	}
	if (!ok)
		return false;
	report_purged(kafka, handlers);
	release_held(kafka, handlers);
	if (kafka->broken)
		return error_set(err, "%s", kafka->broken_reason.text);
	if (kafka->gapless_failure && kafka->in_flight == kafka->held)
		return error_set(err, "a batch failed without a report");
	return true;
}

int64_t
kafka_away_ms(const Kafka *kafka)
{
	return kafka->errors.waiting ? clock_ms() - kafka->errors.waiting_ms + 1
								 : 0;
}

uint64_t
kafka_restarts(const Kafka *kafka)
{
	return kafka->begun - 1;
}

const char *
kafka_last_error(const Kafka *kafka)
{
	return kafka->errors.waiting ? kafka->last_error.text : NULL;
}

void
kafka_look_after(Kafka *kafka)
{
	if (!kafka_waits(kafka))
		return;
	if (kafka->wanted)
		kafka_begin(kafka);
	else if (awaits_topics(kafka))
		kafka_topics_look_after(kafka->topics);
	else
		kafkalook_begin(kafka->look, NULL);
}

/* Handlers that forget. */
static void
forget_delivery(void *argument, const KafkaDelivery *delivery)
{
	(void) argument;
	(void) delivery;
}

static void
forget_failure(void *argument, const KafkaFailure *failure)
{
	(void) argument;
	(void) failure;
}

void
kafka_drain(Kafka *kafka)
{
	const KafkaHandlers handlers = {forget_delivery, forget_failure, NULL};
	Error err;

	kafka_serve(kafka, &handlers, &err);
}
