/*-------------------------------------------------------------------------
 *
 * postgres/timeline.c
 *	  Timeline history files.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "postgres/timeline.h"

/* What separates the columns; PostgreSQL writes tabs. */
#define BLANKS " \t\r"

/* Reads "TLI LSN …" of one line. */
static bool
read_entry(const char *line, size_t len, uint32_t *timeline, Lsn *end)
{
	const char *lsn;
	char *behind;
	unsigned long number;

	errno = 0;
	number = strtoul(line, &behind, 10);
	if (behind == line || errno != 0 || number == 0 || number > UINT32_MAX ||
		behind >= line + len || strchr(BLANKS, *behind) == NULL)
		return false;
	*timeline = (uint32_t) number;
	lsn = behind + strspn(behind, BLANKS);
	return lsn < line + len && lsn_parse(lsn, strcspn(lsn, BLANKS "\n"), end);
}

TimelineResult
timeline_find_end(const char *history, uint32_t timeline, Lsn *end)
{
	uint32_t previous = 0;
	TimelineResult result = TIMELINE_ABSENT;

	while (*history != '\0')
	{
		size_t len = strcspn(history, "\n");
		const char *line = history + strspn(history, BLANKS);
		uint32_t entry;
		Lsn entry_end;

		if (line < history + len && *line != '#')
		{
			if (!read_entry(line, len - (size_t) (line - history), &entry,
							&entry_end) ||
				entry <= previous)
				return TIMELINE_BROKEN;
			previous = entry;
			if (entry == timeline)
			{
				*end = entry_end;
				result = TIMELINE_ENDED;
			}
		}
		history += len + (history[len] == '\n');
	}
	return result;
}
