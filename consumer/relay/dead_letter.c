/*-------------------------------------------------------------------------
 *
 * relay/dead_letter.c
 *	  The record that stands for an event which could not be published.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "relay/dead_letter.h"

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

void
dead_letter_make(DeadLetter *letter, const Envelope *event, const char *topic,
				 const char *reason)
{
	letter->record = (KafkaRecord){.topic = slice(topic),
								   .key = event->key,
								   .value = event->payload,
								   .partition = KAFKA_ANY_PARTITION,
								   .ts = event->ts < 0 ? 0 : event->ts,
								   .headers = letter->headers,
								   .n_headers = event->n_headers};
	memcpy(letter->headers, event->headers,
		   event->n_headers * sizeof(NamedSlice));
	snprintf(letter->lsn, sizeof(letter->lsn), LSN_FORMAT,
			 LSN_ARGS(event->lsn));
	snprintf(letter->seq, sizeof(letter->seq), "%u", event->seq);
	add_header(letter, "pg_outbox.error", slice(reason));
	add_header(letter, "pg_outbox.topic", event->topic);
	add_header(letter, "pg_outbox.relation",
			   event->kind == ENVELOPE_ERROR ? event->relation
											 : (Slice){NULL, 0});
	add_header(letter, "pg_outbox.lsn", slice(letter->lsn));
	add_header(letter, "pg_outbox.seq", slice(letter->seq));
}
