/*-------------------------------------------------------------------------
 *
 * pattern.h
 *	  A name with * in it, which stands for any characters.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_PATTERN_H
#define PG_OUTBOX_PATTERN_H

#include "nodes/pg_list.h"

typedef struct Pattern
{
	List *pieces; /* char *: what stands before, between and behind the * */
} Pattern;

/*
 * Reads a pattern and moves *cursor behind it: identifiers and * without space
 * between them; a * in double quotes is a character like others.  Returns it
 * palloc'd, or NULL if there is none.
 */
extern Pattern *pattern_scan(const char **cursor);

/* Returns the name that a pattern without * is, or NULL. */
extern const char *pattern_name(const Pattern *pattern);

/* Whether a name is one that the pattern stands for. */
extern bool pattern_matches(const Pattern *pattern, const char *name);

#endif /* PG_OUTBOX_PATTERN_H */
