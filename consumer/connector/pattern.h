/*-------------------------------------------------------------------------
 *
 * connector/pattern.h
 *	  Regular expressions for names of tables, as patterns of option "tables".
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CONNECTOR_PATTERN_H
#define PG_OUTBOX_CONNECTOR_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

/* What an expression was made of. */
typedef struct Pattern
{
	char *entry;     /* of option "tables"; NULL: it cannot be one */
	char *literal;   /* schema.table without quotes; NULL: it has a * */
	bool is_wider;   /* the pattern matches more than the expression */
	bool has_schema; /* a dot in it separates schema and table */
	bool has_upper;  /* an upper-case letter, which may not be one there */
} Pattern;

typedef struct PatternList
{
	Pattern *items;
	size_t count;
	size_t tried; /* expressions without groups, also those that are the same */
} PatternList;

/*
 * Adds what a comma list of Java's regular expressions stands for; groups of
 * alternatives become entries of their own.
 */
extern void pattern_read(const char *list, PatternList *patterns);
extern void pattern_list_free(PatternList *patterns);

#endif /* PG_OUTBOX_CONNECTOR_PATTERN_H */
