/*-------------------------------------------------------------------------
 *
 * kafka/check.h
 *	  What the command "check" asks of Kafka.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_KAFKA_CHECK_H
#define PG_OUTBOX_KAFKA_CHECK_H

#include "config/values.h"

typedef enum KafkaTopicState
{
	KAFKA_TOPIC_THERE,
	KAFKA_TOPIC_MISSING,
	KAFKA_TOPIC_FORBIDDEN, /* the relay may not write to it, or not see it */
	KAFKA_TOPIC_UNKNOWN    /* no answer */
} KafkaTopicState;

/* Settings of the brokers, as far as they show them. */
typedef struct KafkaBrokers
{
	bool create_topics; /* they create topics by themselves */
	long max_bytes;     /* the largest batch they take; 0 = not shown */
	bool named;         /* nobody answers but a server that named them */
	bool reached;       /* all of them, at the addresses that they name */
	Error unreachable;  /* or which one is not */
	bool accepts;       /* the idempotent producer */
	Error refusal;      /* or what they say to it */
} KafkaBrokers;

/*
 * Tells whether the brokers of [kafka] answer, or how a topic is, each within
 * some seconds.  Either way answer says how it is, for people.
 */
extern bool kafka_check_brokers(const Config *config, KafkaBrokers *brokers,
								Error *answer);
extern KafkaTopicState kafka_check_topic(const Config *config,
										 const char *topic, Error *answer);

#endif /* PG_OUTBOX_KAFKA_CHECK_H */
