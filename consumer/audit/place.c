/*-------------------------------------------------------------------------
 *
 * audit/place.c
 *	  Where keys belong: in which partition, and in which shard.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "audit/place.h"

/*
 * Those of librdkafka (its CONFIGURATION.md) that put a key into one partition;
 * where there is a key, the forms with "_random" do the same.
 */
static const struct
{
	const char *name;
	AuditPartitioner partitioner;
} partitioners[] = {
	{"murmur2", rd_kafka_msg_partitioner_murmur2},
	{"murmur2_random", rd_kafka_msg_partitioner_murmur2},
	{"consistent", rd_kafka_msg_partitioner_consistent},
	{"consistent_random", rd_kafka_msg_partitioner_consistent},
	{"fnv1a", rd_kafka_msg_partitioner_fnv1a},
	{"fnv1a_random", rd_kafka_msg_partitioner_fnv1a},
};

void
audit_place_read(AuditPlace *place, const Config *config)
{
	const char *name = config_foreign(config, "kafka", "partitioner");
	const char *shard = config_text(config, CONFIG_OUTBOX_SHARD);
	char *rest;

	*place = (AuditPlace){.n_shards = 1};
	if (name == NULL)
		name = "murmur2_random"; /* the relay's default, kafka/properties.c */
	for (size_t i = 0; i < sizeof(partitioners) / sizeof(partitioners[0]); i++)
	{
		if (strcmp(partitioners[i].name, name) == 0)
			place->partitioner = partitioners[i].partitioner;
	}
	if (shard == NULL)
		return;
	place->shard = (int) strtol(shard, &rest, 10);
	if (*rest == '/')
		place->n_shards = (int) strtol(rest + 1, NULL, 10);
	if (place->n_shards < 1)
		place->n_shards = 1;
}

int
audit_partition_of(const AuditPlace *place, Slice key, int count)
{
	if (place->partitioner == NULL || key.data == NULL || key.len == 0 ||
		count < 1)
		return -1;
	return place->partitioner(NULL, key.data, key.len, count, NULL, NULL);
}

bool
audit_is_of_shard(const AuditPlace *place, Slice key)
{
	if (place->n_shards == 1)
		return true;
	if (key.data == NULL)
		return place->shard == 0;
	return rd_kafka_msg_partitioner_murmur2(NULL, key.data, key.len,
											place->n_shards, NULL,
											NULL) == place->shard;
}
