/*-------------------------------------------------------------------------
 *
 * kafka/ending.c
 *	  Producers that end in the background.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "kafka/ending.h"

/* What one thread ends. */
typedef struct Ending
{
	rd_kafka_t *producer;
	KafkaLook *look;
	KafkaSockets *sockets;
} Ending;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static unsigned running; /* number of threads */

/* The thread. */
static void *
end(void *argument)
{
	Ending *ending = argument;

	kafkalook_free(ending->look);
	rd_kafka_destroy(ending->producer);
	kafkasockets_free(ending->sockets);
	free(ending);
	pthread_mutex_lock(&mutex);
	running--;
	pthread_cond_signal(&ended);
	pthread_mutex_unlock(&mutex);
	return NULL;
}

void
kafkaending_begin(rd_kafka_t *producer, KafkaLook *look, KafkaSockets *sockets)
{
	Ending *ending = xcalloc(1, sizeof(Ending));
	pthread_t thread;

	*ending = (Ending){producer, look, sockets};
	pthread_mutex_lock(&mutex);
	running++;
	pthread_mutex_unlock(&mutex);
	if (pthread_create(&thread, NULL, end, ending) == 0)
		pthread_detach(thread);
	else
		end(ending);
}

bool
kafkaending_wait(int64_t timeout_ms)
{
	struct timespec until;
	bool all;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	pthread_mutex_lock(&mutex);
	while (running > 0 &&
		   pthread_cond_clockwait(&ended, &mutex, CLOCK_MONOTONIC, &until) !=
			   ETIMEDOUT)
		;
	all = running == 0;
	pthread_mutex_unlock(&mutex);
	return all;
}
