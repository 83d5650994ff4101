/*-------------------------------------------------------------------------
 *
 * relation.h
 *	  Which tables are an outbox.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELATION_H
#define PG_OUTBOX_RELATION_H

#include "utils/rel.h"

#include "outbox.h"

typedef struct RelationCache RelationCache;

/*
 * Makes the cache of one decoding in the current memory context, which must
 * be the decoding's own: the cache ends with it, after an ERROR too.
 */
extern RelationCache *relation_cache_create(const Options *options);

/*
 * Returns the outbox that a table or partition is, or NULL if it is none, for
 * a transaction whose commit record ends at a position.  Valid until the next
 * call.  Raises an ERROR that names column and option if the table is an outbox
 * but cannot serve as one.  Needs a transaction: looks into the catalog.
 */
extern Outbox *relation_lookup(RelationCache *cache, Relation relation,
							   XLogRecPtr position);

/*
 * Does the same in the present catalog, before anything is decoded.  All that
 * is kept is the name by which the table is an outbox, and that it is one for
 * transactions that end behind a position.
 */
extern void relation_check(RelationCache *cache, Relation relation,
						   XLogRecPtr since);

#endif /* PG_OUTBOX_RELATION_H */
