/*-------------------------------------------------------------------------
 *
 * scan.h
 *	  Reads the words that values of options are made of.
 *
 * All of them move *cursor behind what they read, and leave it where it is if
 * there is no such word.  Quoting is the same everywhere: identifiers as in
 * SQL, text in single quotes that are doubled inside.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_SCAN_H
#define PG_OUTBOX_SCAN_H

#include "nodes/pg_list.h"

/* Moves *cursor over white space. */
extern void scan_space(const char **cursor);

/* Reads one character, with white space before and behind it. */
extern bool scan_symbol(const char **cursor, char symbol);

/*
 * Reads one identifier, plain (folded to lower case) or in double quotes, as
 * SQL does.  Returns it palloc'd and cut to NAMEDATALEN - 1 bytes as names in
 * the catalog are, or NULL.
 */
extern char *scan_identifier(const char **cursor);

/*
 * Reads a part of an identifier where it may be made of several: what is in
 * double quotes as it is, else the bytes that a plain identifier may go on
 * with, folded.  Returns it palloc'd, or NULL.
 */
extern char *scan_identifier_part(const char **cursor);

/* Reads a plain identifier if it is this word in any case. */
extern bool scan_keyword(const char **cursor, const char *word);

/* Reads a text in single quotes.  Returns it palloc'd, or NULL. */
extern char *scan_text(const char **cursor);

/*
 * Reads identifiers separated by |, up to the end of the value or the given
 * character.  Returns a list of char *, or NIL.
 */
extern List *scan_alternatives(const char **cursor, char end);

/*
 * Reads up to a comma or closing parenthesis that stands in no quotes and no
 * parentheses, without white space around.  Returns it palloc'd, or NULL if a
 * quote or parenthesis is not closed.
 */
extern char *scan_bare_value(const char **cursor);

#endif /* PG_OUTBOX_SCAN_H */
