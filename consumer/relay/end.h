/*-------------------------------------------------------------------------
 *
 * relay/end.h
 *	  What makes the relay end, and what it ends with.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_END_H
#define PG_OUTBOX_RELAY_END_H

#include "base/error.h"
#include "relay/state.h"

/* Stops reading and delivers what is in flight, to exit with a status. */
extern void relay_start_draining(Relay *relay, int exit_status);

/* Something happened that the relay cannot go on from. */
extern void relay_give_up(Relay *relay, const Error *err);

/* The same, with another exit status than EXIT_FAILED. */
extern void relay_give_up_with(Relay *relay, int exit_status, const Error *err);

#endif /* PG_OUTBOX_RELAY_END_H */
