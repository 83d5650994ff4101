/*-------------------------------------------------------------------------
 *
 * audit/topics.c
 *	  The topics that an audit reads, and from where to where.
 *
 * The ends come from ListOffsets without isolation (KIP-98): a reader of
 * committed records sees an end that an open transaction holds back, and would
 * take for missing what is behind it.
 *
 *-------------------------------------------------------------------------
 */
#include <regex.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/client.h"
#include "audit/topics.h"
#include "base/exit.h"
#include "base/memory.h"

/* How many properties of topics are asked for at a time. */
#define MOST_RESOURCES 100

/* A look-up under way. */
typedef struct LookUp
{
	rd_kafka_t *client;
	int64_t since_ms;
	int *status;
	Error *err;
} LookUp;

/* The order of topics, for the tree. */
static int
compare(const void *one, const void *other)
{
	return strcmp(((const AuditTopic *) one)->name,
				  ((const AuditTopic *) other)->name);
}

/* The name as a string, which the caller frees. */
static char *
copy_name(Slice name)
{
	char *copy = strndup(name.data, name.len);

	if (copy == NULL)
		xalloc_failed();
	return copy;
}

/* Tells whether a topic has a name. */
static bool
is_named(const AuditTopic *topic, Slice name)
{
	return topic != NULL && strlen(topic->name) == name.len &&
		   memcmp(topic->name, name.data, name.len) == 0;
}

AuditTopic *
audit_topics_find(AuditTopics *topics, Slice name)
{
	AuditTopic wanted = {0};
	AuditTopic *const *found;

	if (is_named(topics->last, name))
		return (AuditTopic *) topics->last;
	wanted.name = copy_name(name);
	found = tfind(&wanted, &topics->tree, compare);
	free(wanted.name);
	if (found == NULL)
		return NULL;
	topics->last = *found;
	return *found;
}

void
audit_topics_add(AuditTopics *topics, Slice name)
{
	AuditTopic *topic;

	if (audit_topics_find(topics, name) != NULL)
		return;
	topic = xcalloc(1, sizeof(AuditTopic));
	topic->name = copy_name(name);
	topics->items =
		xrealloc(topics->items, (topics->count + 1) * sizeof(AuditTopic *));
	topics->items[topics->count++] = topic;
	if (tsearch(topic, &topics->tree, compare) == NULL)
		xalloc_failed();
	topics->last = topic;
}

/* Tells whether the whole of a name matches. */
static bool
matches(const regex_t *regex, const char *name)
{
	regmatch_t match;

	return regexec(regex, name, 1, &match, 0) == 0 && match.rm_so == 0 &&
		   name[match.rm_eo] == '\0';
}

/* Adds those topics of the cluster that match. */
static bool
add_matching(AuditTopics *topics, rd_kafka_t *client, const regex_t *regex,
			 size_t *count, int *status, Error *err)
{
	const struct rd_kafka_metadata *metadata;
	rd_kafka_resp_err_t code =
		rd_kafka_metadata(client, 1, NULL, &metadata, AUDIT_ANSWER_MS);

	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return audit_client_fail(client, NULL, code, status, err);
	*count = 0;
	for (int i = 0; i < metadata->topic_cnt; i++)
	{
		const char *name = metadata->topics[i].topic;

		if (!matches(regex, name))
			continue;
		audit_topics_add(topics, (Slice){name, strlen(name)});
		(*count)++;
	}
	rd_kafka_metadata_destroy(metadata);
	return true;
}

/* Compiles an expression so that only a whole name matches it. */
static bool
compile(regex_t *regex, const char *expression, Error *err)
{
	char *whole;
	char reason[200];
	int result;

	if (asprintf(&whole, "^(%s)$", expression) < 0)
		xalloc_failed();
	result = regcomp(regex, whole, REG_EXTENDED);
	free(whole);
	if (result == 0)
		return true;
	regerror(result, regex, reason, sizeof(reason));
	return error_set(err, "--topics: \"%s\" is no regular expression: %s",
					 expression, reason);
}

bool
audit_topics_match(AuditTopics *topics, const Config *config,
				   const char *expression, size_t *count, int *status,
				   Error *err)
{
	rd_kafka_t *client;
	regex_t regex;
	bool ok;

	*status = EXIT_USAGE;
	if (!compile(&regex, expression, err))
		return false;
	client = audit_client_open(config, false, status, err);
	ok = client != NULL &&
		 add_matching(topics, client, &regex, count, status, err);
	if (client != NULL)
		rd_kafka_destroy(client);
	regfree(&regex);
	return ok;
}

/* Asks how many partitions a topic has: none if it does not exist. */
static bool
look_up_partitions(LookUp *look, AuditTopic *topic)
{
	rd_kafka_topic_t *handle =
		rd_kafka_topic_new(look->client, topic->name, NULL);
	const struct rd_kafka_metadata *metadata;
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;

	/* Kafka takes no such name, so it is no topic. */
	if (handle == NULL)
		return true;
	code =
		rd_kafka_metadata(look->client, 0, handle, &metadata, AUDIT_ANSWER_MS);
	rd_kafka_topic_destroy(handle);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
	{
		code = metadata->topics[0].err;
		if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
			topic->count = metadata->topics[0].partition_cnt;
		rd_kafka_metadata_destroy(metadata);
	}
	if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
		code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
		code == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION)
		return true;
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return audit_client_fail(look->client, topic->name, code, look->status,
								 look->err);
	topic->partitions = xcalloc((size_t) topic->count, sizeof(AuditPartition));
	return true;
}

/* Where records from a time on begin. */
static bool
look_up_time(LookUp *look, const AuditTopic *topic, int partition,
			 int64_t *offset)
{
	rd_kafka_topic_partition_list_t *list =
		rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_t *item =
		rd_kafka_topic_partition_list_add(list, topic->name, partition);
	rd_kafka_resp_err_t code;

	item->offset = look->since_ms;
	code = rd_kafka_offsets_for_times(look->client, list, AUDIT_ANSWER_MS);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		code = item->err;
	*offset = item->offset;
	rd_kafka_topic_partition_list_destroy(list);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		return true;
	return audit_client_fail(look->client, topic->name, code, look->status,
							 look->err);
}

/* The offsets of a partition. */
static bool
look_up_offsets(LookUp *look, AuditTopic *topic, int number)
{
	AuditPartition *partition = &topic->partitions[number];
	rd_kafka_resp_err_t code =
		rd_kafka_query_watermark_offsets(look->client, topic->name, number,
										 &partition->begin, &partition->end,
										 AUDIT_ANSWER_MS);
	int64_t offset = partition->begin;

	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return audit_client_fail(look->client, topic->name, code, look->status,
								 look->err);
	if (look->since_ms != INT64_MIN && partition->begin < partition->end &&
		!look_up_time(look, topic, number, &offset))
		return false;
	/* No record is as new: the answer is the end, as a negative number. */
	if (offset < 0 || offset > partition->end)
		offset = partition->end;
	partition->from = offset > partition->begin ? offset : partition->begin;
	partition->next = partition->from;
	partition->is_done = partition->from >= partition->end;
	partition->kept_ms = AUDIT_KEEPS_ALL;
	if (partition->begin > 0 && partition->begin == partition->end)
		partition->kept_ms = AUDIT_KEEPS_NONE;
	return true;
}

/* Notes which of the topics are compacted. */
static void
note_policies(rd_kafka_event_t *event, AuditTopics *topics)
{
	size_t n_resources;
	size_t n_entries;
	const rd_kafka_ConfigResource_t **resources =
		rd_kafka_DescribeConfigs_result_resources(
			rd_kafka_event_DescribeConfigs_result(event), &n_resources);

	for (size_t i = 0; i < n_resources; i++)
	{
		const char *name = rd_kafka_ConfigResource_name(resources[i]);
		AuditTopic *topic =
			audit_topics_find(topics, (Slice){name, strlen(name)});
		const rd_kafka_ConfigEntry_t **entries =
			rd_kafka_ConfigResource_configs(resources[i], &n_entries);

		for (size_t j = 0; topic != NULL && j < n_entries; j++)
		{
			const char *value = rd_kafka_ConfigEntry_value(entries[j]);

			if (strcmp(rd_kafka_ConfigEntry_name(entries[j]),
					   "cleanup.policy") == 0 &&
				value != NULL)
				topic->is_compacted = strstr(value, "compact") != NULL;
		}
	}
}

/* Asks for the properties of some topics. */
static void
ask_policies(LookUp *look, AuditTopics *topics,
			 rd_kafka_ConfigResource_t **resources, size_t count)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_new(look->client);
	rd_kafka_event_t *event;

	rd_kafka_DescribeConfigs(look->client, resources, count, NULL, queue);
	for (size_t i = 0; i < count; i++)
		rd_kafka_ConfigResource_destroy(resources[i]);
	event = rd_kafka_queue_poll(queue, AUDIT_ANSWER_MS);
	if (event != NULL)
	{
		if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR)
			note_policies(event, topics);
		rd_kafka_event_destroy(event);
	}
	rd_kafka_queue_destroy(queue);
}

/*
 * Looks which topics are compacted.  One whose properties the principal may not
 * see is taken for one that is not.
 */
static void
look_up_policies(LookUp *look, AuditTopics *topics)
{
	rd_kafka_ConfigResource_t *resources[MOST_RESOURCES];
	size_t count = 0;

	for (size_t i = 0; i < topics->count; i++)
	{
		if (topics->items[i]->partitions == NULL)
			continue;
		resources[count++] =
			rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC,
										topics->items[i]->name);
		if (count < MOST_RESOURCES)
			continue;
		ask_policies(look, topics, resources, count);
		count = 0;
	}
	if (count > 0)
		ask_policies(look, topics, resources, count);
}

/* Looks all of them up. */
static bool
look_up(LookUp *look, AuditTopics *topics)
{
	for (size_t i = 0; i < topics->count; i++)
	{
		AuditTopic *topic = topics->items[i];

		if (!look_up_partitions(look, topic))
			return false;
		for (int number = 0; number < topic->count; number++)
		{
			if (!look_up_offsets(look, topic, number))
				return false;
		}
	}
	look_up_policies(look, topics);
	return true;
}

/* The order of names, for people. */
static int
compare_pointers(const void *one, const void *other)
{
	return compare(*(AuditTopic *const *) one, *(AuditTopic *const *) other);
}

bool
audit_topics_look_up(AuditTopics *topics, const Config *config,
					 int64_t since_ms, int *status, Error *err)
{
	LookUp look = {.client = audit_client_open(config, false, status, err),
				   .since_ms = since_ms,
				   .status = status,
				   .err = err};
	bool ok;

	if (look.client == NULL)
		return false;
	if (topics->count > 0)
		qsort(topics->items, topics->count, sizeof(AuditTopic *),
			  compare_pointers);
	ok = look_up(&look, topics);
	rd_kafka_destroy(look.client);
	return ok;
}

/* The tree holds no more than the list. */
static void
keep(void *topic)
{
	(void) topic;
}

void
audit_topics_free(AuditTopics *topics)
{
	tdestroy(topics->tree, keep);
	for (size_t i = 0; i < topics->count; i++)
	{
		free(topics->items[i]->name);
		free(topics->items[i]->partitions);
		free(topics->items[i]);
	}
	free(topics->items);
	*topics = (AuditTopics){0};
}
