/*-------------------------------------------------------------------------
 *
 * relay/dead_letter.h
 *	  The record that stands for an event which could not be published.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_DEAD_LETTER_H
#define PG_OUTBOX_RELAY_DEAD_LETTER_H

#include "envelope/reader.h"

/* A dead letter, and what its headers point to. */
typedef struct DeadLetter
{
	Envelope event; /* to be produced */
	char lsn[LSN_TEXT_SIZE];
	char seq[16];
} DeadLetter;

/*
 * Makes the dead letter of an event: key, headers and value as far as they are
 * known, and the headers pg_outbox.error, .topic, .relation, .lsn and .seq.
 * It points into the event, the topic and the reason.
 */
extern void deadletter_make(DeadLetter *letter, const Envelope *event,
							const char *topic, const char *reason);

#endif /* PG_OUTBOX_RELAY_DEAD_LETTER_H */
