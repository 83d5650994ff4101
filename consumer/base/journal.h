/*-------------------------------------------------------------------------
 *
 * base/journal.h
 *	  The last warnings and errors, kept for those who look at the relay later.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_BASE_JOURNAL_H
#define PG_OUTBOX_BASE_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

/* Entries that are kept, and the bytes of each. */
#define JOURNAL_ENTRIES 20
#define JOURNAL_TEXT 512

typedef struct JournalEntry
{
	int64_t time_ms; /* since the epoch */
	int level;       /* a LogLevel */
	char text[JOURNAL_TEXT];
} JournalEntry;

/* Adds an entry; the oldest one goes.  The text is cut at its size. */
extern void journal_add(int level, int64_t time_ms, const char *text,
						size_t len);

/* The entries, from 0 (the youngest) on; NULL behind the last. */
extern const JournalEntry *journal_at(size_t i);

#endif /* PG_OUTBOX_BASE_JOURNAL_H */
