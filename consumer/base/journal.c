/*-------------------------------------------------------------------------
 *
 * base/journal.c
 *	  The last warnings and errors.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "base/journal.h"

static JournalEntry entries[JOURNAL_ENTRIES];
static size_t added; /* in all; the last is at added - 1 */

void
journal_add(int level, int64_t time_ms, const char *text, size_t len)
{
	JournalEntry *entry = &entries[added++ % JOURNAL_ENTRIES];

	if (len >= sizeof(entry->text))
	{
		len = sizeof(entry->text) - 1;
		/* Not within a character of UTF-8. */
		while (len > 0 && ((unsigned char) text[len] & 0xC0) == 0x80)
			len--;
	}
	memcpy(entry->text, text, len);
	entry->text[len] = '\0';
	entry->time_ms = time_ms;
	entry->level = level;
}

const JournalEntry *
journal_at(size_t i)
{
	if (i >= added || i >= JOURNAL_ENTRIES)
		return NULL;
	return &entries[(added - 1 - i) % JOURNAL_ENTRIES];
}
