/*-------------------------------------------------------------------------
 *
 * http/listen.c
 *	  The socket that [http] listen asks for.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/exit.h"
#include "config/address.h"
#include "http/listen.h"

/* Connections that may wait to be accepted. */
#define BACKLOG 64

/* Listens at one address; -1 with errno if that cannot be. */
static int
listen_at(const struct addrinfo *info)
{
	int one = 1;
	int saved;
	int fd = socket(info->ai_family,
					info->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	/* Else a relay that was started again would wait for old connections. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 &&
		listen(fd, BACKLOG) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

int
listen_open(const char *text, int *status, Error *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
							 .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *info;
	Address address;
	int result;
	int fd;

	*status = EXIT_USAGE;
	if (!address_parse(&address, text, err))
		return -1;
	result = getaddrinfo(address.host, address.port, &hints, &info);
	if (result != 0)
	{
		error_set(err, "[http] listen: host \"%s\": %s", address.host,
				  gai_strerror(result));
		return -1;
	}
	fd = listen_at(info);
	freeaddrinfo(info);
	if (fd >= 0)
		return fd;
	*status = EXIT_FAILED;
	error_set(err, "[http] listen: %s: %s%s", text, strerror(errno),
			  errno == EADDRINUSE
				  ? "; another process has the port: choose another one"
				  : "");
	return -1;
}
