/*-------------------------------------------------------------------------
 *
 * relay/handover.h
 *	  The slot goes from one relay to another, or may have.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_HANDOVER_H
#define PG_OUTBOX_RELAY_HANDOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "relay/state.h"

/*
 * PostgreSQL has sent something, so the slot was ours when it did: not before
 * all that it had sent earlier was read, nor later than this turn of the loop
 * should have begun.
 */
extern void relay_note_proof(Relay *relay);

/* The stream is lost, or another relay has the slot. */
extern void relay_lost_stream(Relay *relay);

/*
 * Tells whether another relay may have published since this one lost its
 * stream; to be asked before relay_got_stream().
 */
extern bool relay_others_published(const Relay *relay);

/*
 * The stream has begun: nothing is published as long as relay_is_quiet(),
 * which is for so long, in ms, and until nobody else can be publishing.
 */
extern int64_t relay_got_stream(Relay *relay);

/* How long that is for a stream that has just begun, in ms. */
extern int64_t relay_quiet_length(const Relay *relay);
extern bool relay_is_quiet(const Relay *relay);

/*
 * Gives up what is in flight: from now on nothing of it leaves this process,
 * and what was not acknowledged is delivered again.
 */
extern void relay_give_up_in_flight(Relay *relay, const char *reason);

/* Does that when the stream has been lost for too long. */
extern void relay_serve_handover(Relay *relay);
extern int64_t relay_handover_due(const Relay *relay);

#endif /* PG_OUTBOX_RELAY_HANDOVER_H */
