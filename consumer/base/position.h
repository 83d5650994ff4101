/*-------------------------------------------------------------------------
 *
 * base/position.h
 *	  The position of an event: LSN/SEQ, the same after every restart.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_BASE_POSITION_H
#define PG_OUTBOX_BASE_POSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/lsn.h"

typedef struct Position
{
	Lsn lsn;      /* end of the transaction's commit record */
	uint32_t seq; /* ordinal in the transaction, from 0 */
} Position;

/* printf format and arguments, as position_parse() reads it. */
#define POSITION_FORMAT LSN_FORMAT "/%u"
#define POSITION_ARGS(position) LSN_ARGS((position).lsn), (position).seq

/* Bytes that the text of a position takes, its terminating zero included. */
#define POSITION_TEXT_SIZE (LSN_TEXT_SIZE + sizeof("/4294967295") - 1)

/* Reads a position from exactly len bytes, as "0/1D959AF0/3". */
extern bool position_parse(const char *text, size_t len, Position *position);

/* Less than, equal to or greater than 0, as a is before, at or behind b. */
extern int position_compare(Position a, Position b);

/* An iteration over "POSITION, POSITION, ...": blanks around one are allowed.
 */
typedef enum PositionListItem
{
	POSITION_LIST_ITEM,
	POSITION_LIST_END,
	POSITION_LIST_INVALID /* the text at *cursor is no position */
} PositionListItem;

/* Takes the next of a list; *cursor begins at its text. */
extern PositionListItem position_list_next(const char **cursor,
										   Position *position);

#endif /* PG_OUTBOX_BASE_POSITION_H */
