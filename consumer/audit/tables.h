/*-------------------------------------------------------------------------
 *
 * audit/tables.h
 *	  The tables that an audit reads, and what the options make of their rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_AUDIT_TABLES_H
#define PG_OUTBOX_AUDIT_TABLES_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "config/values.h"

/* A table, with SQL over its columns; audit/sql.h says how. */
typedef struct AuditTable
{
	char *name;     /* schema.table, quoted where it has to be */
	char *excluded; /* OIDs of tables below it that are not of it: {1,2} */
	char *id;
	char *header;      /* its name */
	char *topic;       /* NULL::text where only the decoder knows */
	char *key;         /* NULL::text where there is none, or not known */
	char *where;       /* true where option "where" is not given */
	char *time;        /* a timestamptz; NULL: no column says when */
	char *time_column; /* as it is stored, for conditions */
	char *time_type;
	bool has_partition; /* option "partition" places its events */
	bool has_timestamp; /* option "timestamp" dates its events */
} AuditTable;

typedef struct AuditTables
{
	AuditTable *items;
	size_t count;
	bool has_topics;      /* of all it is known which topics they go to */
	Error topics_unknown; /* else why */
} AuditTables;

/*
 * Finds all tables of option "tables", as the decoder does.  False, with the
 * reason and the exit status, if there are none, or one cannot be audited.  To
 * be freed in either case.
 */
extern bool audit_tables_find(AuditTables *tables, const Config *config,
							  PGconn *conn, int *status, Error *err);
extern void audit_tables_free(AuditTables *tables);

#endif /* PG_OUTBOX_AUDIT_TABLES_H */
