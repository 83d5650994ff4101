/*-------------------------------------------------------------------------
 *
 * relation.h
 *	  Which tables are an outbox.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELATION_H
#define PG_OUTBOX_RELATION_H

#include "catalog/pg_class.h"
#include "utils/rel.h"

#include "outbox.h"

typedef struct RelationCache RelationCache;

/*
 * Whether relations of a kind can be an outbox.  A materialized view cannot,
 * though a refresh may insert rows into it.
 */
static inline bool
relation_is_table(char kind)
{
	return kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE;
}

/*
 * The name of a relation for people, in the database's encoding.  It is the OID
 * where the relation was dropped, so that a name is NULL, or has a name that is
 * not valid text: a message to the client with that in it would be an ERROR.
 */
extern const char *relation_title(Oid relid, const char *schema,
								  const char *name);

/*
 * Makes the cache of one decoding in the current memory context, which must
 * be the decoding's own: the cache ends with it, after an ERROR too.
 */
extern RelationCache *relation_cache_create(const Options *options);

/*
 * Returns the outbox that a table or partition is, or NULL if it is none, for
 * a transaction whose commit record ends at a position.  Valid until the next
 * call.  If an entry of option "tables" names the table, but it cannot serve,
 * that is an ERROR that names column and option where the look-up is strict; in
 * all other cases the outbox says what it lacks.  Needs a transaction: looks
 * into the catalog.
 */
extern Outbox *relation_lookup(RelationCache *cache, Relation relation,
							   XLogRecPtr position, bool strict);

/*
 * Does the same in the present catalog, before anything is decoded, with a
 * WARNING of a table that cannot serve and is not named.  All that is kept is
 * the name by which the table is an outbox, and that it is one for transactions
 * that end behind a position.
 */
extern void relation_check(RelationCache *cache, Relation relation,
						   XLogRecPtr since);

#endif /* PG_OUTBOX_RELATION_H */
