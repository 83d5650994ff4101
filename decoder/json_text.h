/*-------------------------------------------------------------------------
 *
 * json_text.h
 *	  Reads JSON as text, without an ERROR where it is none.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_JSON_TEXT_H
#define PG_OUTBOX_JSON_TEXT_H

#include "bytes.h"

/* Takes a member of an object: its name, with quotes and escapes, and value. */
typedef void (*JsonMember)(void *arg, Bytes name, Bytes value);

/*
 * Tells whether text, which is UTF-8, is one JSON value (RFC 8259), of any
 * depth.  If it is an object and member is not NULL, calls it for each of its
 * members in their order, also before the text turns out to be none.
 */
extern bool json_text_scan(Bytes text, JsonMember member, void *arg);

/* Tells whether the first token of valid JSON begins an object. */
extern bool json_text_is_object(Bytes text);

/*
 * Gives the characters of a JSON string, quotes included, as UTF-8; palloc'd.
 * False if an escape stands for no character, such as half of a pair.
 */
extern bool json_text_unescape(Bytes string, Bytes *text);

#endif /* PG_OUTBOX_JSON_TEXT_H */
