/*-------------------------------------------------------------------------
 *
 * kafka/topics.c
 *	  Topics that are published to, and those that do not exist yet.
 *
 * Handles are kept: to produce by name librdkafka searches a list, and sends
 * the first event of a topic up to a second late (before 2.10.1).
 *
 *-------------------------------------------------------------------------
 */
#include <json-c/linkhash.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "kafka/topics.h"

/* A topic's name is at most 249 bytes (Topic.java). */
#define TOPIC_SIZE 250

/* A topic without a delivery for this long is looked at, in ms. */
#define STALL_MS 3000

struct KafkaTopics
{
	rd_kafka_t *producer;
	rd_kafka_queue_t *queue;
	KafkaLook *look;
	const TopicSpec *spec;  /* NULL: topics are not created */
	struct lh_table *table; /* name -> KafkaTopic, by string */
	size_t creating;        /* of these */
};

/* Releases a topic of the table. */
static void
free_topic(struct lh_entry *entry)
{
	KafkaTopic *topic = (KafkaTopic *) lh_entry_v(entry);

	free(lh_entry_k(entry));
	rd_kafka_topic_destroy(topic->handle);
	kafka_pilots_release(&topic->pilots);
	kafka_held_release(&topic->held);
	free(topic);
}

KafkaTopics *
kafka_topics_new(rd_kafka_t *producer, rd_kafka_queue_t *queue, KafkaLook *look,
				 const TopicSpec *spec)
{
	KafkaTopics *topics = xcalloc(1, sizeof(KafkaTopics));

	topics->producer = producer;
	topics->queue = queue;
	topics->look = look;
	topics->spec = spec;
	topics->table = lh_kchar_table_new(64, free_topic);
	if (topics->table == NULL)
		xalloc_failed();
	return topics;
}

void
kafka_topics_free(KafkaTopics *topics)
{
	lh_table_free(topics->table);
	free(topics);
}

/* Notes whether a topic waits for CreateTopics. */
static void
set_creating(KafkaTopics *topics, KafkaTopic *topic, bool creating)
{
	if (creating && !topic->creating)
		topics->creating++;
	else if (!creating && topic->creating)
		topics->creating--;
	topic->creating = creating;
	topic->again = false;
}

/* Logs that a topic cannot be created: at once, and then rarely. */
static void
report_refused(KafkaTopic *topic, const char *message, const char *reason)
{
	int64_t now = clock_ms();

	if (outage_is_due(&topic->refused, now))
		log_warning(message,
					LOG_TEXT("topic", rd_kafka_topic_name(topic->handle)),
					LOG_INT("waited_s",
							outage_lasted(&topic->refused, now) / 1000),
					LOG_TEXT("error", reason));
}

/* Asks for a topic to be created; the answer is an event. */
static void
create(KafkaTopics *topics, KafkaTopic *topic)
{
	const TopicSpec *spec = topics->spec;
	const char *name = rd_kafka_topic_name(topic->handle);
	char reason[256];
	rd_kafka_NewTopic_t *wanted =
		rd_kafka_NewTopic_new(name, spec->partitions, spec->replication, reason,
							  sizeof(reason));

	if (wanted == NULL)
	{
		report_refused(topic, "cannot create a topic", reason);
		return;
	}
	for (size_t i = 0; i < spec->n_properties; i++)
		rd_kafka_NewTopic_set_config(wanted, spec->names[i], spec->values[i]);
	rd_kafka_CreateTopics(topics->producer, &wanted, 1, NULL, topics->queue);
	rd_kafka_NewTopic_destroy(wanted);
	set_creating(topics, topic, true);
	log_debug("asking for a topic to be created", LOG_TEXT("topic", name));
}

/* Adds a topic to the table. */
static KafkaTopic *
add(KafkaTopics *topics, const char *name, Error *err)
{
	rd_kafka_topic_conf_t *conf =
		rd_kafka_default_topic_conf_dup(topics->producer);
	KafkaTopic *topic = xcalloc(1, sizeof(KafkaTopic));

	rd_kafka_topic_conf_set_opaque(conf, topic);
	kafka_pilots_guard(conf);
	topic->handle = rd_kafka_topic_new(topics->producer, name, conf);
	if (topic->handle == NULL)
	{
		rd_kafka_topic_conf_destroy(conf);
		free(topic);
		error_set(err, "topic \"%s\": %s", name,
				  rd_kafka_err2str(rd_kafka_last_error()));
		return NULL;
	}
	if (lh_table_insert(topics->table, xstrdup(name), topic) != 0)
		xalloc_failed();
	if (topics->spec != NULL)
		create(topics, topic);
	return topic;
}

/* Finds a topic, and terminates its name; NULL if it is not in the table. */
static KafkaTopic *
find(const KafkaTopics *topics, Slice name, char terminated[TOPIC_SIZE])
{
	void *found;

	snprintf(terminated, TOPIC_SIZE, "%.*s", (int) name.len, name.data);
	return lh_table_lookup_ex(topics->table, terminated, &found) ? found : NULL;
}

/* Returns whether a name may be valid; librdkafka checks the rest. */
static bool
is_name(Slice name)
{
	return name.len < TOPIC_SIZE && memchr(name.data, '\0', name.len) == NULL;
}

KafkaTopic *
kafka_topics_get(KafkaTopics *topics, Slice name, Error *err)
{
	char terminated[TOPIC_SIZE];
	KafkaTopic *topic;

	if (!is_name(name))
	{
		error_set(err, "topic is not a legal name");
		return NULL;
	}
	topic = find(topics, name, terminated);
	return topic != NULL ? topic : add(topics, terminated, err);
}

size_t
kafka_topics_count(const KafkaTopics *topics)
{
	return (size_t) lh_table_length(topics->table);
}

bool
kafka_topics_has(const KafkaTopics *topics, Slice name)
{
	char terminated[TOPIC_SIZE];

	return is_name(name) && find(topics, name, terminated) != NULL;
}

void
kafka_topics_each(KafkaTopics *topics,
				  void (*visit)(void *argument, KafkaTopic *topic),
				  void *argument)
{
	struct lh_entry *entry;

	lh_foreach(topics->table, entry)
		visit(argument, (KafkaTopic *) lh_entry_v(entry));
}

KafkaTopic *
kafka_topic_of(const rd_kafka_message_t *message)
{
	return rd_kafka_topic_opaque(message->rkt);
}

void
kafka_topic_count(KafkaTopic *topic, int change)
{
	/* The clock is not asked for each event. */
	if (topic->in_flight == 0 || change < 0)
		topic->moved = true;
	topic->in_flight += (uint64_t) (int64_t) change;
	if (topic->in_flight == 0)
		topic->unplaced = false;
}

bool
kafka_topic_is_missing(const KafkaTopic *topic)
{
	return topic->missing.since_ms != 0 || topic->refused.since_ms != 0;
}

void
kafka_topic_delivered(KafkaTopic *topic)
{
	topic->delivered = true;
	if (topic->missing.since_ms == 0 && topic->refused.since_ms == 0)
		return;
	log_info("topic exists now",
			 LOG_TEXT("topic", rd_kafka_topic_name(topic->handle)));
	outage_end(&topic->missing);
	outage_end(&topic->refused);
}

/* Tells whether Kafka may answer something else if it is asked again. */
static bool
may_pass(rd_kafka_resp_err_t code)
{
	switch (code)
	{
		case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
		case RD_KAFKA_RESP_ERR_NOT_CONTROLLER:
		case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
		case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
		case RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED:
			return true;
		default:
			return false;
	}
}

/*
 * Takes the answer for one topic.  If it was refused its first event is
 * produced nevertheless, and waits for it in librdkafka; the others are held.
 */
static void
take_answer(KafkaTopics *topics, const rd_kafka_topic_result_t *result)
{
	const char *name = rd_kafka_topic_result_name(result);
	rd_kafka_resp_err_t code = rd_kafka_topic_result_error(result);
	const char *reason = rd_kafka_topic_result_error_string(result);
	KafkaTopic *topic;
	void *found;

	if (!lh_table_lookup_ex(topics->table, name, &found))
		return;
	topic = found;
	set_creating(topics, topic, may_pass(code));
	topic->again = may_pass(code);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		log_info("topic created", LOG_TEXT("topic", name),
				 LOG_INT("partitions", topics->spec->partitions));
	else if (code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
		report_refused(topic, "cannot create a topic; waiting for it",
					   reason ? reason : rd_kafka_err2str(code));
}

/* CreateTopics itself failed, and nothing says which topics it was about. */
static void
take_failure(KafkaTopics *topics, const char *reason)
{
	struct lh_entry *entry;

	lh_foreach(topics->table, entry)
	{
		KafkaTopic *topic = (KafkaTopic *) lh_entry_v(entry);

		if (!topic->creating)
			continue;
		topic->again = true;
		report_refused(topic, "cannot create a topic; trying again", reason);
	}
}

void
kafka_topics_created(KafkaTopics *topics, rd_kafka_event_t *event)
{
	const rd_kafka_CreateTopics_result_t *answer =
		rd_kafka_event_CreateTopics_result(event);
	const rd_kafka_topic_result_t **results;
	size_t n = 0;

	if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
	{
		take_failure(topics, rd_kafka_event_error_string(event));
		return;
	}
	results = rd_kafka_CreateTopics_result_topics(answer, &n);
	for (size_t i = 0; i < n; i++)
		take_answer(topics, results[i]);
}

size_t
kafka_topics_creating(const KafkaTopics *topics)
{
	return topics->creating;
}

/* A topic is missing: asks for it again, or somebody else to create it. */
static void
tell_missing(KafkaTopics *topics, KafkaTopic *topic)
{
	int64_t now = clock_ms();

	if (topics->spec != NULL)
	{
		if (!topic->creating)
			create(topics, topic);
	}
	else if (outage_is_due(&topic->missing, now))
		log_warning("waiting for a topic: it does not exist; create it, or set "
					"create_topics in section [relay]",
					LOG_TEXT("topic", rd_kafka_topic_name(topic->handle)),
					LOG_INT("waited_s",
							outage_lasted(&topic->missing, now) / 1000));
}

/* Calls CreateTopics again where it failed. */
static void
create_again(KafkaTopics *topics)
{
	struct lh_entry *entry;

	if (topics->creating == 0)
		return;
	lh_foreach(topics->table, entry)
	{
		KafkaTopic *topic = (KafkaTopic *) lh_entry_v(entry);

		if (topic->again)
			create(topics, topic);
	}
}

void
kafka_topics_look_after(KafkaTopics *topics)
{
	struct lh_entry *entry;
	KafkaTopic *longest = NULL;
	int64_t now = clock_ms();

	create_again(topics);
	lh_foreach(topics->table, entry)
	{
		KafkaTopic *topic = (KafkaTopic *) lh_entry_v(entry);

		if (topic->moved)
			topic->stalled_ms = now;
		topic->moved = false;
		if (topic->in_flight == 0 || now - topic->stalled_ms < STALL_MS)
			continue;
		if (longest == NULL || topic->stalled_ms < longest->stalled_ms)
			longest = topic;
	}
	/* One look at a time, so they take turns. */
	if (longest != NULL &&
		kafkalook_begin(topics->look, rd_kafka_topic_name(longest->handle)))
		longest->stalled_ms = now;
}

bool
kafka_topics_look(KafkaTopics *topics, KafkaTopic *topic, int *partitions)
{
	if (topic->looked)
	{
		topic->looked = false;
		*partitions = topic->partitions;
		return true;
	}
	topic->wanted = true;
	kafkalook_begin(topics->look, rd_kafka_topic_name(topic->handle));
	return false;
}

bool
kafka_topics_looked(KafkaTopics *topics, const KafkaLookAnswer *answer)
{
	KafkaTopic *topic;
	void *found;

	if (!lh_table_lookup_ex(topics->table, answer->topic, &found))
		return true;
	topic = found;
	topic->looked = topic->wanted;
	topic->wanted = false;
	topic->partitions =
		answer->error == RD_KAFKA_RESP_ERR_NO_ERROR ? answer->partitions : -1;
	if (answer->error != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
		return true;
	if (!topic->delivered)
	{
		tell_missing(topics, topic);
		return true;
	}
	/* Else a delivery was quicker than the answer. */
	return topic->in_flight == 0 || topic->moved;
}
