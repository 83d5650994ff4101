/*-------------------------------------------------------------------------
 *
 * scan.c
 *	  Reads the words that values of options are made of.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "parser/scansup.h"

#include "scan.h"

/* Whether a byte may begin a plain identifier (scan.l, ident_start). */
static bool
starts_identifier(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
		   IS_HIGHBIT_SET(c);
}

/* Whether a byte may go on a plain identifier (scan.l, ident_cont). */
static bool
continues_identifier(unsigned char c)
{
	return starts_identifier(c) || (c >= '0' && c <= '9') || c == '$';
}

/* Reads what is in quotes, which are doubled inside; NULL if it is unclosed. */
static char *
scan_quoted(const char **cursor, char quote)
{
	StringInfoData text;
	const char *p = *cursor + 1;

	initStringInfo(&text);
	for (; *p != '\0'; p++)
	{
		if (*p == quote && *++p != quote)
		{
			*cursor = p;
			return text.data;
		}
		appendStringInfoChar(&text, *p);
	}
	return NULL;
}

/* Reads an identifier in double quotes; one that is empty is none. */
static char *
scan_quoted_identifier(const char **cursor)
{
	const char *p = *cursor;
	char *name = scan_quoted(&p, '"');

	if (name == NULL || *name == '\0')
		return NULL;
	name[pg_mbcliplen(name, strlen(name), NAMEDATALEN - 1)] = '\0';
	*cursor = p;
	return name;
}

/* Reads the bytes of a plain identifier, folded. */
static char *
scan_plain(const char **cursor)
{
	const char *start = *cursor;
	const char *p = start;

	while (continues_identifier(*p))
		p++;
	if (p == start)
		return NULL;
	*cursor = p;
	return downcase_truncate_identifier(start, p - start, false);
}

void
scan_space(const char **cursor)
{
	while (scanner_isspace(**cursor))
		(*cursor)++;
}

bool
scan_symbol(const char **cursor, char symbol)
{
	const char *p = *cursor;

	scan_space(&p);
	if (*p != symbol)
		return false;
	p++;
	scan_space(&p);
	*cursor = p;
	return true;
}

char *
scan_identifier(const char **cursor)
{
	if (**cursor == '"')
		return scan_quoted_identifier(cursor);
	return starts_identifier(**cursor) ? scan_plain(cursor) : NULL;
}

char *
scan_identifier_part(const char **cursor)
{
	return **cursor == '"' ? scan_quoted_identifier(cursor)
						   : scan_plain(cursor);
}

bool
scan_keyword(const char **cursor, const char *word)
{
	const char *p = *cursor;
	size_t len = strlen(word);

	scan_space(&p);
	if (pg_strncasecmp(p, word, len) != 0 || continues_identifier(p[len]))
		return false;
	p += len;
	scan_space(&p);
	*cursor = p;
	return true;
}

char *
scan_text(const char **cursor)
{
	return **cursor == '\'' ? scan_quoted(cursor, '\'') : NULL;
}

List *
scan_alternatives(const char **cursor, char end)
{
	const char *p = *cursor;
	List *names = NIL;

	do
	{
		char *name;

		scan_space(&p);
		name = scan_identifier(&p);
		if (name == NULL)
			return NIL;
		names = lappend(names, name);
	} while (scan_symbol(&p, '|'));

	scan_space(&p);
	if (*p != end)
		return NIL;
	*cursor = p;
	return names;
}

/* Reads over quotes or one other character; false if quotes are not closed. */
static bool
skip_one(const char **cursor)
{
	if (**cursor == '\'' || **cursor == '"')
		return scan_quoted(cursor, **cursor) != NULL;
	(*cursor)++;
	return true;
}

char *
scan_bare_value(const char **cursor)
{
	const char *start = *cursor;
	const char *p = start;
	const char *end;
	int depth = 0;

	while (*p != '\0' && (depth > 0 || (*p != ',' && *p != ')')))
	{
		depth += *p == '(' ? 1 : *p == ')' ? -1 : 0;
		if (!skip_one(&p))
			return NULL;
	}
	if (*p == '\0')
		return NULL;
	*cursor = p;
	for (end = p; end > start && scanner_isspace(end[-1]); end--)
		;
	return pnstrdup(start, end - start);
}
