/*-------------------------------------------------------------------------
 *
 * audit/progress.h
 *	  A line on the terminal that says how far a long command is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_AUDIT_PROGRESS_H
#define PG_OUTBOX_AUDIT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Progress
{
	bool is_shown; /* standard error is a terminal */
	int64_t next_ms;
	const char *what; /* "rows", "records" */
	uint64_t total;   /* 0: not known */
} Progress;

/* Begins with something else. */
extern void progress_begin(Progress *progress, const char *what,
						   uint64_t total);

/* So much is done: shows it a few times a second. */
extern void progress_show(Progress *progress, uint64_t done);

/* Takes the line away. */
extern void progress_end(Progress *progress);

#endif /* PG_OUTBOX_AUDIT_PROGRESS_H */
