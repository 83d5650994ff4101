/*-------------------------------------------------------------------------
 *
 * relay/published.c
 *	  Counts what is published: at once, or with its Kafka transaction.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "relay/published.h"

typedef struct Entry
{
	const char *topic;
	uint64_t bytes;
	int64_t committed_ms; /* in PostgreSQL */
} Entry;

struct Published
{
	Entry *entries;
	size_t count;
	size_t size;
};

Published *
published_new(void)
{
	return xcalloc(1, sizeof(Published));
}

void
published_free(Published *published)
{
	free(published->entries);
	free(published);
}

/* Counts one. */
static void
count(Relay *relay, const Entry *entry)
{
	const char *dead_letters =
		config_text(relay->config, CONFIG_RELAY_DEAD_LETTER_TOPIC);

	if (strcmp(entry->topic, dead_letters) == 0)
		relay->counters.dead_letters++;
	else
		counters_published(&relay->counters, entry->topic, entry->bytes,
						   entry->committed_ms, relay->served_ms);
}

/* What is to be known of a delivery. */
static Entry
make_entry(const Relay *relay, const KafkaDelivery *delivery)
{
	return (Entry){delivery->topic, delivery->bytes,
				   tracker_ticket_time(relay->tracker, delivery->ticket)};
}

void
published_count(Relay *relay, const KafkaDelivery *delivery)
{
	Entry entry = make_entry(relay, delivery);

	count(relay, &entry);
}

void
published_add(Published *published, const Relay *relay,
			  const KafkaDelivery *delivery)
{
	if (published->count == published->size)
	{
		published->size = published->size * 2 + 64;
		published->entries =
			xrealloc(published->entries, published->size * sizeof(Entry));
	}
	published->entries[published->count++] = make_entry(relay, delivery);
}

void
published_commit(Published *published, Relay *relay)
{
	for (size_t i = 0; i < published->count; i++)
		count(relay, &published->entries[i]);
	published_clear(published);
}

void
published_clear(Published *published)
{
	published->count = 0;
}
