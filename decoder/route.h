/*-------------------------------------------------------------------------
 *
 * route.h
 *	  Makes an event of a row: topic, key, headers, payload.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_ROUTE_H
#define PG_OUTBOX_ROUTE_H

#include "access/htup.h"
#include "access/tupdesc.h"

#include "event.h"
#include "relation.h"

/*
 * Fills in all members of the event but ts, lsn and seq from a row of an
 * outbox.  A row that cannot be an event raises nothing: event->error says
 * why, and the members that are known are set.  Allocates in the current
 * context, which must be reset after each row.
 */
extern void route_row(const Options *options, Outbox *outbox, HeapTuple tuple,
					  TupleDesc desc, Event *event);

#endif /* PG_OUTBOX_ROUTE_H */
