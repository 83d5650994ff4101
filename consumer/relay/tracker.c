/*-------------------------------------------------------------------------
 *
 * relay/tracker.c
 *	  What may be confirmed to PostgreSQL.
 *
 * Transactions stand in a ring in the order of their commits.  The tail is the
 * youngest; the head leaves as soon as it is closed and owes no delivery, and
 * its end LSN is then the flush position.  The ring grows by doubling and is
 * as large as the most transactions that were ever behind one in flight, which
 * count in [relay] inflight_bytes (intake.c).
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#include "base/memory.h"
#include "relay/tracker.h"

/* A transaction, or a position line: one of no events. */
typedef struct Transaction
{
	Lsn lsn;         /* end of the commit record */
	uint32_t events; /* produced */
	uint32_t owed;   /* of them, not yet delivered */
	bool closed;     /* its commit line has come */
	int64_t time_ms; /* of its commit, ms since the epoch; 0 = not known */
} Transaction;

struct Tracker
{
	Transaction *ring;
	uint64_t size; /* a power of two */
	uint64_t head; /* the oldest; indexes only grow */
	uint64_t tail; /* one past the youngest */
	uint16_t generation;
	uint64_t owed;     /* deliveries, of all transactions */
	uint64_t finished; /* transactions with events, in all */
	Lsn flush;
	Lsn published; /* end of the last transaction with an event that left */

	/* the furthest that was seen since tracker_reset() */
	Lsn last_lsn;
	uint32_t last_events; /* produced of that transaction */
	bool last_closed;     /* it is whole, or a position */
	bool resumed;         /* it began before tracker_resume() */

	/* the present connection */
	Lsn open;          /* the transaction under way; 0 = none */
	uint32_t next_seq; /* of its next event */
	Lsn told;          /* the last commit or position */
	Lsn candidate; /* the transaction of the event last called new; 0 = none */
};

#define INITIAL_SIZE 64

/* Tickets hold the generation in their upper bits and the index below. */
#define INDEX_BITS 48
#define INDEX_MASK ((UINT64_C(1) << INDEX_BITS) - 1)

Tracker *
tracker_new(void)
{
	Tracker *tracker = xcalloc(1, sizeof(Tracker));

	tracker->size = INITIAL_SIZE;
	tracker->ring = xcalloc(tracker->size, sizeof(Transaction));
	tracker->last_closed = true;
	return tracker;
}

void
tracker_free(Tracker *tracker)
{
	if (tracker == NULL)
		return;
	free(tracker->ring);
	free(tracker);
}

/* The transaction at an index that is in the ring. */
static Transaction *
at(const Tracker *tracker, uint64_t index)
{
	return &tracker->ring[index & (tracker->size - 1)];
}

/* The youngest transaction, or NULL. */
static Transaction *
youngest(const Tracker *tracker)
{
	return tracker->head < tracker->tail ? at(tracker, tracker->tail - 1)
										 : NULL;
}

/* Doubles the ring. */
static void
grow(Tracker *tracker)
{
	Transaction *ring = xcalloc(tracker->size * 2, sizeof(Transaction));

	for (uint64_t i = tracker->head; i < tracker->tail; i++)
		ring[i & (tracker->size * 2 - 1)] = *at(tracker, i);
	free(tracker->ring);
	tracker->ring = ring;
	tracker->size *= 2;
}

/* Adds a transaction at the tail. */
static Transaction *
push(Tracker *tracker, Lsn lsn)
{
	Transaction *transaction;

	if (tracker->tail - tracker->head == tracker->size)
		grow(tracker);
	transaction = at(tracker, tracker->tail++);
	*transaction = (Transaction){.lsn = lsn};
	return transaction;
}

/* Lets the finished transactions at the head go. */
static void
pop_finished(Tracker *tracker)
{
	while (tracker->head < tracker->tail)
	{
		const Transaction *oldest = at(tracker, tracker->head);

		if (!oldest->closed || oldest->owed > 0)
			break;
		tracker->flush = oldest->lsn;
		tracker->finished += oldest->events > 0;
		if (oldest->events > 0)
			tracker->published = oldest->lsn;
		tracker->head++;
	}
}

/* Checks that an event stands where the stream can have it. */
static bool
check_event(const Tracker *tracker, Lsn lsn, uint32_t seq, Error *err)
{
	if (tracker->open != 0 && lsn != tracker->open)
		return error_set(err,
						 "the stream is broken: an event of the transaction "
						 "at " LSN_FORMAT " inside that at " LSN_FORMAT,
						 LSN_ARGS(lsn), LSN_ARGS(tracker->open));
	if (seq != tracker->next_seq)
		return error_set(err,
						 "the stream is broken: event %u of the transaction "
						 "at " LSN_FORMAT " came where event %u should be",
						 seq, LSN_ARGS(lsn), tracker->next_seq);
	if (lsn <= tracker->told)
		return error_set(err,
						 "the stream is broken: a transaction at " LSN_FORMAT
						 " after " LSN_FORMAT,
						 LSN_ARGS(lsn), LSN_ARGS(tracker->told));
	if (lsn > tracker->last_lsn && !tracker->last_closed)
		return error_set(err,
						 "the stream is broken: the rest of the transaction "
						 "at " LSN_FORMAT " did not arrive again",
						 LSN_ARGS(tracker->last_lsn));
	return true;
}

/*
 * A transaction of which a part was published before tracker_resume() comes
 * again, unless the slot was advanced past it: then it is left as it is.
 */
static void
leave_resumed(Tracker *tracker, Lsn lsn)
{
	if (!tracker->resumed || tracker->open != 0 || lsn <= tracker->last_lsn)
		return;
	tracker->resumed = false;
	tracker->last_closed = true;
	youngest(tracker)->closed = true;
	pop_finished(tracker);
}

/* Tells whether an event was produced earlier in this process. */
static bool
is_seen(const Tracker *tracker, Lsn lsn, uint32_t seq)
{
	if (lsn != tracker->last_lsn)
		return lsn < tracker->last_lsn;
	return tracker->last_closed || seq < tracker->last_events;
}

/* Notes that the stream is behind an event. */
static void
step_over(Tracker *tracker, Lsn lsn)
{
	tracker->open = lsn;
	tracker->next_seq++;
}

TrackerVerdict
tracker_event(Tracker *tracker, Lsn lsn, uint32_t seq, TrackerTicket *ticket,
			  Error *err)
{
	const Transaction *tail;
	uint64_t index;

	tracker->candidate = 0;
	leave_resumed(tracker, lsn);
	tail = youngest(tracker);
	index = tracker->tail;
	if (!check_event(tracker, lsn, seq, err))
		return TRACKER_BROKEN;
	if (is_seen(tracker, lsn, seq))
	{
		step_over(tracker, lsn);
		return TRACKER_SEEN;
	}
	if (tail != NULL && tail->lsn == lsn)
		index--;
	*ticket = (uint64_t) tracker->generation << INDEX_BITS | index;
	tracker->candidate = lsn;
	return TRACKER_NEW;
}

void
tracker_produced(Tracker *tracker)
{
	Lsn lsn = tracker->candidate;
	Transaction *transaction = youngest(tracker);

	if (lsn == 0)
		return;
	if (transaction == NULL || transaction->lsn != lsn)
		transaction = push(tracker, lsn);
	transaction->events++;
	transaction->owed++;
	tracker->owed++;
	tracker->last_lsn = lsn;
	tracker->last_events = transaction->events;
	tracker->last_closed = false;
	tracker->candidate = 0;
	step_over(tracker, lsn);
}

void
tracker_take_back(Tracker *tracker)
{
	Transaction *transaction = youngest(tracker);

	transaction->events--;
	transaction->owed--;
	tracker->owed--;
	tracker->last_events = transaction->events;
	tracker->candidate = 0;
	tracker->next_seq--;
	if (tracker->next_seq == 0)
		tracker->open = 0;
}

bool
tracker_commit(Tracker *tracker, Lsn lsn, uint32_t events, Error *err)
{
	if (tracker->open == 0 || tracker->open != lsn)
		return error_set(err,
						 "the stream is broken: the commit of the transaction "
						 "at " LSN_FORMAT " without its events",
						 LSN_ARGS(lsn));
	if (events != tracker->next_seq)
		return error_set(err,
						 "the stream is broken: the transaction at " LSN_FORMAT
						 " has %u events, of which %u came",
						 LSN_ARGS(lsn), events, tracker->next_seq);
	tracker->open = 0;
	tracker->next_seq = 0;
	tracker->told = lsn;
	if (lsn == tracker->last_lsn && !tracker->last_closed)
	{
		youngest(tracker)->closed = true;
		tracker->last_closed = true;
		tracker->resumed = false;
		pop_finished(tracker);
	}
	return true;
}

void
tracker_position(Tracker *tracker, Lsn lsn)
{
	Transaction *tail;

	if (tracker->open != 0 || lsn <= tracker->told)
		return;
	tracker->told = lsn;
	leave_resumed(tracker, lsn);
	tail = youngest(tracker);
	/* A transaction that was cut off holds everything back until it is whole.
	 */
	if (lsn <= tracker->last_lsn || !tracker->last_closed)
		return;
	if (tail == NULL || tail->events > 0)
		tail = push(tracker, lsn);
	tail->lsn = lsn;
	tail->closed = true;
	tracker->last_lsn = lsn;
	tracker->last_events = 0;
	pop_finished(tracker);
}

/* Finds the transaction of a ticket, or NULL if it is from before a reset. */
static Transaction *
find(const Tracker *tracker, TrackerTicket ticket)
{
	if (ticket >> INDEX_BITS != tracker->generation)
		return NULL;
	return at(tracker, ticket & INDEX_MASK);
}

Lsn
tracker_ticket_lsn(const Tracker *tracker, TrackerTicket ticket)
{
	const Transaction *transaction = find(tracker, ticket);

	return transaction ? transaction->lsn : 0;
}

void
tracker_delivered(Tracker *tracker, TrackerTicket ticket)
{
	Transaction *transaction = find(tracker, ticket);

	if (transaction == NULL)
		return;
	transaction->owed--;
	tracker->owed--;
	pop_finished(tracker);
}

void
tracker_all_delivered(Tracker *tracker)
{
	for (uint64_t i = tracker->head; i < tracker->tail; i++)
		at(tracker, i)->owed = 0;
	tracker->owed = 0;
	pop_finished(tracker);
}

bool
tracker_is_inside(const Tracker *tracker)
{
	return tracker->open != 0;
}

Lsn
tracker_furthest(const Tracker *tracker, uint32_t *events)
{
	*events = tracker->last_closed ? 0 : tracker->last_events;
	return tracker->last_lsn;
}

void
tracker_reconnected(Tracker *tracker)
{
	tracker->open = 0;
	tracker->next_seq = 0;
	tracker->told = 0;
	tracker->candidate = 0;
}

void
tracker_rewind(Tracker *tracker)
{
	tracker->candidate = 0;
	tracker->generation++;
	tracker->head = 0;
	tracker->tail = 0;
	tracker->owed = 0;
	tracker->last_lsn = tracker->flush;
	tracker->last_events = 0;
	tracker->last_closed = true;
	tracker->resumed = false;
}

void
tracker_resume(Tracker *tracker, Lsn lsn, uint32_t events)
{
	tracker->last_lsn = lsn;
	tracker->last_events = events;
	tracker->last_closed = events == 0;
	tracker->resumed = events != 0;
	if (events == 0)
		tracker->flush = lsn;
	else
		push(tracker, lsn)->events = events;
}

void
tracker_reset(Tracker *tracker)
{
	tracker_reconnected(tracker);
	tracker->flush = 0;
	tracker->published = 0;
	tracker_rewind(tracker);
}

uint64_t
tracker_bytes(const Tracker *tracker)
{
	return (tracker->tail - tracker->head) * sizeof(Transaction);
}

uint64_t
tracker_owed(const Tracker *tracker)
{
	return tracker->owed;
}

Lsn
tracker_published(const Tracker *tracker)
{
	return tracker->published;
}

Lsn
tracker_flush(const Tracker *tracker)
{
	return tracker->flush < tracker->told ? tracker->flush : tracker->told;
}

void
tracker_set_time(Tracker *tracker, int64_t time_ms)
{
	Transaction *tail = youngest(tracker);

	if (tail != NULL)
		tail->time_ms = time_ms;
}

int64_t
tracker_ticket_time(const Tracker *tracker, TrackerTicket ticket)
{
	const Transaction *transaction = find(tracker, ticket);

	return transaction ? transaction->time_ms : 0;
}

int64_t
tracker_oldest_time(const Tracker *tracker)
{
	for (uint64_t i = tracker->head; i < tracker->tail; i++)
	{
		if (at(tracker, i)->owed > 0)
			return at(tracker, i)->time_ms;
	}
	return 0;
}

uint64_t
tracker_progress(const Tracker *tracker)
{
	/* A transaction has fewer events than there is room for in 32 bits. */
	return (tracker->head << 32) + (tracker->head < tracker->tail
										? at(tracker, tracker->head)->events -
											  at(tracker, tracker->head)->owed
										: 0);
}

uint64_t
tracker_finished(const Tracker *tracker)
{
	return tracker->finished;
}
