/*-------------------------------------------------------------------------
 *
 * relay/observe.h
 *	  Lets the guests of the loop look at the relay.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_OBSERVE_H
#define PG_OUTBOX_RELAY_OBSERVE_H

#include <poll.h>

#include "relay/state.h"

/* Writes what the guests poll, one entry each. */
extern void relay_poll_guests(const Relay *relay, struct pollfd *fds);

/* When a guest has to be served at last, in ms of clock_ms(). */
extern int64_t relay_guests_due(const Relay *relay);

/* Serves the guests that are due, or whose descriptor is ready. */
extern void relay_serve_guests(Relay *relay, const struct pollfd *fds);

#endif /* PG_OUTBOX_RELAY_OBSERVE_H */
