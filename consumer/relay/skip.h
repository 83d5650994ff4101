/*-------------------------------------------------------------------------
 *
 * relay/skip.h
 *	  Events to be passed over because somebody asked for it, by position.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_SKIP_H
#define PG_OUTBOX_RELAY_SKIP_H

#include <stdbool.h>

#include "base/position.h"

typedef struct Skip Skip;

/* Reads setting skip of [relay], which was checked; NULL is an empty list. */
extern Skip *skip_new(const char *list);
extern void skip_free(Skip *skip);

/* Tells whether the event at a position is to be passed over. */
extern bool skip_matches(Skip *skip, Position position);

/*
 * The stream has come behind all that is before a position.  Returns one that
 * was passed without there being an event at it, each of them once, or NULL.
 */
extern const Position *skip_missed(Skip *skip, Position reached);

#endif /* PG_OUTBOX_RELAY_SKIP_H */
