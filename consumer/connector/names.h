/*-------------------------------------------------------------------------
 *
 * connector/names.h
 *	  Names and texts as the decoder's options have them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CONNECTOR_NAMES_H
#define PG_OUTBOX_CONNECTOR_NAMES_H

#include <stdbool.h>

/*
 * The name of a column, schema or table that stands for exactly itself, in
 * quotes if it needs them (decoder/scan.c).  The caller frees it.
 */
extern char *name_quote(const char *name);

/* The same of a name behind a colon, which is not folded. */
extern char *name_quote_alias(const char *alias);

/* A text in single quotes.  The caller frees it. */
extern char *name_quote_text(const char *text);

/* Formats a text; the caller frees it. */
extern char *name_format(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

#endif /* PG_OUTBOX_CONNECTOR_NAMES_H */
