/*-------------------------------------------------------------------------
 *
 * relay/progress.h
 *	  Whether what is read gets published and confirmed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_PROGRESS_H
#define PG_OUTBOX_RELAY_PROGRESS_H

#include "relay/state.h"

/*
 * PostgreSQL was told this flush position.  If an event is confirmed by that
 * for the first time, whatever was wrong with Kafka is over; a delivery alone
 * says nothing, since the next event may fail again and again.
 */
extern void relay_note_confirmed(Relay *relay, Lsn flush);

#endif /* PG_OUTBOX_RELAY_PROGRESS_H */
