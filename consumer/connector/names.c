/*-------------------------------------------------------------------------
 *
 * connector/names.c
 *	  Names and texts as the decoder's options have them.
 *
 *-------------------------------------------------------------------------
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "connector/names.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz_"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* A text in quotes, which are doubled inside. */
static char *
quote(const char *text, char mark)
{
	char *quoted = xmalloc(2 * strlen(text) + 3);
	char *p = quoted;

	*p++ = mark;
	for (; *text != '\0'; text++)
	{
		if (*text == mark)
			*p++ = mark;
		*p++ = *text;
	}
	*p++ = mark;
	*p = '\0';
	return quoted;
}

char *
name_quote(const char *name)
{
	if (*name != '\0' && strchr(LOWER, *name) != NULL &&
		strspn(name, LOWER DIGITS) == strlen(name))
		return xstrdup(name);
	return quote(name, '"');
}

char *
name_quote_alias(const char *alias)
{
	if (*alias != '\0' &&
		strspn(alias, LOWER UPPER DIGITS ".-") == strlen(alias))
		return xstrdup(alias);
	return quote(alias, '"');
}

char *
name_quote_text(const char *text)
{
	return quote(text, '\'');
}

char *
name_format(const char *format, ...)
{
	char *text = NULL;
	va_list args;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0)
		xalloc_failed();
	return text;
}
