/*-------------------------------------------------------------------------
 *
 * kafka/state_topic.h
 *	  The topic in which exactly-once delivery keeps its position.
 *
 * One partition, compacted.  It is read with clients of its own, which go when
 * that is done: it happens once when the slot has been got, and in commands.
 * All functions wait for Kafka, so the relay calls them in another thread.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_KAFKA_STATE_TOPIC_H
#define PG_OUTBOX_KAFKA_STATE_TOPIC_H

#include <stdatomic.h>
#include <stddef.h>

#include "config/values.h"
#include "kafka/state_record.h"

/* The longest name of a topic, with the terminating zero (Topic.java). */
#define STATE_TOPIC_SIZE 250

typedef enum StateResult
{
	STATE_FOUND,
	STATE_NONE,        /* the topic has no record of the key */
	STATE_MISSING,     /* there is no such topic */
	STATE_UNAVAILABLE, /* Kafka does not answer: try again */
	STATE_REFUSED      /* as it is the topic does not serve */
} StateResult;

/* What was read. */
typedef struct StateAnswer
{
	StateRecord record; /* lsn 0 if there is none */
	char system[32];    /* another system that has a record of the slot */
	int replicas;       /* of the topic, and brokers of the cluster */
	int brokers;
	Error err; /* of STATE_UNAVAILABLE and STATE_REFUSED */
} StateAnswer;

/*
 * Writes the topic's name: [relay] state_topic, or the slot's own.  The buffer
 * has STATE_TOPIC_SIZE bytes.
 */
extern void state_topic_name(const Config *config, char *name);

/*
 * Reads the last record of a key that was committed, up to the end that the
 * partition has when the call begins.  A transaction of somebody else that is
 * still open holds that up: STATE_UNAVAILABLE.  With *cancelled set it returns
 * soon; NULL = never.
 */
extern StateResult state_topic_read(const Config *config, const char *key,
									const atomic_bool *cancelled,
									StateAnswer *answer);

/*
 * Creates the topic with the brokers' default replication, or only asks whether
 * that could be done.  STATE_NONE if it is there now, or could be, else
 * STATE_UNAVAILABLE or STATE_REFUSED with err.
 */
extern StateResult state_topic_create(const Config *config, bool only_ask,
									  Error *err);

#endif /* PG_OUTBOX_KAFKA_STATE_TOPIC_H */
