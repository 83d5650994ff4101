/*-------------------------------------------------------------------------
 *
 * http/slot_watch.h
 *	  The slot as the server sees it, asked every [http] slot_interval.
 *
 * Over an ordinary connection of its own, which is made for each look and never
 * waited for.  What cannot be asked is not shown, and delivery goes on.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_HTTP_SLOT_WATCH_H
#define PG_OUTBOX_HTTP_SLOT_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "config/values.h"
#include "http/silence.h"
#include "relay/snapshot.h"

typedef struct SlotWatch SlotWatch;

/* What the last look found. */
typedef struct SlotView
{
	int64_t retained_bytes; /* WAL that the server keeps for the slot; -1 = not
							   known */
	int64_t safe_bytes;     /* WAL until it is lost; -1 = not limited */
	char wal_status[16];    /* reserved, extended, unreserved, lost */
	Silence silence;        /* in ms of clock_ms() */
} SlotView;

/* The configuration must outlive it. */
extern SlotWatch *slotwatch_new(const Config *config);
extern void slotwatch_free(SlotWatch *watch);

/* What the server said last; NULL while it is not known. */
extern const SlotView *slotwatch_view(const SlotWatch *watch);

/* What to poll; the descriptor is -1 between two looks. */
extern int slotwatch_fd(const SlotWatch *watch);
extern short slotwatch_events(const SlotWatch *watch);

/* When slotwatch_serve() has something to do at last, in ms of clock_ms(). */
extern int64_t slotwatch_due(const SlotWatch *watch);

/*
 * Does what can be done without waiting.  libpq may wait for the look-up of a
 * name, so no look begins while that would keep the relay from giving up what
 * is in flight.
 */
extern void slotwatch_serve(SlotWatch *watch, const Snapshot *snapshot);

#endif /* PG_OUTBOX_HTTP_SLOT_WATCH_H */
