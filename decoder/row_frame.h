/*-------------------------------------------------------------------------
 *
 * row_frame.h
 *	  A row of any table as the frame of a message.
 *
 * Each column is a field, with the value that the decoder would read in the
 * row itself (column.h), so that the same options make the same event of both.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_ROW_FRAME_H
#define PG_OUTBOX_ROW_FRAME_H

#include "access/tupdesc.h"
#include "lib/stringinfo.h"
#include "utils/jsonb.h"

#include "column.h"

/* How rows of one form are written. */
typedef struct RowFrame
{
	char *relation;   /* the name of the table, NULL if it is none */
	Column **columns; /* those whose values the decoder would see */
	int n_columns;
	int natts;     /* of the rows, dropped columns and all */
	bool prints;   /* some have a type that its output function prints */
	Datum *values; /* room for a row */
	bool *nulls;
	const char *id; /* the column that errors name a row by; NULL: none */
} RowFrame;

/*
 * Prepares for rows of a form, in the current memory context.  The relation is
 * the table that they are of, or InvalidOid.
 */
extern RowFrame *row_frame_create(TupleDesc desc, Oid relation);

/*
 * Writes the values in the row's frame, with headers, or NULL for none, over
 * those of its column "headers".  Allocates in the current memory context, and
 * raises an ERROR that names table, row and column if it cannot.
 */
extern void row_frame_write(const RowFrame *row, Jsonb *headers,
							StringInfo frame);

#endif /* PG_OUTBOX_ROW_FRAME_H */
