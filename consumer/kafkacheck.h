/*-------------------------------------------------------------------------
 *
 * kafkacheck.h
 *	  What the command "check" asks of Kafka.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_KAFKACHECK_H
#define PG_OUTBOX_KAFKACHECK_H

#include "config.h"

/*
 * Tells whether the brokers of [kafka] answer, or whether a topic exists, each
 * within some seconds.  Either way answer says how it is.
 */
extern bool kafkacheck_brokers(const Config *config, Error *answer);
extern bool kafkacheck_topic(const Config *config, const char *topic,
							 Error *answer);

#endif /* PG_OUTBOX_KAFKACHECK_H */
