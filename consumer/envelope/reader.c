/*-------------------------------------------------------------------------
 *
 * envelope/reader.c
 *	  Reads the decoder's lines: the strict reader first, then the lenient.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#include "base/memory.h"
#include "envelope/lenient.h"
#include "envelope/reader.h"
#include "envelope/strict.h"
#include "envelope/text.h"

EnvelopeReader *
envelope_reader_new(void)
{
	return xcalloc(1, sizeof(EnvelopeReader));
}

void
envelope_reader_free(EnvelopeReader *reader)
{
	if (reader == NULL)
		return;
	free(reader->arena);
	free(reader);
}

bool
envelope_read(EnvelopeReader *reader, const char *line, size_t len,
			  Envelope *out, Error *err)
{
	Error lenient;

	return envelope_read_strict(reader, line, len, out, err) ||
		   envelope_read_lenient(reader, line, len, out, &lenient);
}
