/*-------------------------------------------------------------------------
 *
 * relay/poison.h
 *	  Events that Kafka refused for good, by their positions.
 *
 * After a refusal the producer is made anew and the stream is read again from
 * the slot's position; the event is then recognised before it is produced.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_POISON_H
#define PG_OUTBOX_RELAY_POISON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/lsn.h"

typedef struct PoisonEvent
{
	Lsn lsn;
	uint32_t seq;
	Error reason;
	bool without_value; /* its dead letter was too large with the value */
} PoisonEvent;

typedef struct Poison Poison;

extern Poison *poison_new(void);
extern void poison_free(Poison *poison);

/* Finds an event; NULL if it was not refused.  Valid until the next call. */
extern PoisonEvent *poison_find(Poison *poison, Lsn lsn, uint32_t seq);

/* Adds an event with the reason for which it was refused. */
extern PoisonEvent *poison_add(Poison *poison, Lsn lsn, uint32_t seq,
							   const char *reason);

/* Forgets events that are confirmed, up to this LSN. */
extern void poison_forget(Poison *poison, Lsn flush);

#endif /* PG_OUTBOX_RELAY_POISON_H */
