/*-------------------------------------------------------------------------
 *
 * relay/guest.h
 *	  What else lives in the relay's loop: it looks, and never steers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_GUEST_H
#define PG_OUTBOX_RELAY_GUEST_H

#include <stdint.h>

#include "relay/snapshot.h"

/* All functions get self, and none of them may wait for anything. */
typedef struct RelayGuest
{
	void *self;
	int (*fd)(const void *self); /* what to poll; -1 = nothing now */
	short (*events)(const void *self);
	/* When serve is to be called at last, in ms of clock_ms(). */
	int64_t (*due)(const void *self);
	void (*serve)(void *self, const Snapshot *snapshot);
} RelayGuest;

/* As many as a relay may have. */
#define RELAY_GUESTS 4

#endif /* PG_OUTBOX_RELAY_GUEST_H */
