/*-------------------------------------------------------------------------
 *
 * postgres/timeline.h
 *	  Timeline history files: which timelines a server's history had before
 *	  the present one, and where each ended.
 *
 * Format and rules are those of readTimeLineHistory() in PostgreSQL's
 * timeline.c: a line each, "parent TLI, LSN of the switch, reason"; the
 * timelines ascend.  The server of timeline 1 has no such file.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_POSTGRES_TIMELINE_H
#define PG_OUTBOX_POSTGRES_TIMELINE_H

#include <stdint.h>

#include "base/lsn.h"

typedef enum TimelineResult
{
	TIMELINE_ENDED,  /* it is part of the history and ended at *end */
	TIMELINE_ABSENT, /* the history does not have it */
	TIMELINE_BROKEN  /* this is no history file */
} TimelineResult;

/*
 * Finds where a timeline ended in the text of a history file, which is that of
 * a later one.
 */
extern TimelineResult timeline_find_end(const char *history, uint32_t timeline,
										Lsn *end);

#endif /* PG_OUTBOX_POSTGRES_TIMELINE_H */
