/*-------------------------------------------------------------------------
 *
 * envelope/line.h
 *	  One line of the decoder, taken apart: an event, an error, a commit or a
 *	  position.
 *
 * The format is docs/envelope.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_ENVELOPE_LINE_H
#define PG_OUTBOX_ENVELOPE_LINE_H

#include <stddef.h>
#include <stdint.h>

#include "base/lsn.h"
#include "base/slice.h"
#include "decoder/protocol.h"

typedef enum EnvelopeKind
{
	ENVELOPE_EVENT,
	ENVELOPE_ERROR,
	ENVELOPE_COMMIT,
	ENVELOPE_POSITION
} EnvelopeKind;

/* No partition in the line: the producer's partitioner decides. */
#define ENVELOPE_NO_PARTITION (-1)

typedef struct Envelope
{
	EnvelopeKind kind;
	Lsn lsn; /* all kinds: end of the commit record */

	/* events and errors; an error may lack any of topic, key, headers */
	Slice topic;
	Slice key;
	int32_t partition; /* or ENVELOPE_NO_PARTITION */
	int64_t ts;        /* ms since 1970-01-01 UTC; -1 if missing */
	int64_t committed; /* the same of the commit; -1 if ts is it */
	uint32_t seq;      /* ordinal in the transaction, from 0 */
	NamedSlice headers[PROTOCOL_MAX_HEADERS];
	size_t n_headers;
	Slice payload; /* the value's bytes, decoded; NULL = tombstone */

	/* errors */
	Slice error;
	Slice relation;
	int64_t bytes; /* size of what was left out; -1 if missing */

	/* commits */
	uint32_t xid;
	uint32_t events; /* event and error lines of the transaction */
} Envelope;

/* Holds what had to be unescaped; one reader serves many lines. */
typedef struct EnvelopeReader EnvelopeReader;

#endif /* PG_OUTBOX_ENVELOPE_LINE_H */
