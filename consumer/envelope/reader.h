/*-------------------------------------------------------------------------
 *
 * envelope/reader.h
 *	  Reads the decoder's lines: events, errors, commits, positions.
 *
 * The reader knows nothing of PostgreSQL or Kafka: bytes in, a struct out.  It
 * never guesses: a line that is cut, altered or of an unknown kind is an error.
 *
 * Two readers are behind it.  The strict one takes only the exact order and
 * spelling that the decoder writes, and is asked first; the lenient one
 * (json-c) takes any order of members before "payload" and any JSON spelling.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_ENVELOPE_READER_H
#define PG_OUTBOX_ENVELOPE_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "envelope/line.h"

extern EnvelopeReader *envelope_reader_new(void);
extern void envelope_reader_free(EnvelopeReader *reader);

/*
 * Reads one line of len bytes (no line feed at its end) into out.  All slices
 * point into the line or into the reader, and stay valid until either is
 * changed, freed or used for the next line.  The value of "payload" is checked
 * to be one whole JSON value but never re-encoded: its bytes are those of the
 * line, but for the encodings "text" (unescaped) and "base64" (decoded).
 * False, with the reason and the byte offset in err, if the line is invalid.
 */
extern bool envelope_read(EnvelopeReader *reader, const char *line, size_t len,
						  Envelope *out, Error *err);

#endif /* PG_OUTBOX_ENVELOPE_READER_H */
