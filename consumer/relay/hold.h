/*-------------------------------------------------------------------------
 *
 * relay/hold.h
 *	  The relay before an event that cannot be published, and that nothing
 *	  passes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_HOLD_H
#define PG_OUTBOX_RELAY_HOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "relay/state.h"

/* The intake is held at an event: stays before it, or ends. */
extern void relay_hold(Relay *relay);

/* Tells whether the relay waits before an event, and takes none. */
extern bool relay_is_holding(const Relay *relay);

/* Tells whether an event holds the relay, also while it is tried again. */
extern bool relay_is_held(const Relay *relay);

/*
 * Reports it again, gives it to Kafka again, or ends, when it is time to, in ms
 * of clock_ms(); INT64_MAX = never.
 */
extern void relay_serve_hold(Relay *relay);
extern int64_t relay_hold_due(Relay *relay);

/* Something was changed by hand: gives it to Kafka as soon as possible. */
extern void relay_hurry_hold(Relay *relay);

#endif /* PG_OUTBOX_RELAY_HOLD_H */
