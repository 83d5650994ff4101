/*-------------------------------------------------------------------------
 *
 * relay/poison.c
 *	  Events that Kafka refused, and up to where care is taken of them.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "relay/poison.h"

/*
 * More are not remembered, 2 kB each.  One that was forgotten is found again,
 * with care, should the stream have to be read again from before it.
 */
#define POISON_MAX 500

/* In the order of their positions: each event of the stream is looked for. */
struct Poison
{
	PoisonEvent *events; /* room for POISON_MAX */
	size_t n;
	Lsn careful_until; /* 0 = no care */
};

Poison *
poison_new(void)
{
	Poison *poison = xcalloc(1, sizeof(Poison));

	poison->events = xcalloc(POISON_MAX, sizeof(PoisonEvent));
	return poison;
}

void
poison_free(Poison *poison)
{
	free(poison->events);
	free(poison);
}

/* The index of the first event that is not before a position. */
static size_t
find_index(const Poison *poison, Position position)
{
	size_t low = 0;
	size_t high = poison->n;

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;

		if (position_compare(poison->events[middle].position, position) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Tells whether the event at an index is the one at a position. */
static bool
is_at(const Poison *poison, size_t i, Position position)
{
	return i < poison->n &&
		   position_compare(poison->events[i].position, position) == 0;
}

PoisonEvent *
poison_find(Poison *poison, Position position)
{
	size_t i = find_index(poison, position);

	return is_at(poison, i, position) ? &poison->events[i] : NULL;
}

/*
 * Forgets the event that is furthest from an index; returns where that index
 * is then.
 */
static size_t
make_room(Poison *poison, size_t i)
{
	poison->n--;
	if (i <= poison->n / 2)
		return i;
	memmove(poison->events, poison->events + 1,
			poison->n * sizeof(PoisonEvent));
	return i - 1;
}

PoisonEvent *
poison_add(Poison *poison, Position position, const KafkaRefusal *refusal)
{
	size_t i = find_index(poison, position);

	if (!is_at(poison, i, position))
	{
		if (poison->n == POISON_MAX)
			i = make_room(poison, i);
		memmove(&poison->events[i + 1], &poison->events[i],
				(poison->n - i) * sizeof(PoisonEvent));
		poison->n++;
		poison->events[i] = (PoisonEvent){.position = position};
	}
	poison->events[i].refusal = *refusal;
	return &poison->events[i];
}

void
poison_be_careful(Poison *poison, Lsn until)
{
	if (until > poison->careful_until)
		poison->careful_until = until;
}

bool
poison_is_careful(const Poison *poison)
{
	return poison->careful_until != 0;
}

void
poison_confirmed(Poison *poison, Lsn flush)
{
	size_t gone = find_index(poison, (Position){flush, UINT32_MAX});

	memmove(poison->events, &poison->events[gone],
			(poison->n - gone) * sizeof(PoisonEvent));
	poison->n -= gone;
	if (flush >= poison->careful_until)
		poison->careful_until = 0;
}

void
poison_reset(Poison *poison)
{
	poison->n = 0;
	poison->careful_until = 0;
}
