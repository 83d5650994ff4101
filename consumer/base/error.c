/*-------------------------------------------------------------------------
 *
 * base/error.c
 *	  One error, one line.
 *
 *-------------------------------------------------------------------------
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

bool
error_set(Error *err, const char *format, ...)
{
	char text[sizeof(err->text)];
	va_list args;

	/* Not in place: the arguments may be the present text. */
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (char *p = text; *p != '\0'; p++)
	{
		if (*p == '\n' || *p == '\r')
			*p = ' ';
	}
	memcpy(err->text, text, sizeof(text));
	return false;
}
