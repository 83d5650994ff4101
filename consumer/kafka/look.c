/*-------------------------------------------------------------------------
 *
 * kafka/look.c
 *	  A fresh look at a topic: does it exist, and how many partitions has it?
 *	  Or at the brokers: does one of them answer?
 *
 *-------------------------------------------------------------------------
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "kafka/look.h"

/* The longest that a look may take, in ms. */
#define LOOK_MS 1000

typedef enum LookState
{
	LOOK_NONE,
	LOOK_RUNNING, /* the thread has all but this */
	LOOK_DONE     /* the thread is about to end */
} LookState;

struct KafkaLook
{
	rd_kafka_t *producer;
	int fd;
	pthread_t thread;
	_Atomic LookState state;
	char *topic;
	rd_kafka_resp_err_t error;
	int partitions;
};

KafkaLook *
kafkalook_new(rd_kafka_t *producer, int fd)
{
	KafkaLook *look = xcalloc(1, sizeof(KafkaLook));

	look->producer = producer;
	look->fd = fd;
	return look;
}

void
kafkalook_free(KafkaLook *look)
{
	if (look->state != LOOK_NONE)
		pthread_join(look->thread, NULL);
	free(look->topic);
	free(look);
}

/* Asks a broker, and waits for the answer; topic may be NULL. */
static void
ask(KafkaLook *look, rd_kafka_topic_t *topic)
{
	const struct rd_kafka_metadata *metadata;

	look->error =
		rd_kafka_metadata(look->producer, 0, topic, &metadata, LOOK_MS);
	if (look->error != RD_KAFKA_RESP_ERR_NO_ERROR)
		return;
	if (topic != NULL && metadata->topic_cnt != 1)
		look->error = RD_KAFKA_RESP_ERR__BAD_MSG;
	else if (topic != NULL)
	{
		look->error = metadata->topics[0].err;
		look->partitions = metadata->topics[0].partition_cnt;
	}
	rd_kafka_metadata_destroy(metadata);
}

/* Asks for the topic. */
static void
ask_for_topic(KafkaLook *look)
{
	/* The producer knows the topic, so this only counts one reference more. */
	rd_kafka_topic_t *topic =
		rd_kafka_topic_new(look->producer, look->topic, NULL);

	if (topic == NULL)
		look->error = rd_kafka_last_error();
	else
	{
		ask(look, topic);
		rd_kafka_topic_destroy(topic);
	}
}

/* The thread. */
static void *
run(void *argument)
{
	static const uint64_t one = 1;
	KafkaLook *look = argument;

	look->partitions = 0;
	if (look->topic != NULL)
		ask_for_topic(look);
	else
		ask(look, NULL);
	look->state = LOOK_DONE;
	/* An eventfd takes far more than there are looks. */
	if (write(look->fd, &one, sizeof(one)) < 0)
		return NULL;
	return NULL;
}

bool
kafkalook_begin(KafkaLook *look, const char *topic)
{
	if (look->state != LOOK_NONE)
		return false;
	free(look->topic);
	look->topic = topic != NULL ? xstrdup(topic) : NULL;
	look->state = LOOK_RUNNING;
	if (pthread_create(&look->thread, NULL, run, look) == 0)
		return true;
	look->state = LOOK_NONE;
	return false;
}

bool
kafkalook_take(KafkaLook *look, KafkaLookAnswer *answer)
{
	if (look->state != LOOK_DONE)
		return false;
	pthread_join(look->thread, NULL);
	look->state = LOOK_NONE;
	*answer = (KafkaLookAnswer){look->topic, look->error, look->partitions};
	return true;
}
