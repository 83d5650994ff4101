/*-------------------------------------------------------------------------
 *
 * envelope/lenient.h
 *	  Reads the decoder's lines: the lenient reader.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_ENVELOPE_LENIENT_H
#define PG_OUTBOX_ENVELOPE_LENIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "envelope/line.h"

/*
 * Reads a line with any order of members before "payload" and any spelling that
 * is JSON; see envelope_read().
 */
extern bool envelope_read_lenient(EnvelopeReader *reader, const char *line,
								  size_t len, Envelope *out, Error *err);

#endif /* PG_OUTBOX_ENVELOPE_LENIENT_H */
