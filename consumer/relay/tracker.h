/*-------------------------------------------------------------------------
 *
 * relay/tracker.h
 *	  What may be confirmed to PostgreSQL: the contiguous prefix of
 *	  transactions whose events are all in Kafka.
 *
 * The tracker gets every line in the order of the stream, and every delivery
 * in any order.  The flush position is the end LSN of the last
 * transaction before the oldest unfinished one; nothing else moves it, and it
 * never moves back.  Deliveries owed are counted, never derived by comparing
 * LSNs, since the LSNs of changes are not monotonic across transactions.
 *
 * It also checks the stream: events of a transaction are numbered from 0
 * without a gap, its commit line names their number, and commits come in
 * ascending order.  A stream that breaks this is refused, not repaired.
 *
 * After a new connection to PostgreSQL the stream restarts at the slot's
 * confirmed position.  What was seen before is then recognised by its position
 * (lsn, seq) and not produced twice.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_TRACKER_H
#define PG_OUTBOX_RELAY_TRACKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/lsn.h"

typedef struct Tracker Tracker;

/* Names the transaction of an event that is in flight. */
typedef uint64_t TrackerTicket;

typedef enum TrackerVerdict
{
	TRACKER_NEW,   /* produce it, then call tracker_produced() */
	TRACKER_SEEN,  /* produced earlier in this process: drop it */
	TRACKER_BROKEN /* the stream has a gap: stop, confirm nothing */
} TrackerVerdict;

extern Tracker *tracker_new(void);
extern void tracker_free(Tracker *tracker);

/*
 * An event line at position (lsn, seq).  TRACKER_NEW is only an answer: the
 * event counts as seen once tracker_produced() is called, and until then the
 * same question has the same answer and the same ticket.  With TRACKER_BROKEN
 * err says what is missing.
 */
extern TrackerVerdict tracker_event(Tracker *tracker, Lsn lsn, uint32_t seq,
									TrackerTicket *ticket, Error *err);

/*
 * The event that tracker_event() last called new is in Kafka's queue: one
 * delivery is owed for its ticket.
 */
extern void tracker_produced(Tracker *tracker);

/*
 * The event for which tracker_produced() was last called, on this connection,
 * is not in Kafka's queue any more: it is new again.
 */
extern void tracker_take_back(Tracker *tracker);

/* The transaction of a ticket; 0 if it is from before tracker_reset(). */
extern Lsn tracker_ticket_lsn(const Tracker *tracker, TrackerTicket ticket);

/* The commit line of a transaction of that many event lines. */
extern bool tracker_commit(Tracker *tracker, Lsn lsn, uint32_t events,
						   Error *err);

/*
 * Every transaction that committed before this LSN has been seen.  Positions
 * behind what is known already, or inside an open transaction, change nothing
 * but are not errors (a position line may come between two events of a large
 * transaction).
 */
extern void tracker_position(Tracker *tracker, Lsn lsn);

/*
 * One event of the ticket's transaction is in Kafka.  Tickets from before
 * tracker_rewind() or tracker_reset() are ignored.
 */
extern void tracker_delivered(Tracker *tracker, TrackerTicket ticket);

/*
 * All events produced so far are in Kafka: for delivery by Kafka transactions,
 * where one commit makes all of them visible.
 */
extern void tracker_all_delivered(Tracker *tracker);

/* True between the first event of a transaction and its commit line. */
extern bool tracker_is_inside(const Tracker *tracker);

/*
 * The furthest that was seen since tracker_reset(), and of the transaction that
 * ends there the events that were produced so far; 0 = it is whole, or a
 * position.
 */
extern Lsn tracker_furthest(const Tracker *tracker, uint32_t *events);

/* The stream restarts at the slot's position, on the same history. */
extern void tracker_reconnected(Tracker *tracker);

/*
 * What is not delivered was given up: it is new again when the stream has it,
 * for which it has to begin again.  The flush position stays.
 */
extern void tracker_rewind(Tracker *tracker);

/*
 * The stream restarts and nothing seen before counts: another server or
 * timeline, or another producer.  The flush position becomes 0 (unknown).
 */
extern void tracker_reset(Tracker *tracker);

/* The memory that transactions take which are not confirmed yet, in bytes. */
extern uint64_t tracker_bytes(const Tracker *tracker);

/* Deliveries that are owed since tracker_reset(). */
extern uint64_t tracker_owed(const Tracker *tracker);

/*
 * The end of the last transaction with an event of which everything, and
 * everything before, has been delivered since tracker_reset().  Positions move
 * the flush position but not this: it moves only when something gets there.
 * 0 = none yet.
 */
extern Lsn tracker_published(const Tracker *tracker);

/*
 * After tracker_reset(): all that committed up to this LSN is in Kafka, or, if
 * events is not 0, of the transaction that ends there only so many events.  The
 * slot may be ahead of it.
 */
extern void tracker_resume(Tracker *tracker, Lsn lsn, uint32_t events);

/*
 * What may be confirmed on the present connection: never above a commit or
 * position seen on it.  0 = nothing yet.
 */
extern Lsn tracker_flush(const Tracker *tracker);

/*
 * What is seen from outside, and decides nothing.  Times are those of commits,
 * in ms since the epoch; 0 = not known, or none.
 */

/* When the transaction committed whose event tracker_produced() was told of. */
extern void tracker_set_time(Tracker *tracker, int64_t time_ms);

/* The time of a ticket's transaction, and of the oldest that owes a delivery.
 */
extern int64_t tracker_ticket_time(const Tracker *tracker,
								   TrackerTicket ticket);
extern int64_t tracker_oldest_time(const Tracker *tracker);

/*
 * Changes when the oldest transaction, or an event of it, is delivered.  The
 * others do not count: it is the oldest that the slot waits for.
 */
extern uint64_t tracker_progress(const Tracker *tracker);

/* Transactions with events that are all delivered, since the beginning. */
extern uint64_t tracker_finished(const Tracker *tracker);

#endif /* PG_OUTBOX_RELAY_TRACKER_H */
