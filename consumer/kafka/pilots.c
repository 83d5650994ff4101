/*-------------------------------------------------------------------------
 *
 * kafka/pilots.c
 *	  The first event of a producer in each partition goes alone.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kafka/pilots.h"

/*
 * Brokers forget a producer after a day (producer.id.expiration.ms), or sooner
 * where somebody set it so; in ms.
 */
#define FORGOTTEN_MS (10 * 60 * 1000)

/* Of the thread that produces; librdkafka's own threads ask as well. */
static _Thread_local KafkaPlacing *placing;

/* Tells whether the replicas of a partition know the producer. */
static bool
is_known(const KafkaPilot *pilot, int64_t now_ms)
{
	return pilot->known_ms != 0 && now_ms - pilot->known_ms < FORGOTTEN_MS;
}

bool
kafka_pilots_may_go(const KafkaPilots *pilots, int32_t partition,
					int64_t now_ms)
{
	const KafkaPilot *pilot;

	if (partition < 0 || partition >= pilots->count)
		return true;
	pilot = &pilots->partitions[partition];
	return !pilot->waits || is_known(pilot, now_ms);
}

/* What became of a choice; a partition that does not exist refuses it. */
static int32_t
guard(int32_t partition, int32_t partitions)
{
	if (placing == NULL)
		return partition;
	placing->partition = partition;
	placing->refused =
		!kafka_pilots_may_go(placing->pilots, partition, placing->now_ms);
	return placing->refused ? partitions : partition;
}

/* A partitioner of librdkafka's behind the guard. */
#define GUARDED(name) \
	static int32_t guarded_##name(const rd_kafka_topic_t *topic, \
								  const void *key, size_t key_size, \
								  int32_t partitions, void *topic_opaque, \
								  void *message_opaque) \
	{ \
		return guard(rd_kafka_msg_partitioner_##name(topic, key, key_size, \
													 partitions, topic_opaque, \
													 message_opaque), \
					 partitions); \
	}

GUARDED(consistent)
GUARDED(consistent_random)
GUARDED(fnv1a)
GUARDED(fnv1a_random)
GUARDED(murmur2)
GUARDED(murmur2_random)

void
kafka_pilots_guard(rd_kafka_topic_conf_t *conf)
{
	static const struct
	{
		const char *name;
		int32_t (*guarded)(const rd_kafka_topic_t *, const void *, size_t,
						   int32_t, void *, void *);
	} partitioners[] = {
		{"consistent", guarded_consistent},
		{"consistent_random", guarded_consistent_random},
		{"fnv1a", guarded_fnv1a},
		{"fnv1a_random", guarded_fnv1a_random},
		{"murmur2", guarded_murmur2},
		{"murmur2_random", guarded_murmur2_random},
	};
	char name[64] = "";
	size_t size = sizeof(name);

	rd_kafka_topic_conf_get(conf, "partitioner", name, &size);
	for (size_t i = 0; i < sizeof(partitioners) / sizeof(partitioners[0]); i++)
	{
		if (strcmp(name, partitioners[i].name) == 0)
			rd_kafka_topic_conf_set_partitioner_cb(conf,
												   partitioners[i].guarded);
	}
}

void
kafka_pilots_release(KafkaPilots *pilots)
{
	free(pilots->partitions);
	*pilots = (KafkaPilots){.partitions = NULL};
}

void
kafka_placing_begin(KafkaPlacing *begun, const KafkaPilots *pilots,
					int64_t now_ms)
{
	*begun = (KafkaPlacing){.pilots = pilots,
							.now_ms = now_ms,
							.partition = RD_KAFKA_PARTITION_UA};
	placing = begun;
}

void
kafka_placing_end(void)
{
	placing = NULL;
}

/* The partition's pilot, which is made if it is not there; NULL = too many. */
static KafkaPilot *
pilot_of(KafkaPilots *pilots, int32_t partition)
{
	if (partition < 0 || partition >= KAFKA_PILOTS_MAX)
		return NULL;
	if (partition >= pilots->count)
	{
		size_t more = (size_t) (partition + 1 - pilots->count);

		pilots->partitions =
			xrealloc(pilots->partitions,
					 ((size_t) partition + 1) * sizeof(KafkaPilot));
		memset(&pilots->partitions[pilots->count], 0,
			   more * sizeof(KafkaPilot));
		pilots->count = partition + 1;
	}
	return &pilots->partitions[partition];
}

void
kafka_pilots_sent(KafkaPilots *pilots, int32_t partition, int64_t now_ms)
{
	KafkaPilot *pilot = pilot_of(pilots, partition);

	if (pilot != NULL)
		pilot->waits = !is_known(pilot, now_ms);
}

void
kafka_pilots_done(KafkaPilots *pilots, int32_t partition, bool delivered,
				  int64_t now_ms)
{
	KafkaPilot *pilot = pilot_of(pilots, partition);

	if (pilot == NULL)
		return;
	pilot->waits = false;
	if (delivered)
		pilot->known_ms = now_ms;
}
