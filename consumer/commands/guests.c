/*-------------------------------------------------------------------------
 *
 * commands/guests.c
 *	  Who looks at a running relay: HTTP clients and the service manager.
 *
 *-------------------------------------------------------------------------
 */
#include <poll.h>

#include "commands/guests.h"

static int
server_fd(const void *self)
{
	return httpserver_fd(self);
}

static int64_t
server_due(const void *self)
{
	return httpserver_due(self);
}

static void
server_serve(void *self, const Snapshot *snapshot)
{
	httpserver_serve(self, snapshot);
}

static int
slot_fd(const void *self)
{
	return slotwatch_fd(self);
}

static short
slot_events(const void *self)
{
	return slotwatch_events(self);
}

static int64_t
slot_due(const void *self)
{
	return slotwatch_due(self);
}

static void
slot_serve(void *self, const Snapshot *snapshot)
{
	slotwatch_serve(self, snapshot);
}

static int64_t
manager_due(const void *self)
{
	return systemd_due(self);
}

static void
manager_serve(void *self, const Snapshot *snapshot)
{
	systemd_serve(self, snapshot);
}

static int
no_fd(const void *self)
{
	(void) self;
	return -1;
}

static short
reads(const void *self)
{
	(void) self;
	return POLLIN;
}

bool
guests_open(Guests *guests, const Config *config, int *status, Error *err)
{
	*guests = (Guests){.systemd = systemd_new()};
	if (guests->systemd != NULL)
		guests->list[guests->n++] = (RelayGuest){guests->systemd, no_fd, reads,
												 manager_due, manager_serve};
	if (config_text(config, CONFIG_HTTP_LISTEN) == NULL)
		return true;
	guests->slot = slotwatch_new(config);
	guests->server = httpserver_new(config, guests->slot, status, err);
	if (guests->server == NULL)
	{
		guests_close(guests);
		return false;
	}
	guests->list[guests->n++] =
		(RelayGuest){guests->slot, slot_fd, slot_events, slot_due, slot_serve};
	guests->list[guests->n++] = (RelayGuest){guests->server, server_fd, reads,
											 server_due, server_serve};
	return true;
}

void
guests_close(Guests *guests)
{
	httpserver_free(guests->server);
	slotwatch_free(guests->slot);
	systemd_free(guests->systemd);
	*guests = (Guests){.n = 0};
}
