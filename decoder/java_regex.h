/*-------------------------------------------------------------------------
 *
 * java_regex.h
 *	  Translates Java's regular expressions to PostgreSQL's.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_JAVA_REGEX_H
#define PG_OUTBOX_JAVA_REGEX_H

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

/* A translated expression. */
typedef struct JavaRegex
{
	StringInfoData pattern; /* an ARE that matches whole values only */
	bool ignore_case;
	List *groups; /* names of the capturing groups, in order; "" = none */
} JavaRegex;

/*
 * Translates a regular expression, palloc'd.  Raises an ERROR that names
 * option "route_regex" if it uses what has no counterpart; what is merely
 * malformed is left to the compiler of the result.
 */
extern void java_regex_translate(JavaRegex *regex, const char *source);

/* The number of the group with that name, from 1; 0 if there is none. */
extern int java_regex_group(const JavaRegex *regex, const char *name, int len);

#endif /* PG_OUTBOX_JAVA_REGEX_H */
