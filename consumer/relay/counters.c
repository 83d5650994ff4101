/*-------------------------------------------------------------------------
 *
 * relay/counters.c
 *	  What the relay has done so far, in numbers.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "relay/counters.h"

void
counters_init(Counters *counters, size_t max_topics)
{
	memset(counters, 0, sizeof(*counters));
	counters->topics = xcalloc(max_topics + 1, sizeof(CounterTopic));
	counters->max_topics = max_topics;
}

void
counters_free(Counters *counters)
{
	for (size_t i = 0; i < counters->n_topics; i++)
		free(counters->topics[i].name);
	free(counters->topics);
	counters->topics = NULL;
	counters->n_topics = 0;
}

/* Looks a topic up that is not that of the last event. */
static CounterTopic *
find_topic(Counters *counters, const char *name)
{
	CounterTopic *topic;

	for (size_t i = 0; i < counters->n_topics; i++)
	{
		if (strcmp(counters->topics[i].name, name) == 0)
			return &counters->topics[i];
	}
	if (counters->n_topics == counters->max_topics)
		return &counters->others;
	topic = &counters->topics[counters->n_topics++];
	topic->name = xstrdup(name);
	return topic;
}

/*
 * The topic's numbers.  Kafka acknowledges batches of one topic, so most often
 * it is the same as before.
 */
static CounterTopic *
topic_of(Counters *counters, const char *name)
{
	CounterTopic *topic = counters->last;

	if (topic == NULL || topic->name == NULL || strcmp(topic->name, name) != 0)
		topic = find_topic(counters, name);
	counters->last = topic;
	return topic;
}

void
counters_published(Counters *counters, const char *topic_name, uint64_t bytes,
				   int64_t committed_ms, int64_t now_ms)
{
	CounterTopic *topic = topic_of(counters, topic_name);

	topic->events++;
	topic->last_ms = now_ms;
	counters->published++;
	counters->published_bytes += bytes;
	counters->last_event_ms = now_ms;
	latency_add(&counters->latency, now_ms - committed_ms);
}
