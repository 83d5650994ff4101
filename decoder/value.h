/*-------------------------------------------------------------------------
 *
 * value.h
 *	  The value of an event where it is a JSON object of columns.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_VALUE_H
#define PG_OUTBOX_VALUE_H

#include "lib/stringinfo.h"

#include "outbox.h"

/*
 * Appends the object of outbox->members, UTF-8, from outbox->values: JSON as
 * JSON, numbers and booleans as such, NULL as null, all else as the string that
 * it is as a header.  Stops when more than limit bytes were appended.  Returns
 * NULL, or why there is none.
 */
extern const char *value_append(StringInfo out, const Outbox *outbox,
								int limit);

#endif /* PG_OUTBOX_VALUE_H */
