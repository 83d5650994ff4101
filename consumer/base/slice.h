/*-------------------------------------------------------------------------
 *
 * base/slice.h
 *	  Bytes with a length, and such bytes under a name.
 *
 * A slice owns nothing: who makes one says how long its bytes stay.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_BASE_SLICE_H
#define PG_OUTBOX_BASE_SLICE_H

#include <stddef.h>

/* Not terminated.  data == NULL is no value, which is not the empty one. */
typedef struct Slice
{
	const char *data;
	size_t len;
} Slice;

/* A header: its value may be NULL, its name may not. */
typedef struct NamedSlice
{
	Slice name;
	Slice value;
} NamedSlice;

#endif /* PG_OUTBOX_BASE_SLICE_H */
