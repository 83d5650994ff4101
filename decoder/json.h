/*-------------------------------------------------------------------------
 *
 * json.h
 *	  Appends JSON to a buffer.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_JSON_H
#define PG_OUTBOX_JSON_H

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

#include "bytes.h"

/* Appends a literal without its terminating zero. */
#define json_append_literal(out, literal) \
	appendBinaryStringInfo((out), "" literal, sizeof(literal) - 1)

/* Appends a JSON string, escaped as escape_json() does; NULL is null. */
extern void json_append_string(StringInfo out, Bytes text);

/* Whether a JSON string of a text may have at most room bytes. */
extern bool json_string_fits(Bytes text, int room);

/* Appends bytes as a JSON string of base64 (RFC 4648, padded). */
extern void json_append_base64(StringInfo out, Bytes bytes);

/* Appends a json value; line breaks between its tokens become spaces. */
extern void json_append_json(StringInfo out, Bytes json);

/*
 * Appends a jsonb value exactly as jsonb_out() prints it.  Stops and returns
 * false before a string, and behind a number, that takes more than limit bytes:
 * a number of a few bytes, 1e131071, prints as 128 kB, so the stored size
 * bounds nothing.
 */
extern bool json_append_jsonb(StringInfo out, Jsonb *jsonb, int limit);

#endif /* PG_OUTBOX_JSON_H */
