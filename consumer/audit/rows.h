/*-------------------------------------------------------------------------
 *
 * audit/rows.h
 *	  Reads the rows of a table, one after the other.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_AUDIT_ROWS_H
#define PG_OUTBOX_AUDIT_ROWS_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "audit/tables.h"
#include "base/lsn.h"
#include "base/slice.h"
#include "config/values.h"

/* Times as PostgreSQL reads them; NULL: no limit. */
typedef struct AuditWindow
{
	const char *since; /* from then on */
	const char *until; /* before that */
} AuditWindow;

/* A row; its bytes are valid until the next one. */
typedef struct AuditRow
{
	Slice id;    /* data is NULL: it has none */
	Slice topic; /* NULL: not known, or it has none */
	Slice key;   /* bytes of the record's; NULL: not known, or it has none */
	int64_t time_ms; /* since 1970; INT64_MIN: not known */
	bool is_event;   /* option "where" lets it be one */
} AuditRow;

typedef void (*AuditRowTaker)(void *argument, const AuditRow *row);

/* Prepares a connection: what values look like does not depend on its role. */
extern bool audit_session_begin(const Config *config, PGconn *conn, int *status,
								Error *err);

/*
 * Checks the limits; *since_ms is the first, in ms since 1970, INT64_MIN
 * without one.  False, with the reason in err.
 */
extern bool audit_window_check(const Config *config, PGconn *conn,
							   const AuditWindow *window,
							   const AuditTables *tables, int64_t *since_ms,
							   int *status, Error *err);

/*
 * Takes a snapshot, which the rows that are read are those of.  *lsn is behind
 * the commits of all transactions in it: a commit is in the WAL before it is
 * seen (xact.c, CommitTransaction), and the position is taken after the
 * snapshot.
 */
extern bool audit_snapshot_take(const Config *config, PGconn *conn, Lsn *lsn,
								int *status, Error *err);
extern bool audit_snapshot_end(const Config *config, PGconn *conn, int *status,
							   Error *err);

/* Gives each row of a table to the taker. */
extern bool audit_rows_read(const Config *config, PGconn *conn,
							const AuditTable *table, const AuditWindow *window,
							AuditRowTaker taker, void *argument, int *status,
							Error *err);

#endif /* PG_OUTBOX_AUDIT_ROWS_H */
