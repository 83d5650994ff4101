/*-------------------------------------------------------------------------
 *
 * audit/collect.h
 *	  The first half: which ids there are, and what Kafka has of each.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_AUDIT_COLLECT_H
#define PG_OUTBOX_AUDIT_COLLECT_H

#include "audit/state.h"

/* Reads the ids of all rows, in one snapshot, and which topics they go to. */
extern bool audit_collect_rows(Audit *audit, int *status, Error *err);

/* Reads the topics, and notes of each id what was seen. */
extern bool audit_collect_records(Audit *audit, int *status, Error *err);

#endif /* PG_OUTBOX_AUDIT_COLLECT_H */
