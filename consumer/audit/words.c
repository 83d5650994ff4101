/*-------------------------------------------------------------------------
 *
 * audit/words.c
 *	  Reads the words that the decoder's options are made of.
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "audit/words.h"
#include "base/memory.h"

/* The longest identifier, in bytes (NAMEDATALEN - 1). */
#define MAX_IDENTIFIER 63

/* Tells whether a byte may begin a plain identifier (scan.l, ident_start). */
static bool
starts_identifier(char c)
{
	return isalpha((unsigned char) c) || c == '_' || (unsigned char) c >= 0x80;
}

/* Tells whether a byte may go on a plain identifier (scan.l, ident_cont). */
static bool
continues_identifier(char c)
{
	return starts_identifier(c) || isdigit((unsigned char) c) || c == '$';
}

/* Cuts a name at a whole character, as PostgreSQL does. */
static char *
cut_identifier(char *name)
{
	size_t len = strlen(name);

	if (len > MAX_IDENTIFIER)
	{
		len = MAX_IDENTIFIER;
		while (len > 0 && ((unsigned char) name[len] & 0xC0) == 0x80)
			len--;
		name[len] = '\0';
	}
	return name;
}

/* Reads what is in quotes, which are doubled inside; NULL if it is unclosed. */
static char *
read_quoted(const char **cursor, char quote)
{
	const char *p = *cursor + 1;
	char *text = xmalloc(strlen(p) + 1);
	size_t len = 0;

	for (; *p != '\0'; p++)
	{
		if (*p == quote && *++p != quote)
		{
			text[len] = '\0';
			*cursor = p;
			return text;
		}
		text[len++] = *p;
	}
	free(text);
	return NULL;
}

/* Reads an identifier in double quotes; one that is empty is none. */
static char *
read_quoted_identifier(const char **cursor)
{
	const char *p = *cursor;
	char *name = read_quoted(&p, '"');

	if (name == NULL || *name == '\0')
	{
		free(name);
		return NULL;
	}
	*cursor = p;
	return cut_identifier(name);
}

/* Reads the bytes of a plain identifier, folded; NULL if there are none. */
static char *
read_plain(const char **cursor)
{
	const char *p = *cursor;
	char *name;

	while (continues_identifier(*p))
		p++;
	if (p == *cursor)
		return NULL;
	name = xmalloc((size_t) (p - *cursor) + 1);
	for (size_t i = 0; *cursor + i < p; i++)
	{
		char c = (*cursor)[i];

		name[i] = c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
	}
	name[p - *cursor] = '\0';
	*cursor = p;
	return cut_identifier(name);
}

void
words_space(const char **cursor)
{
	while (**cursor != '\0' && strchr(" \t\n\r\f", **cursor) != NULL)
		(*cursor)++;
}

bool
words_symbol(const char **cursor, char symbol)
{
	const char *p = *cursor;

	words_space(&p);
	if (*p != symbol)
		return false;
	p++;
	words_space(&p);
	*cursor = p;
	return true;
}

bool
words_keyword(const char **cursor, const char *word)
{
	const char *p = *cursor;
	size_t len = strlen(word);

	words_space(&p);
	if (strncasecmp(p, word, len) != 0 || continues_identifier(p[len]))
		return false;
	p += len;
	words_space(&p);
	*cursor = p;
	return true;
}

char *
words_identifier(const char **cursor)
{
	if (**cursor == '"')
		return read_quoted_identifier(cursor);
	return starts_identifier(**cursor) ? read_plain(cursor) : NULL;
}

char *
words_text(const char **cursor)
{
	return **cursor == '\'' ? read_quoted(cursor, '\'') : NULL;
}

/* Appends a part of a name, in which nothing is a wildcard. */
static void
append_escaped(FILE *out, const char *part)
{
	for (; *part != '\0'; part++)
	{
		if (strchr("%_\\", *part) != NULL)
			fputc('\\', out);
		fputc(*part, out);
	}
}

char *
words_pattern(const char **cursor)
{
	const char *start = *cursor;
	char *pattern = NULL;
	size_t size;
	FILE *out = open_memstream(&pattern, &size);

	if (out == NULL)
		xalloc_failed();
	for (;;)
	{
		char *part;

		if (**cursor == '*')
		{
			fputc('%', out);
			(*cursor)++;
			continue;
		}
		/* As in SQL, a name does not begin with a digit. */
		if (**cursor != '"' && *cursor != start)
			part = read_plain(cursor);
		else
			part = words_identifier(cursor);
		if (part == NULL)
			break;
		append_escaped(out, part);
		free(part);
	}
	fclose(out);
	if (*cursor != start)
		return pattern;
	free(pattern);
	return NULL;
}

/* Reads over quotes or one other character; false if quotes are not closed. */
static bool
skip_one(const char **cursor)
{
	char *quoted;

	if (**cursor != '\'' && **cursor != '"')
	{
		(*cursor)++;
		return true;
	}
	quoted = read_quoted(cursor, **cursor);
	free(quoted);
	return quoted != NULL;
}

char *
words_bare_value(const char **cursor)
{
	const char *p = *cursor;
	const char *end;
	char *value;
	int depth = 0;

	while (*p != '\0' && (depth > 0 || (*p != ',' && *p != ')')))
	{
		depth += *p == '(' ? 1 : *p == ')' ? -1 : 0;
		if (!skip_one(&p))
			return NULL;
	}
	if (*p == '\0')
		return NULL;
	end = p;
	while (end > *cursor && strchr(" \t\n\r\f", end[-1]) != NULL)
		end--;
	value = strndup(*cursor, (size_t) (end - *cursor));
	if (value == NULL)
		xalloc_failed();
	*cursor = p;
	return value;
}
