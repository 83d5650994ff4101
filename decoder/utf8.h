/*-------------------------------------------------------------------------
 *
 * utf8.h
 *	  Text of the database's encoding as UTF-8.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_UTF8_H
#define PG_OUTBOX_UTF8_H

#include "bytes.h"

/*
 * Gives the len bytes of text as UTF-8: as they are where the database is
 * UTF-8 or they are ASCII, else converted into the current memory context.
 * False, and nothing is raised, if a character has no counterpart in UTF-8, the
 * text of a SQL_ASCII database is not UTF-8, or more than 256 MB are to be
 * converted.  What a UTF-8 database holds
 * is not verified here but with the whole line.  May look into the catalog.
 */
extern bool utf8_from_server(const char *text, int len, Bytes *utf8);

/* Whether bytes are UTF-8, without zero bytes. */
extern bool utf8_is_valid(const char *text, int len);

#endif /* PG_OUTBOX_UTF8_H */
