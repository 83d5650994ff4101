/*-------------------------------------------------------------------------
 *
 * envelope/text.h
 *	  What both envelope readers share: strings, payloads, the arena.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_ENVELOPE_TEXT_H
#define PG_OUTBOX_ENVELOPE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "envelope/line.h"

/*
 * The arena holds what a line's strings are when unescaped or decoded.  That
 * is never longer than twice the line, so it does not move while one is read.
 */
struct EnvelopeReader
{
	char *arena; /* owned */
	size_t size;
	size_t used;
};

typedef enum EnvelopeEncoding
{
	ENCODING_JSON, /* the bytes of the line */
	ENCODING_TEXT,
	ENCODING_BASE64,
	ENCODING_NONE
} EnvelopeEncoding;

/* Begins a line of len bytes: empties the arena and makes room. */
extern void envelope_begin(EnvelopeReader *reader, size_t len);

/* Sets all members to "missing". */
extern void envelope_clear(Envelope *out);

/*
 * Reads a JSON string after its opening quote and moves *p behind its closing
 * one.  Returns NULL, or what is wrong, with *p at that place.
 */
extern const char *envelope_read_string(EnvelopeReader *reader, const char **p,
										const char *end, Slice *out);

/*
 * Gives the payload's bytes for its JSON text [p, end), which must be one
 * whole value of that encoding.  Returns NULL, or what is wrong.
 */
extern const char *envelope_decode_payload(EnvelopeReader *reader,
										   EnvelopeEncoding encoding,
										   const char *p, const char *end,
										   Slice *out);

/*
 * Decodes base64 (RFC 4648, padded, nothing else) into the arena; false if it
 * is none.
 */
extern bool envelope_decode_base64(EnvelopeReader *reader, Slice text,
								   Slice *out);

/*
 * Writes the JSON text [p, end) to *to with every character above ASCII as
 * \uXXXX, and returns where it ends; NULL if the text is not UTF-8, if such a
 * character follows a backslash, or if json-c would read it as another one: it
 * puts U+FFFD for U+1D800 to U+1DFFF, U+2D800 to U+2DFFF and so on (0.16,
 * json_tokener.c, IS_LOW_SURROGATE of a character that was a pair).  There must
 * be room for ENVELOPE_ESCAPED bytes per byte.
 */
extern char *envelope_escape(const char *p, const char *end, char *to);

/* Two bytes of UTF-8 become six. */
#define ENVELOPE_ESCAPED 3

/* Steps over a string after its opening quote; NULL if it does not end. */
extern const char *envelope_skip_string(const char *p, const char *end);

#endif /* PG_OUTBOX_ENVELOPE_TEXT_H */
