/*-------------------------------------------------------------------------
 *
 * outlet.h
 *	  When lines leave the server: one by one, or gathered.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_OUTLET_H
#define PG_OUTBOX_OUTLET_H

#include "compat.h"
#include "lib/stringinfo.h"

typedef struct Outlet Outlet;

/*
 * Makes the outlet of one decoding, in its memory context.  With coalesce = 0
 * each line is a protocol message of its own; else lines gather until there
 * are so many bytes of them.  Raises an ERROR if lines shall gather outside of
 * streaming replication.  The outlet is found through
 * ctx->output_plugin_private, whose first member must point to it.
 */
extern Outlet *outlet_create(LogicalDecodingContext *ctx, int coalesce);

/* Begins a line: what is appended to the buffer becomes it. */
extern StringInfo outlet_begin_line(Outlet *outlet, bool last_of_transaction);

/* Ends the line that was begun. */
extern void outlet_end_line(Outlet *outlet, bool last_of_transaction);

/*
 * To be called in every callback: lets lines go that have waited for long
 * enough.
 */
extern void outlet_tick(Outlet *outlet);

#endif /* PG_OUTBOX_OUTLET_H */
