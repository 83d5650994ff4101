/*-------------------------------------------------------------------------
 *
 * base/error.c
 *	  One error, one line.
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

/*
 * Puts a space in the place of line feeds, tabs and other control characters,
 * one for several in a row, and none at the end.
 */
static void
make_one_line(char *text)
{
	char *end = text;
	bool pending = false;

	for (; *text != '\0'; text++)
	{
		if (iscntrl((unsigned char) *text))
		{
			pending = true;
			continue;
		}
		if (pending && end[-1] != ' ' && *text != ' ')
			*end++ = ' ';
		pending = false;
		*end++ = *text;
	}
	*end = '\0';
}

bool
error_set(Error *err, const char *format, ...)
{
	char text[sizeof(err->text) + 1] = " ";
	va_list args;

	/* Not in place: the arguments may be the present text. */
	va_start(args, format);
	vsnprintf(text + 1, sizeof(text) - 1, format, args);
	va_end(args);
	make_one_line(text + 1);
	utf8_clean(text + 1);
	memcpy(err->text, text + 1, sizeof(err->text));
	return false;
}
