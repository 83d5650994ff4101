/*-------------------------------------------------------------------------
 *
 * relay/counters.h
 *	  What the relay has done so far, in numbers.
 *
 * The loop writes them and everything else only reads them: no lock, no
 * allocation per event.  Nothing that decides what is published or confirmed
 * looks at them, so a wrong number cannot move the flush position.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_COUNTERS_H
#define PG_OUTBOX_RELAY_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "relay/latency.h"

/* What was published to one topic. */
typedef struct CounterTopic
{
	char *name;
	uint64_t events;
	int64_t last_ms; /* of the last event, in ms since the epoch */
} CounterTopic;

typedef struct Counters
{
	uint64_t published; /* acknowledged by Kafka, without dead letters */
	uint64_t dead_letters;
	uint64_t skipped;
	uint64_t published_bytes; /* keys, values and headers */
	uint64_t transactions;    /* with events, of which all are acknowledged */
	uint64_t connects;        /* streams that were started */
	uint64_t restarts;        /* producers that replaced another one */
	int64_t last_event_ms;    /* of the last published; 0 = none yet */
	Latency latency;          /* from commit to acknowledgement */

	CounterTopic *topics; /* the first max_topics that were published to */
	size_t n_topics;
	size_t max_topics;
	CounterTopic others; /* all other topics together; has no name */

	CounterTopic *last; /* the topic of the last event */
} Counters;

/* Makes counters that tell max_topics topics apart; all are 0. */
extern void counters_init(Counters *counters, size_t max_topics);
extern void counters_free(Counters *counters);

/*
 * Counts an event that Kafka has acknowledged: its topic, the bytes of key,
 * value and headers, and the times of its commit and of now, both in ms since
 * the epoch.
 */
extern void counters_published(Counters *counters, const char *topic,
							   uint64_t bytes, int64_t committed_ms,
							   int64_t now_ms);

#endif /* PG_OUTBOX_RELAY_COUNTERS_H */
