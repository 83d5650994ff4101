/*-------------------------------------------------------------------------
 *
 * moved.h
 *	  Rows that an UPDATE moves to another partition of their table.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_MOVED_H
#define PG_OUTBOX_MOVED_H

#include "access/htup.h"
#include "utils/rel.h"

#include "outbox.h"

typedef struct MovedRows MovedRows;

/* Makes the memory of one decoding in the current memory context. */
extern MovedRows *moved_rows_create(void);

/* Forgets what was deleted: a transaction begins. */
extern void moved_rows_begin(MovedRows *rows);

/*
 * Notes that a row was deleted from a partition; the tuple has the columns of
 * the replica identity, and is NULL if there is none.
 */
extern void moved_rows_deleted(MovedRows *rows, Outbox *outbox,
							   Relation partition, HeapTuple old);

/*
 * Whether a row that is inserted into a partition was deleted from another one
 * of the same table before, in the same transaction: so it is no event.  Where
 * nobody can tell, it is one, with a WARNING once per decoding.
 */
extern bool moved_rows_inserted(MovedRows *rows, Outbox *outbox,
								Relation partition, HeapTuple new);

#endif /* PG_OUTBOX_MOVED_H */
