/*-------------------------------------------------------------------------
 *
 * identifier.h
 *	  Reads SQL identifiers in the values of options.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_IDENTIFIER_H
#define PG_OUTBOX_IDENTIFIER_H

/* Moves *cursor over white space. */
extern void skip_space(const char **cursor);

/*
 * Reads one identifier at *cursor, plain (folded to lower case) or in double
 * quotes, as SQL does, and moves *cursor behind it.  Returns it palloc'd and
 * cut to NAMEDATALEN - 1 bytes as names in the catalog are, or NULL if there
 * is no identifier.
 */
extern char *scan_identifier(const char **cursor);

#endif /* PG_OUTBOX_IDENTIFIER_H */
