/*-------------------------------------------------------------------------
 *
 * relay/skip.c
 *	  Events to be passed over because somebody asked for it, by position.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#include "base/memory.h"
#include "relay/skip.h"

typedef struct Wanted
{
	Position position;
	bool settled; /* an event was found, or its absence was logged */
} Wanted;

/* A few, given by hand. */
struct Skip
{
	Wanted *wanted;
	size_t n;
	size_t unsettled;
};

Skip *
skip_new(const char *list)
{
	Skip *skip = xcalloc(1, sizeof(Skip));
	Position position;

	while (list != NULL &&
		   position_list_next(&list, &position) == POSITION_LIST_ITEM)
	{
		skip->wanted = xrealloc(skip->wanted, (skip->n + 1) * sizeof(Wanted));
		skip->wanted[skip->n++] = (Wanted){position, false};
		skip->unsettled++;
	}
	return skip;
}

void
skip_free(Skip *skip)
{
	free(skip->wanted);
	free(skip);
}

/* Notes that one needs no further attention. */
static void
settle(Skip *skip, Wanted *wanted)
{
	if (!wanted->settled)
		skip->unsettled--;
	wanted->settled = true;
}

bool
skip_matches(Skip *skip, Position position)
{
	for (size_t i = 0; i < skip->n; i++)
	{
		if (position_compare(skip->wanted[i].position, position) != 0)
			continue;
		settle(skip, &skip->wanted[i]);
		return true;
	}
	return false;
}

const Position *
skip_missed(Skip *skip, Position reached)
{
	for (size_t i = 0; skip->unsettled > 0 && i < skip->n; i++)
	{
		Wanted *wanted = &skip->wanted[i];

		if (wanted->settled || position_compare(wanted->position, reached) >= 0)
			continue;
		settle(skip, wanted);
		return &wanted->position;
	}
	return NULL;
}
