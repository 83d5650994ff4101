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

unsigned
hosts_count(const char *list)
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

	for (unsigned i = first % hosts_count(list); i > 0; i--)
		begin = strchr(begin, ',') + 1;
	if (begin == list)
		snprintf(rotated, size, "%s", list);
	else
		snprintf(rotated, size, "%s,%.*s", begin, (int) (begin - list - 1),
				 list);
	return rotated;
}

char *
hosts_repeat(const char *item, unsigned count)
{
	size_t len = strlen(item);
	char *list = xmalloc(count * (len + 1) + 1);
	char *end = list;

	for (unsigned i = 0; i < count; i++)
		end += snprintf(end, len + 2, "%s%s", i > 0 ? "," : "", item);
	return list;
}
