/*-------------------------------------------------------------------------
 *
 * identifier.c
 *	  Reads SQL identifiers in the values of options.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "parser/scansup.h"

#include "identifier.h"

/* Tells whether a byte may begin a plain identifier (scan.l, ident_start). */
static bool
starts_identifier(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
		   IS_HIGHBIT_SET(c);
}

/* Tells whether a byte may go on a plain identifier (scan.l, ident_cont). */
static bool
continues_identifier(unsigned char c)
{
	return starts_identifier(c) || (c >= '0' && c <= '9') || c == '$';
}

/* Reads the rest of a quoted identifier, or returns NULL if it is unclosed. */
static char *
scan_quoted(const char **cursor)
{
	StringInfoData name;
	const char *p = *cursor + 1;

	initStringInfo(&name);
	while (*p != '\0')
	{
		if (*p == '"' && *++p != '"')
			break;
		appendStringInfoChar(&name, *p++);
	}
	if (name.len == 0 || p[-1] != '"')
		return NULL;

	name.data[pg_mbcliplen(name.data, name.len, NAMEDATALEN - 1)] = '\0';
	*cursor = p;
	return name.data;
}

void
skip_space(const char **cursor)
{
	while (scanner_isspace(**cursor))
		(*cursor)++;
}

char *
scan_identifier(const char **cursor)
{
	const char *start = *cursor;
	const char *p = start;

	if (*p == '"')
		return scan_quoted(cursor);
	if (!starts_identifier(*p))
		return NULL;
	while (continues_identifier(*p))
		p++;
	*cursor = p;
	return downcase_truncate_identifier(start, p - start, false);
}
