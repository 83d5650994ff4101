/*-------------------------------------------------------------------------
 *
 * relay/pause.h
 *	  Notices that the process was stopped and continued.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_PAUSE_H
#define PG_OUTBOX_RELAY_PAUSE_H

#include "relay/state.h"

/*
 * Looks whether this process was stopped since the last turn of the loop, and
 * whether the slot may be another's since.  The first thing to do in a turn.
 */
extern void relay_serve_pause(Relay *relay);

#endif /* PG_OUTBOX_RELAY_PAUSE_H */
