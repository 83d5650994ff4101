/*-------------------------------------------------------------------------
 *
 * kafka/sockets.c
 *	  The sockets of a producer, which can be cut at any moment.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "kafka/sockets.h"

struct KafkaSockets
{
	pthread_mutex_t mutex; /* librdkafka has a thread for each broker */
	int *fds;
	size_t count;
	size_t size;
	unsigned n_closed;
	bool closed; /* there will be no more */
};

/* Adds a socket; false if there may be no more. */
static bool
add(KafkaSockets *sockets, int fd)
{
	bool allowed;

	pthread_mutex_lock(&sockets->mutex);
	allowed = !sockets->closed;
	if (allowed && sockets->count == sockets->size)
	{
		sockets->size = sockets->size * 2 + 8;
		sockets->fds = xrealloc(sockets->fds, sockets->size * sizeof(int));
	}
	if (allowed)
		sockets->fds[sockets->count++] = fd;
	pthread_mutex_unlock(&sockets->mutex);
	return allowed;
}

/* librdkafka wants a socket. */
static int
open_socket(int domain, int type, int protocol, void *opaque)
{
	static const struct linger drop = {.l_onoff = 1, .l_linger = 0};
	int fd = socket(domain, type | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return -1;
	/* With this what was not sent goes with the socket (socket(7)). */
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &drop, sizeof(drop));
	if (add(opaque, fd))
		return fd;
	close(fd);
	errno = ECANCELED;
	return -1;
}

/*
 * librdkafka connects one.  Below the mutex, since one that is cut before it is
 * connected could connect all the same.  It does not block: librdkafka has made
 * it so, and waits itself (rdkafka_transport.c, rd_kafka_transport_connect).
 */
static int
connect_socket(int fd, const struct sockaddr *address, int len, const char *id,
			   void *opaque)
{
	KafkaSockets *sockets = opaque;
	int error = ECANCELED;

	(void) id;
	pthread_mutex_lock(&sockets->mutex);
	if (!sockets->closed)
		error = connect(fd, address, (socklen_t) len) < 0 ? errno : 0;
	pthread_mutex_unlock(&sockets->mutex);
	return error == EINPROGRESS ? 0 : error;
}

/*
 * librdkafka has done with a socket.  Closed below the mutex, since its number
 * may then be that of another file.
 */
static int
close_socket(int fd, void *opaque)
{
	KafkaSockets *sockets = opaque;
	int result;

	pthread_mutex_lock(&sockets->mutex);
	for (size_t i = 0; i < sockets->count; i++)
	{
		if (sockets->fds[i] == fd)
		{
			sockets->fds[i] = sockets->fds[--sockets->count];
			break;
		}
	}
	sockets->n_closed++;
	result = close(fd);
	pthread_mutex_unlock(&sockets->mutex);
	return result;
}

KafkaSockets *
kafkasockets_new(rd_kafka_conf_t *conf)
{
	KafkaSockets *sockets = xcalloc(1, sizeof(KafkaSockets));

	pthread_mutex_init(&sockets->mutex, NULL);
	rd_kafka_conf_set_opaque(conf, sockets);
	rd_kafka_conf_set_socket_cb(conf, open_socket);
	rd_kafka_conf_set_connect_cb(conf, connect_socket);
	rd_kafka_conf_set_closesocket_cb(conf, close_socket);
	return sockets;
}

void
kafkasockets_free(KafkaSockets *sockets)
{
	if (sockets == NULL)
		return;
	pthread_mutex_destroy(&sockets->mutex);
	free(sockets->fds);
	free(sockets);
}

void
kafkasockets_close(KafkaSockets *sockets)
{
	static const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};

	pthread_mutex_lock(&sockets->mutex);
	sockets->closed = true;
	/*
	 * This is TCP's ABORT: it sends a reset and drops what was not sent (tcp.c,
	 * tcp_disconnect), and leaves the descriptor to librdkafka.
	 */
	for (size_t i = 0; i < sockets->count; i++)
	{
		if (connect(sockets->fds[i], &nowhere, sizeof(nowhere)) < 0)
			shutdown(sockets->fds[i], SHUT_RDWR);
	}
	pthread_mutex_unlock(&sockets->mutex);
}

unsigned
kafkasockets_count_closed(KafkaSockets *sockets)
{
	unsigned count;

	pthread_mutex_lock(&sockets->mutex);
	count = sockets->n_closed;
	pthread_mutex_unlock(&sockets->mutex);
	return count;
}
