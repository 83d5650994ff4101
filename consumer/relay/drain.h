/*-------------------------------------------------------------------------
 *
 * relay/drain.h
 *	  The end of the relay: what is in flight is delivered and confirmed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_DRAIN_H
#define PG_OUTBOX_RELAY_DRAIN_H

#include "relay/state.h"

/* Goes on with the end once all is delivered, or the time is out. */
extern void relay_serve_draining(Relay *relay);

/* The end of the stream has come, or was waited for long enough. */
extern void relay_serve_finishing(Relay *relay);

#endif /* PG_OUTBOX_RELAY_DRAIN_H */
