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

/* The headers that say what became of the event. */
#define N_OWN_HEADERS 5

/* Text as bytes. */
static Slice
slice(const char *text)
{
	return (Slice){text, strlen(text)};
}

/* Adds a header; one without a value is left out. */
static void
add_header(Envelope *event, const char *name, Slice value)
{
	if (value.data == NULL)
		return;
	event->headers[event->n_headers++] = (EnvelopeHeader){slice(name), value};
}

void
deadletter_make(DeadLetter *letter, const Envelope *event, const char *topic,
				const char *reason)
{
	Envelope *made = &letter->event;

	*made = *event;
	made->kind = ENVELOPE_EVENT;
	made->topic = slice(topic);
	made->partition = ENVELOPE_NO_PARTITION;
	if (made->ts < 0)
		made->ts = 0;
	/* The decoder makes no more than 100, so nothing is cut in fact. */
	if (made->n_headers > ENVELOPE_MAX_HEADERS - N_OWN_HEADERS)
		made->n_headers = ENVELOPE_MAX_HEADERS - N_OWN_HEADERS;
	snprintf(letter->lsn, sizeof(letter->lsn), LSN_FORMAT,
			 LSN_ARGS(event->lsn));
	snprintf(letter->seq, sizeof(letter->seq), "%u", event->seq);
	add_header(made, "pg_outbox.error", slice(reason));
	add_header(made, "pg_outbox.topic", event->topic);
	add_header(made, "pg_outbox.relation",
			   event->kind == ENVELOPE_ERROR ? event->relation
											 : (Slice){NULL, 0});
	add_header(made, "pg_outbox.lsn", slice(letter->lsn));
	add_header(made, "pg_outbox.seq", slice(letter->seq));
}
