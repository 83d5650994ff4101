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
#include "outbox.h"

/*
 * Makes an event of a row of an outbox.  A row that cannot be an event raises
 * nothing: event->error says why, and the members that are known are set.
 * Returns false if it is none: it does not match option "where", or belongs to
 * another shard.  Allocates in the current context, which must be reset after
 * each row.
 */
extern bool event_from_row(const Options *options, Outbox *outbox,
						   HeapTuple tuple, TupleDesc desc,
						   const EventPlace *place, Event *event);

/* The same from outbox->values and outbox->nulls. */
extern bool event_from_values(const Options *options, const Outbox *outbox,
							  const EventPlace *place, Event *event);

#endif /* PG_OUTBOX_ROUTE_H */
