/*-------------------------------------------------------------------------
 *
 * base/utf8.h
 *	  Characters of UTF-8, and text that has nothing else.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_BASE_UTF8_H
#define PG_OUTBOX_BASE_UTF8_H

#include <stddef.h>

/*
 * The bytes of the character at p, one of more than one byte (RFC 3629); 0 if
 * there is none before end.
 */
extern size_t utf8_length(const unsigned char *p, const unsigned char *end);

/*
 * Puts a question mark in the place of each byte that is no part of valid
 * UTF-8: of a key of raw bytes, or of a text that was cut within a character.
 */
extern void utf8_clean(char *text);

#endif /* PG_OUTBOX_BASE_UTF8_H */
