/*-------------------------------------------------------------------------
 *
 * relay/poison.h
 *	  Events that Kafka refused, and up to where care is taken of them.
 *
 * Kafka refuses a batch as a whole.  So after a refusal one event at a time is
 * in flight, which is called care, until all that had been read by then is
 * confirmed: the next refusal then says which event it is.  A refused event is
 * remembered by its position, since the stream may be read again.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_POISON_H
#define PG_OUTBOX_RELAY_POISON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/position.h"
#include "kafka/producer.h"
#include "relay/dead_letter.h"

typedef struct PoisonEvent
{
	Position position;
	KafkaRefusal refusal;
	DeadLetterCut cut;   /* what its dead letter goes without */
	bool letter_refused; /* for the reason below, and not yet cut further */
	KafkaRefusal letter;
} PoisonEvent;

typedef struct Poison Poison;

extern Poison *poison_new(void);
extern void poison_free(Poison *poison);

/* Finds an event; NULL if it was not refused.  Valid until the next add. */
extern PoisonEvent *poison_find(Poison *poison, Position position);

/* Adds an event, or finds it, and notes why it was refused. */
extern PoisonEvent *poison_add(Poison *poison, Position position,
							   const KafkaRefusal *refusal);

/* Care is to be taken up to this LSN at least. */
extern void poison_be_careful(Poison *poison, Lsn until);
extern bool poison_is_careful(const Poison *poison);

/*
 * All up to this LSN is confirmed: forgets the events before it, and ends the
 * care if that does not reach further.
 */
extern void poison_confirmed(Poison *poison, Lsn flush);

/* Forgets everything: positions mean something else from now on. */
extern void poison_reset(Poison *poison);

#endif /* PG_OUTBOX_RELAY_POISON_H */
