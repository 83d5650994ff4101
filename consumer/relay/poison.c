/*-------------------------------------------------------------------------
 *
 * relay/poison.c
 *	  Events that Kafka refused for good, by their positions.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "relay/poison.h"

/* Few at a time: each is found on the way to the next. */
struct Poison
{
	PoisonEvent *events;
	size_t n;
};

Poison *
poison_new(void)
{
	return xcalloc(1, sizeof(Poison));
}

void
poison_free(Poison *poison)
{
	free(poison->events);
	free(poison);
}

PoisonEvent *
poison_find(Poison *poison, Lsn lsn, uint32_t seq)
{
	for (size_t i = 0; i < poison->n; i++)
	{
		if (poison->events[i].lsn == lsn && poison->events[i].seq == seq)
			return &poison->events[i];
	}
	return NULL;
}

PoisonEvent *
poison_add(Poison *poison, Lsn lsn, uint32_t seq, const char *reason)
{
	PoisonEvent *event;

	poison->events =
		xrealloc(poison->events, (poison->n + 1) * sizeof(PoisonEvent));
	event = &poison->events[poison->n++];
	memset(event, 0, sizeof(PoisonEvent));
	event->lsn = lsn;
	event->seq = seq;
	error_set(&event->reason, "%s", reason);
	return event;
}

void
poison_forget(Poison *poison, Lsn flush)
{
	size_t kept = 0;

	for (size_t i = 0; i < poison->n; i++)
	{
		if (poison->events[i].lsn > flush)
			poison->events[kept++] = poison->events[i];
	}
	poison->n = kept;
}
