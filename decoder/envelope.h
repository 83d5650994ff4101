/*-------------------------------------------------------------------------
 *
 * envelope.h
 *	  Writes the lines of the stream; docs/envelope.md is their format.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_ENVELOPE_H
#define PG_OUTBOX_ENVELOPE_H

#include "lib/stringinfo.h"

#include "event.h"

/*
 * Appends the line of an event, or of an error if event->error is set,
 * without a line feed.  Should a jsonb payload print as more than limit bytes,
 * or a text not be valid UTF-8, the line becomes an error line without it.
 */
extern void envelope_append_event(StringInfo out, Event *event, int limit);

/* Appends the line that ends a transaction of that many event lines. */
extern void envelope_append_commit(StringInfo out, XLogRecPtr lsn,
								   TransactionId xid, uint32 events);

/* Appends the line that says what committed before lsn is written above. */
extern void envelope_append_position(StringInfo out, XLogRecPtr lsn);

#endif /* PG_OUTBOX_ENVELOPE_H */
