/*-------------------------------------------------------------------------
 *
 * relay/dead_letter.h
 *	  The record that stands for an event which could not be published.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_DEAD_LETTER_H
#define PG_OUTBOX_RELAY_DEAD_LETTER_H

#include "decoder/protocol.h"
#include "envelope/line.h"
#include "kafka/record.h"

/* The headers that say what became of the event. */
#define DEAD_LETTER_HEADERS 5

/* A dead letter, and what it points to. */
typedef struct DeadLetter
{
	KafkaRecord record; /* to be produced */
	NamedSlice headers[PROTOCOL_MAX_HEADERS + DEAD_LETTER_HEADERS];
	char lsn[LSN_TEXT_SIZE];
	char seq[16];
} DeadLetter;

/*
 * Makes the dead letter of an event: key, headers and value as far as they are
 * known, and the headers pg_outbox.error, .topic, .relation, .lsn and .seq.
 * It points into itself, the event, the topic and the reason.
 */
extern void dead_letter_make(DeadLetter *letter, const Envelope *event,
							 const char *topic, const char *reason);

#endif /* PG_OUTBOX_RELAY_DEAD_LETTER_H */
