/*-------------------------------------------------------------------------
 *
 * relay/dead_letter.c
 *	  The record that stands for an event which could not be published.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "relay/dead_letter.h"

/* A topic that is no legal name can be any text: its header has no more. */
#define TOPIC_BYTES 500

/* Text as bytes. */
static Slice
slice(const char *text)
{
	return (Slice){text, strlen(text)};
}

/* Adds a header; one without a value is left out. */
static void
add_header(DeadLetter *letter, const char *name, Slice value)
{
	if (value.data == NULL)
		return;
	letter->headers[letter->record.n_headers++] =
		(NamedSlice){slice(name), value};
}

/* The same for text that is known only sometimes. */
static void
add_text(DeadLetter *letter, const char *name, const char *value)
{
	if (value != NULL && *value != '\0')
		add_header(letter, name, slice(value));
}

/* Takes what is not to be cut from the event. */
static void
take_event(DeadLetter *letter, const Envelope *event, DeadLetterCut cut)
{
	KafkaRecord *record = &letter->record;

	if (!(cut & DEAD_LETTER_CUT_HEADERS))
	{
		memcpy(letter->headers, event->headers,
			   event->n_headers * sizeof(NamedSlice));
		record->n_headers = event->n_headers;
	}
	if (!(cut & DEAD_LETTER_CUT_VALUE))
		record->value = event->payload;
	record->key =
		cut & DEAD_LETTER_CUT_KEY ? slice(letter->position) : event->key;
	snprintf(letter->cut, sizeof(letter->cut), "%s%s%s",
			 cut & DEAD_LETTER_CUT_HEADERS ? "headers" : "",
			 cut & DEAD_LETTER_CUT_VALUE ? ",value" : "",
			 cut & DEAD_LETTER_CUT_KEY ? ",key" : "");
}

/* Writes the numbers that headers point to. */
static void
write_numbers(DeadLetter *letter, const Envelope *event)
{
	Position position = {event->lsn, event->seq};

	snprintf(letter->position, sizeof(letter->position), POSITION_FORMAT,
			 POSITION_ARGS(position));
	snprintf(letter->lsn, sizeof(letter->lsn), LSN_FORMAT,
			 LSN_ARGS(event->lsn));
	snprintf(letter->seq, sizeof(letter->seq), "%u", event->seq);
	letter->timestamp[0] = '\0';
	if (event->ts >= 0)
		snprintf(letter->timestamp, sizeof(letter->timestamp), "%" PRId64,
				 event->ts);
}

void
dead_letter_make(DeadLetter *letter, const Envelope *event, const char *topic,
				 DeadLetterCut cut, const char *reason, const char *code)
{
	write_numbers(letter, event);
	letter->record = (KafkaRecord){.topic = slice(topic),
								   .partition = KAFKA_ANY_PARTITION,
								   .headers = letter->headers};
	take_event(letter, event, cut);
	add_header(letter, "pg_outbox.error", slice(reason));
	add_text(letter, "pg_outbox.code", code);
	add_header(letter, "pg_outbox.topic",
			   (Slice){event->topic.data, event->topic.len < TOPIC_BYTES
											  ? event->topic.len
											  : TOPIC_BYTES});
	if (event->kind == ENVELOPE_ERROR)
		add_header(letter, "pg_outbox.relation", event->relation);
	add_header(letter, "pg_outbox.lsn", slice(letter->lsn));
	add_header(letter, "pg_outbox.seq", slice(letter->seq));
	add_text(letter, "pg_outbox.timestamp", letter->timestamp);
	add_text(letter, "pg_outbox.cut",
			 letter->cut + (letter->cut[0] == ',' ? 1 : 0));
}

bool
dead_letter_cut(DeadLetterCut *cut, const Envelope *event,
				const KafkaRefusal *refusal)
{
	DeadLetterCut more = DEAD_LETTER_WHOLE;

	if (refusal->too_large)
	{
		if (!(*cut & DEAD_LETTER_CUT_HEADERS) && event->n_headers > 0)
			more = DEAD_LETTER_CUT_HEADERS;
		else if (!(*cut & DEAD_LETTER_CUT_VALUE) && event->payload.data != NULL)
			more = DEAD_LETTER_CUT_VALUE;
		else if (!(*cut & DEAD_LETTER_CUT_KEY) &&
				 event->key.len > POSITION_TEXT_SIZE)
			more = DEAD_LETTER_CUT_KEY;
	}
	else if (refusal->invalid && event->key.data == NULL &&
			 !(*cut & DEAD_LETTER_CUT_KEY))
		more = DEAD_LETTER_CUT_KEY;
	*cut |= more;
	return more != DEAD_LETTER_WHOLE;
}
