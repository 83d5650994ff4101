/*-------------------------------------------------------------------------
 *
 * relay/dead_letter.h
 *	  The record that stands for an event which could not be published.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_DEAD_LETTER_H
#define PG_OUTBOX_RELAY_DEAD_LETTER_H

#include <stdbool.h>

#include "base/position.h"
#include "envelope/line.h"
#include "kafka/producer.h"

/* What a dead letter goes without, so that Kafka takes it: a set of these. */
typedef enum DeadLetterCut
{
	DEAD_LETTER_WHOLE = 0,
	DEAD_LETTER_CUT_HEADERS = 1,
	DEAD_LETTER_CUT_VALUE = 2,
	DEAD_LETTER_CUT_KEY = 4 /* its position is its key */
} DeadLetterCut;

/* The headers that say what became of the event. */
#define DEAD_LETTER_HEADERS 8

/* A dead letter, and what it points to. */
typedef struct DeadLetter
{
	KafkaRecord record; /* to be produced */
	NamedSlice headers[PROTOCOL_MAX_HEADERS + DEAD_LETTER_HEADERS];
	char position[POSITION_TEXT_SIZE];
	char lsn[LSN_TEXT_SIZE];
	char seq[sizeof("4294967295")];
	char timestamp[sizeof("-9223372036854775808")];
	char cut[sizeof("headers,value,key")];
} DeadLetter;

/*
 * Makes the dead letter of an event: key, headers and value as far as they are
 * known and not cut, and the headers pg_outbox.error, .code (unless that is
 * NULL), .topic, .relation, .lsn, .seq, .timestamp and .cut.  Its timestamp is
 * the time at which it is produced: the event's own may be why it was refused.
 * It points into itself, the event, the topic and the reason.
 */
extern void dead_letter_make(DeadLetter *letter, const Envelope *event,
							 const char *topic, DeadLetterCut cut,
							 const char *reason, const char *code);

/*
 * The dead letter of an event was refused: cuts it further.  False if nothing
 * that is left to cut would help.
 */
extern bool dead_letter_cut(DeadLetterCut *cut, const Envelope *event,
							const KafkaRefusal *refusal);

#endif /* PG_OUTBOX_RELAY_DEAD_LETTER_H */
