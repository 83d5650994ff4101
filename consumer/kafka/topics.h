/*-------------------------------------------------------------------------
 *
 * kafka/topics.h
 *	  Topics that are published to, and those that are not there yet.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_KAFKA_TOPICS_H
#define PG_OUTBOX_KAFKA_TOPICS_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/outage.h"
#include "base/slice.h"
#include "config/topic_spec.h"
#include "kafka/held.h"
#include "kafka/look.h"
#include "kafka/pilots.h"

typedef struct KafkaTopic
{
	rd_kafka_topic_t *handle;
	KafkaPilots pilots;
	KafkaHeld held;     /* waits for the first event */
	uint64_t in_flight; /* without these */
	bool unplaced;      /* one of these goes alone: it is the first one, or its
						 * partition is not known */
	bool delivered;     /* an event, by this producer */
	bool moved;         /* a delivery, or a first event, since the last look */
	int64_t stalled_ms; /* no delivery since, while events are in flight */
	bool creating;      /* it is not there until CreateTopics is answered */
	bool again;         /* CreateTopics is to be called again for that */
	bool wanted;        /* kafka_topics_look() waits for an answer */
	bool looked;        /* and has it */
	int partitions;     /* of that answer; -1 = unknown */
	Outage missing;
	Outage refused; /* CreateTopics fails */
} KafkaTopic;

typedef struct KafkaTopics KafkaTopics;

/*
 * Makes an empty table for a producer, which must outlive it, as must the
 * look.  Answers come as events into the queue.  With a spec topics are created
 * before their first event.
 */
extern KafkaTopics *kafka_topics_new(rd_kafka_t *producer,
									 rd_kafka_queue_t *queue, KafkaLook *look,
									 const TopicSpec *spec);
extern void kafka_topics_free(KafkaTopics *topics);

/* The topic of that name.  NULL, with the reason in err, if it is no name. */
extern KafkaTopic *kafka_topics_get(KafkaTopics *topics, Slice name,
									Error *err);

/* How many topics are in the table, and whether this one is. */
extern size_t kafka_topics_count(const KafkaTopics *topics);
extern bool kafka_topics_has(const KafkaTopics *topics, Slice name);

/* Calls visit for each topic. */
extern void kafka_topics_each(KafkaTopics *topics,
							  void (*visit)(void *argument, KafkaTopic *topic),
							  void *argument);

/* The topic that a record was produced to. */
extern KafkaTopic *kafka_topic_of(const rd_kafka_message_t *message);

/* One more event is in flight, or one is not any more. */
extern void kafka_topic_count(KafkaTopic *topic, int change);

/* An event got there. */
extern void kafka_topic_delivered(KafkaTopic *topic);

/*
 * It is known that the topic does not exist: its events are held, so that those
 * of other topics go on.
 */
extern bool kafka_topic_is_missing(const KafkaTopic *topic);

/* How many topics are not there until CreateTopics is answered. */
extern size_t kafka_topics_creating(const KafkaTopics *topics);

/* Takes the answer to CreateTopics. */
extern void kafka_topics_created(KafkaTopics *topics, rd_kafka_event_t *event);

/*
 * How many partitions a topic has in a fresh look; -1 = unknown.
 * False if the look has yet to come back: again when the answer was taken.
 */
extern bool kafka_topics_look(KafkaTopics *topics, KafkaTopic *topic,
							  int *partitions);

/*
 * Takes the answer of a look at a topic.  False if that was deleted: once it is
 * there again its brokers do not know this producer, whose second event could
 * get there without the first (kafka/pilots.h), so it may not go on.
 */
extern bool kafka_topics_looked(KafkaTopics *topics,
								const KafkaLookAnswer *answer);

/* See kafka_look_after(). */
extern void kafka_topics_look_after(KafkaTopics *topics);

#endif /* PG_OUTBOX_KAFKA_TOPICS_H */
