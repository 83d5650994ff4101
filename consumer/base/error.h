/*-------------------------------------------------------------------------
 *
 * base/error.h
 *	  One error, one line: what happened, where, what to do.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_BASE_ERROR_H
#define PG_OUTBOX_BASE_ERROR_H

#include <stdbool.h>

/* The text of an error: no line feed, no prefix, cut at the buffer's size. */
typedef struct Error
{
	char text[1024];
} Error;

/*
 * Writes the text of an error and returns false, so that a function can end
 * with "return error_set(err, ...)".  Control characters, as line feeds and
 * tabs, become spaces, one for several in a row.
 */
extern bool error_set(Error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* PG_OUTBOX_BASE_ERROR_H */
