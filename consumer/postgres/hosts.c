/*-------------------------------------------------------------------------
 *
 * postgres/hosts.c
 *	  Lists of hosts or ports as libpq has them: one,two,three.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "postgres/hosts.h"

/* How many items a list has. */
static unsigned
count(const char *list)
{
	unsigned n = 1;

	for (; *list != '\0'; list++)
		n += *list == ',';
	return n;
}

char *
hosts_rotate(const char *list, unsigned first)
{
	const char *begin = list;
	size_t size = strlen(list) + 1;
	char *rotated = xmalloc(size);

	for (unsigned i = first % count(list); i > 0; i--)
		begin = strchr(begin, ',') + 1;
	if (begin == list)
		snprintf(rotated, size, "%s", list);
	else
		snprintf(rotated, size, "%s,%.*s", begin, (int) (begin - list - 1),
				 list);
	return rotated;
}
