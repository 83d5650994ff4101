/*-------------------------------------------------------------------------
 *
 * base/memory.c
 *	  Allocates memory, or ends the process.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/memory.h"

void
xalloc_failed(void)
{
	fputs("pg_outbox: out of memory; nothing is lost, restart it\n", stderr);
	_Exit(EXIT_FAILED);
}

/* Lets a pointer through unless it is NULL. */
static void *
check(void *pointer)
{
	if (pointer == NULL)
		xalloc_failed();
	return pointer;
}

void *
xmalloc(size_t size)
{
	return check(malloc(size));
}

void *
xcalloc(size_t count, size_t size)
{
	return check(calloc(count, size));
}

void *
xrealloc(void *pointer, size_t size)
{
	return check(realloc(pointer, size));
}

char *
xstrdup(const char *text)
{
	return check(strdup(text));
}
