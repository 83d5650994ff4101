/*-------------------------------------------------------------------------
 *
 * envelope/strict.h
 *	  Reads the decoder's lines: the strict reader.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_ENVELOPE_STRICT_H
#define PG_OUTBOX_ENVELOPE_STRICT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "envelope/line.h"

/*
 * Reads a line in exactly the order and spelling that the decoder writes; see
 * envelope_read().
 */
extern bool envelope_read_strict(EnvelopeReader *reader, const char *line,
								 size_t len, Envelope *out, Error *err);

#endif /* PG_OUTBOX_ENVELOPE_STRICT_H */
