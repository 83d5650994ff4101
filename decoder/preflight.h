/*-------------------------------------------------------------------------
 *
 * preflight.h
 *	  Looks for what would stop the decoding later, before it begins.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_PREFLIGHT_H
#define PG_OUTBOX_PREFLIGHT_H

#include "relation.h"

/*
 * Resolves each entry of option "tables" in the present catalog, as rows of
 * these tables will be later.  Raises an ERROR: undefined_table if an entry
 * stands for no table, wrong_object_type for what is no table or never in the
 * WAL, undefined_column and datatype_mismatch for columns that cannot serve.
 * Begins and ends a transaction of its own where there is none: a walsender
 * has none when it starts a decoding, the SQL functions do.  What it has in
 * the caches of the catalog is gone afterwards.
 */
extern void preflight(RelationCache *cache, const Options *options);

#endif /* PG_OUTBOX_PREFLIGHT_H */
