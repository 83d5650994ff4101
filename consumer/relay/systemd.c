/*-------------------------------------------------------------------------
 *
 * relay/systemd.c
 *	  Tells the service manager how the relay is: sd_notify(3).
 *
 *-------------------------------------------------------------------------
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "relay/systemd.h"

/* How often the status is looked at, in ms. */
#define STATUS_MS 1000

struct Systemd
{
	int fd;
	struct sockaddr_un address;
	socklen_t address_len;
	int64_t interval_ms; /* between two calls */
	int64_t next_ms;
	bool has_watchdog;
	bool is_ready; /* READY was sent */
	bool is_stopping;
	Error status; /* as it was sent last */
};

/* The address of NOTIFY_SOCKET: a path, or "@" and an abstract name. */
static bool
set_address(Systemd *systemd, const char *path)
{
	size_t len = strlen(path);

	if (len < 2 || len >= sizeof(systemd->address.sun_path) ||
		(path[0] != '/' && path[0] != '@'))
		return false;
	systemd->address.sun_family = AF_UNIX;
	memcpy(systemd->address.sun_path, path, len);
	if (path[0] == '@')
		systemd->address.sun_path[0] = '\0';
	systemd->address_len =
		(socklen_t) (offsetof(struct sockaddr_un, sun_path) + len);
	return true;
}

/* What WATCHDOG_USEC asks this process for, in ms; 0 = nothing. */
static int64_t
watchdog_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");

	if (usec == NULL || (pid != NULL && strtol(pid, NULL, 10) != getpid()))
		return 0;
	return strtoll(usec, NULL, 10) / 1000;
}

Systemd *
systemd_new(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	Systemd *systemd;
	int64_t watchdog = watchdog_ms();

	if (path == NULL)
		return NULL;
	systemd = xcalloc(1, sizeof(Systemd));
	systemd->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (systemd->fd < 0 || !set_address(systemd, path))
	{
		systemd_free(systemd);
		return NULL;
	}
	systemd->has_watchdog = watchdog > 0;
	systemd->interval_ms = STATUS_MS;
	/* Half of the time, as sd_watchdog_enabled(3) recommends. */
	if (watchdog > 0 && watchdog / 2 < STATUS_MS)
		systemd->interval_ms = watchdog / 2;
	systemd->next_ms = clock_ms();
	return systemd;
}

void
systemd_free(Systemd *systemd)
{
	if (systemd == NULL)
		return;
	if (systemd->fd >= 0)
		close(systemd->fd);
	free(systemd);
}

int64_t
systemd_due(const Systemd *systemd)
{
	return systemd->next_ms;
}

/* Sends assignments; nobody is told if that fails. */
static void
notify(const Systemd *systemd, const char *text)
{
	if (sendto(systemd->fd, text, strlen(text), MSG_NOSIGNAL,
			   (const struct sockaddr *) &systemd->address,
			   systemd->address_len) < 0)
		return;
}

/* Sends the sentence, if it is another one than before. */
static void
notify_status(Systemd *systemd, const Snapshot *snapshot)
{
	char text[sizeof(Error) + 16];
	Error sentence;

	snapshot_sentence(snapshot, &sentence);
	if (strcmp(sentence.text, systemd->status.text) == 0)
		return;
	systemd->status = sentence;
	snprintf(text, sizeof(text), "STATUS=%s", sentence.text);
	notify(systemd, text);
}

void
systemd_serve(Systemd *systemd, const Snapshot *snapshot)
{
	systemd->next_ms = clock_ms() + systemd->interval_ms;
	/* Held at an event it is at work, too: starting over would only repeat. */
	if (!systemd->is_ready && (snapshot->state == SNAPSHOT_STREAMING ||
							   snapshot->state == SNAPSHOT_STANDING_BY ||
							   snapshot->state == SNAPSHOT_HELD))
	{
		systemd->is_ready = true;
		notify(systemd, "READY=1");
	}
	if (!systemd->is_stopping && snapshot->state == SNAPSHOT_STOPPING)
	{
		systemd->is_stopping = true;
		notify(systemd, "STOPPING=1");
	}
	notify_status(systemd, snapshot);
	if (systemd->has_watchdog)
		notify(systemd, "WATCHDOG=1");
}
