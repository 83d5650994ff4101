/*-------------------------------------------------------------------------
 *
 * config/nearest.c
 *	  The known name that a misspelt one probably meant.
 *
 *-------------------------------------------------------------------------
 */
#include <stddef.h>
#include <string.h>

#include "config/nearest.h"

/* Longer names are not compared. */
#define MAX_LENGTH 64

/* Levenshtein's distance of two names of at most MAX_LENGTH bytes. */
static size_t
distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t row[MAX_LENGTH + 1];

	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++)
	{
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++)
		{
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[b_len];
}

const char *
nearest_name(const char *name, const char *const *known)
{
	size_t len = strlen(name);
	size_t best = len / 3 + 2; /* a name further away was not meant */
	const char *nearest = NULL;

	if (len > MAX_LENGTH)
		return NULL;
	for (; *known != NULL; known++)
	{
		size_t known_len = strlen(*known);
		size_t d;

		if (known_len > MAX_LENGTH)
			continue;
		d = distance(name, len, *known, known_len);
		if (d < best && d < len)
		{
			best = d;
			nearest = *known;
		}
	}
	return nearest;
}
