/*-------------------------------------------------------------------------
 *
 * audit/notes.h
 *	  What has to be known to read the counts of an audit.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_AUDIT_NOTES_H
#define PG_OUTBOX_AUDIT_NOTES_H

#include <stddef.h>

#include "audit/state.h"

typedef struct AuditNotes
{
	char **items; /* sentences, each in one line */
	size_t count;
} AuditNotes;

/* Collects them; to be freed. */
extern void audit_notes_collect(AuditNotes *notes, const Audit *audit);
extern void audit_notes_free(AuditNotes *notes);

#endif /* PG_OUTBOX_AUDIT_NOTES_H */
