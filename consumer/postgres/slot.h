/*-------------------------------------------------------------------------
 *
 * postgres/slot.h
 *	  The replication slot: what it is now, and the command that creates one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_POSTGRES_SLOT_H
#define PG_OUTBOX_POSTGRES_SLOT_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "postgres/error.h"

/* Room for a command on a slot: a slot's name is at most 63 bytes. */
#define PGSLOT_COMMAND_LENGTH 160

/* Room for the query that looks at a slot. */
#define PGSLOT_QUERY_LENGTH 2000

typedef enum PgSlotKind
{
	PG_SLOT_PERMANENT,
	PG_SLOT_FAILOVER, /* synchronized to standbys; PostgreSQL 17 and later */
	PG_SLOT_TEMPORARY /* goes with the connection */
} PgSlotKind;

/* What the server says of a slot, and of itself; all text is the result's. */
typedef struct PgSlot
{
	bool exists;
	bool is_logical;
	bool is_complete;       /* false while somebody is creating it */
	bool is_temporary;      /* of one session, which has it until its end */
	bool is_failover;       /* 17 and later */
	bool is_synced;         /* from a primary: nobody can stream from it */
	const char *plugin;     /* empty: none */
	const char *database;   /* empty: none */
	const char *active_pid; /* who has it; empty: nobody */
	const char *position;   /* confirmed; empty: none yet */
	const char *wal_status; /* reserved, ..., lost; empty: none yet */
	const char *reason;     /* why it was invalidated; empty: not known */
	const char *connected;  /* the database of the connection */
	const char *libraries;  /* output_plugin_libraries; NULL: may not see */
	const char *wal_level;
	bool raises_wal_level;     /* with the first slot; 19 and later */
	int64_t sender_timeout_ms; /* wal_sender_timeout; 0: none */
	int64_t free_ms; /* nobody has had it for so long; 0: not known, 13 to 16 */
	bool server_is_standby;
} PgSlot;

/* Writes the replication command that creates a slot for our decoder. */
extern void pgslot_create_command(const char *slot, PgSlotKind kind,
								  char command[PGSLOT_COMMAND_LENGTH]);

/*
 * Writes the query that looks at a slot, and reads its result, which has to
 * outlive what is read; false if it is not one of that query.  It needs no
 * parameters, so that a replication connection takes it, and no right.
 */
extern void pgslot_look_query(const char *slot,
							  char query[PGSLOT_QUERY_LENGTH]);
extern bool pgslot_read(const PGresult *result, PgSlot *found);

/*
 * Tells why one cannot stream from a slot that does not exist: what that means,
 * and in err what to do.
 */
extern PgErrorClass pgslot_missing(const PgSlot *found, const char *slot,
								   Error *err);

/*
 * Tells whether one can stream from a slot that exists.  If not, what that
 * means, and in err what it is and what to do.
 */
extern bool pgslot_is_ready(const PgSlot *found, const char *slot,
							PgErrorClass *error_class, Error *err);

/* The same of what is not its present use: whether it is one of ours. */
extern bool pgslot_is_ours(const PgSlot *found, const char *slot,
						   PgErrorClass *error_class, Error *err);

#endif /* PG_OUTBOX_POSTGRES_SLOT_H */
