/*-------------------------------------------------------------------------
 *
 * envelope/reader.h
 *	  Reads the decoder's lines: events, errors, commits, positions.
 *
 * The format is docs/envelope.md.  The reader knows nothing of PostgreSQL or
 * Kafka: bytes in, a struct out.  It never guesses: a line that is cut,
 * altered or of an unknown kind is an error.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_ENVELOPE_READER_H
#define PG_OUTBOX_ENVELOPE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
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

extern EnvelopeReader *envelope_reader_new(void);
extern void envelope_reader_free(EnvelopeReader *reader);

/*
 * Reads one line of len bytes (no line feed at its end) into out.  All slices
 * point into the line or into the reader, and stay valid until either is
 * changed, freed or used for the next line.  The value of "payload" is checked
 * to be one whole JSON value but never re-encoded: its bytes are those of the
 * line, but for the encodings "text" (unescaped) and "base64" (decoded).
 * False with the reason and the byte offset in err if the line is no envelope.
 */
extern bool envelope_read(EnvelopeReader *reader, const char *line, size_t len,
						  Envelope *out, Error *err);

/*
 * The two readers behind envelope_read(), for tests that compare them: the
 * strict one takes only the exact order and spelling the decoder writes, the
 * lenient one (json-c) any order of members before "payload" and any JSON
 * spelling.  envelope_read() asks the strict one first.
 */
extern bool envelope_read_strict(EnvelopeReader *reader, const char *line,
								 size_t len, Envelope *out, Error *err);
extern bool envelope_read_lenient(EnvelopeReader *reader, const char *line,
								  size_t len, Envelope *out, Error *err);

#endif /* PG_OUTBOX_ENVELOPE_READER_H */
