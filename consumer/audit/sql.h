/*-------------------------------------------------------------------------
 *
 * audit/sql.h
 *	  The decoder's options as SQL over the columns of a table.
 *
 * What is written computes of a row what the decoder makes of it.  It is for a
 * session with the relay's settings and standard_conforming_strings = on, and
 * holds no names but quoted ones, so that no option can do anything else.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_AUDIT_SQL_H
#define PG_OUTBOX_AUDIT_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"

typedef struct AuditColumn
{
	char *name;
	char *type; /* in pg_catalog, of domains the one they are over */
} AuditColumn;

/* The columns of a table. */
typedef struct AuditColumns
{
	const char *table; /* schema.table, for people */
	const char *schema_name;
	const char *table_name;
	AuditColumn *items;
	size_t count;
} AuditColumns;

/* Writes a name, or text, in quotes. */
extern void audit_sql_name(FILE *out, const char *name);
extern void audit_sql_text(FILE *out, const char *text);

/*
 * The column that a|b stands for, the first that the table has; NULL, with the
 * reason in err, if the list cannot be read or the table has none.
 */
extern const AuditColumn *audit_sql_find(const char *option, const char *value,
										 const AuditColumns *columns,
										 Error *err);

/*
 * Writes a column's value as the decoder writes it into topics, keys and
 * headers.  False, with the reason in err, for times, which it writes in a form
 * of its own.
 */
extern bool audit_sql_value(FILE *out, const char *option,
							const AuditColumn *column,
							const AuditColumns *columns, Error *err);

/* Writes text with ${column} in it; NULL where a column is. */
extern bool audit_sql_template(FILE *out, const char *option, const char *value,
							   const AuditColumns *columns, Error *err);

/*
 * Writes the topic that the Event Router's options make of a column: of any
 * replacement, where the expression is the default or one that takes all.
 * False, with the reason in err, for others.
 */
extern bool audit_sql_route(FILE *out, const char *route_by, const char *regex,
							const char *replacement,
							const AuditColumns *columns, Error *err);

/* Writes the condition of option "where". */
extern bool audit_sql_condition(FILE *out, const char *value, Error *err);

/*
 * The header that holds the column of an id, from option "headers"; false, with
 * the reason in err, if there is none.  The caller frees it.
 */
extern bool audit_sql_header(const char *headers, const char *id, char **header,
							 Error *err);

#endif /* PG_OUTBOX_AUDIT_SQL_H */
