/*-------------------------------------------------------------------------
 *
 * audit/report.h
 *	  What an audit found, for people or as JSON.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_AUDIT_REPORT_H
#define PG_OUTBOX_AUDIT_REPORT_H

#include "audit/state.h"

typedef struct AuditReport
{
	bool json;
	uint64_t missing; /* that were printed, or left out */
} AuditReport;

/* Prints a row that is missing; for people, not all of very many. */
extern void audit_report_missing(AuditReport *report, const AuditTable *table,
								 const AuditRow *row);

/* Prints everything else, once all is counted. */
extern void audit_report_all(AuditReport *report, const Audit *audit);

#endif /* PG_OUTBOX_AUDIT_REPORT_H */
