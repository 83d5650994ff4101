/*-------------------------------------------------------------------------
 *
 * audit/judge.h
 *	  The second half: what has become of rows that were not found.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_AUDIT_JUDGE_H
#define PG_OUTBOX_AUDIT_JUDGE_H

#include "audit/state.h"

/* Is called for each row that is missing; its bytes are then forgotten. */
typedef void (*AuditMissingTaker)(void *argument, const AuditTable *table,
								  const AuditRow *row);

/*
 * Counts what was found, and reads the rows again to tell of those that were
 * not what has become of them, since only a row says which topic it goes to.
 */
extern bool audit_judge(Audit *audit, AuditMissingTaker taker, void *argument,
						int *status, Error *err);

#endif /* PG_OUTBOX_AUDIT_JUDGE_H */
