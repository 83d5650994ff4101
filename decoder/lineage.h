/*-------------------------------------------------------------------------
 *
 * lineage.h
 *	  The tables that a table's rows belong to: itself and its ancestors.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_LINEAGE_H
#define PG_OUTBOX_LINEAGE_H

#include "nodes/pg_list.h"

/* One of these tables. */
typedef struct Relative
{
	Oid relid;
	char *schema; /* both NULL if it was dropped meanwhile */
	char *name;
} Relative;

/*
 * Returns (Relative *) a table, what it is a partition or an inheritance child
 * of, and so on; nearer ones first, each once.  A partition that is being
 * detached belongs to its parent until that is done.  Needs a transaction:
 * reads the catalog.  Allocates in the current context.
 */
extern List *lineage_of(Oid relid);

#endif /* PG_OUTBOX_LINEAGE_H */
