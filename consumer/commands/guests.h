/*-------------------------------------------------------------------------
 *
 * commands/guests.h
 *	  Who looks at a running relay: HTTP clients and the service manager.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_COMMANDS_GUESTS_H
#define PG_OUTBOX_COMMANDS_GUESTS_H

#include "config/values.h"
#include "http/server.h"
#include "http/slot_watch.h"
#include "relay/guest.h"
#include "relay/systemd.h"

/* All NULL and 0: nobody. */
typedef struct Guests
{
	HttpServer *server;
	SlotWatch *slot;
	Systemd *systemd;
	RelayGuest list[RELAY_GUESTS];
	size_t n;
} Guests;

/*
 * Begins to serve those that the configuration and the environment ask for.
 * False, with the reason in err and the exit status in *status, if it cannot.
 */
extern bool guests_open(Guests *guests, const Config *config, int *status,
						Error *err);
extern void guests_close(Guests *guests);

#endif /* PG_OUTBOX_COMMANDS_GUESTS_H */
