/*-------------------------------------------------------------------------
 *
 * audit/words.h
 *	  Reads the words that the decoder's options are made of.
 *
 * The rules are those of decoder/scan.c, which reads the same text in the
 * server; an option that it refuses never published anything, so what is read
 * here need only be right where that one takes it.  All functions move *cursor
 * behind what they read, and leave it where it is if there is no such word.
 * What they return is the caller's to free.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_AUDIT_WORDS_H
#define PG_OUTBOX_AUDIT_WORDS_H

#include <stdbool.h>

/* Moves *cursor over white space. */
extern void words_space(const char **cursor);

/* Reads one character, with white space before and behind it. */
extern bool words_symbol(const char **cursor, char symbol);

/* Reads a word in any case, with white space before and behind it. */
extern bool words_keyword(const char **cursor, const char *word);

/*
 * Reads an identifier, plain (folded to lower case) or in double quotes, cut at
 * 63 bytes as PostgreSQL does; NULL if there is none.
 */
extern char *words_identifier(const char **cursor);

/* Reads text in single quotes, which are doubled inside; NULL: there is none.
 */
extern char *words_text(const char **cursor);

/*
 * Reads a name with * in it as a pattern of LIKE, all else escaped with
 * backslashes; NULL if there is none.
 */
extern char *words_pattern(const char **cursor);

/*
 * Reads up to a comma or a closing parenthesis that is not in quotes or
 * parentheses; NULL if there is neither.
 */
extern char *words_bare_value(const char **cursor);

#endif /* PG_OUTBOX_AUDIT_WORDS_H */
