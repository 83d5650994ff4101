/*-------------------------------------------------------------------------
 *
 * pattern.c
 *	  A name with * in it, which stands for any characters.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "pattern.h"
#include "scan.h"

Pattern *
pattern_scan(const char **cursor)
{
	Pattern *pattern = palloc0(sizeof(Pattern));
	const char *start = *cursor;
	StringInfoData piece;

	initStringInfo(&piece);
	for (;;)
	{
		char *part;

		if (**cursor == '*')
		{
			pattern->pieces = lappend(pattern->pieces, pstrdup(piece.data));
			resetStringInfo(&piece);
			(*cursor)++;
			continue;
		}
		/* As in SQL, a name does not begin with a digit. */
		part = *cursor == start ? scan_identifier(cursor)
								: scan_identifier_part(cursor);
		if (part == NULL)
			break;
		appendStringInfoString(&piece, part);
	}
	if (*cursor == start)
		return NULL;
	pattern->pieces = lappend(pattern->pieces, piece.data);
	return pattern;
}

const char *
pattern_name(const Pattern *pattern)
{
	return list_length(pattern->pieces) == 1 ? linitial(pattern->pieces) : NULL;
}

bool
pattern_matches(const Pattern *pattern, const char *name)
{
	const char *first = linitial(pattern->pieces);
	const char *last = llast(pattern->pieces);
	const char *p = name + strlen(first);
	const char *end = name + strlen(name);

	if (list_length(pattern->pieces) == 1)
		return strcmp(first, name) == 0;
	if (strncmp(name, first, strlen(first)) != 0)
		return false;
	/* The leftmost place of each piece leaves the most to those behind it. */
	for (int i = 1; i < list_length(pattern->pieces) - 1; i++)
	{
		const char *piece = list_nth(pattern->pieces, i);

		p = strstr(p, piece);
		if (p == NULL)
			return false;
		p += strlen(piece);
	}
	return end - p >= strlen(last) && strcmp(end - strlen(last), last) == 0;
}
