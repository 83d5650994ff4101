/*-------------------------------------------------------------------------
 *
 * audit/state.h
 *	  What an audit knows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_AUDIT_STATE_H
#define PG_OUTBOX_AUDIT_STATE_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "audit/ids.h"
#include "audit/place.h"
#include "audit/progress.h"
#include "audit/rows.h"
#include "audit/slot.h"
#include "audit/tables.h"
#include "audit/topics.h"

typedef struct AuditCounts
{
	uint64_t rows; /* that are events; each is in one of these: */
	uint64_t once;
	uint64_t repeated;
	uint64_t dead_letters; /* in their topic alone */
	uint64_t pending;
	uint64_t not_kept;
	uint64_t missing;
	uint64_t deleted;   /* not found, and no row any more */
	uint64_t shared;    /* the id is that of another row, too */
	uint64_t no_id;     /* the id is NULL */
	uint64_t no_events; /* beside them: option "where" */

	uint64_t records;  /* in topics of events; of them: */
	uint64_t again;    /* of an id that came before */
	uint64_t replayed; /* of these, by outbox.replay() */
	uint64_t tombstones;
	uint64_t in_no_row;
	uint64_t without_header;
	uint64_t dead_records; /* in the topic of dead letters */
	uint64_t dead_without_header;
} AuditCounts;

typedef struct Audit
{
	const Config *config;
	PGconn *conn;
	AuditWindow window;
	bool has_window;
	int64_t since_ms;
	AuditTables tables;
	AuditTopics topics;
	AuditPlace place;
	AuditIds ids;
	AuditSlot slot;
	Lsn snapshot; /* all rows are of commits before */
	Lsn confirmed;
	AuditCounts counts;
	/* The smallest of a record's time less its row's, in s. */
	int64_t difference_s;
	bool has_difference;
} Audit;

#endif /* PG_OUTBOX_AUDIT_STATE_H */
