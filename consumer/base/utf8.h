/*-------------------------------------------------------------------------
 *
 * base/utf8.h
 *	  Text that people and JSON parsers read.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_BASE_UTF8_H
#define PG_OUTBOX_BASE_UTF8_H

/*
 * Puts a question mark in the place of each byte that is no part of valid
 * UTF-8: of a key of raw bytes, or of a text that was cut within a character.
 */
extern void utf8_clean(char *text);

#endif /* PG_OUTBOX_BASE_UTF8_H */
