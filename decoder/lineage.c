/*-------------------------------------------------------------------------
 *
 * lineage.c
 *	  The tables that a table's rows belong to: itself and its ancestors.
 *
 * get_partition_ancestors() would do for partitions, but rows of inheritance
 * children are rows of the parent just the same, and a child may have several.
 *
 * A partition that is being detached concurrently is one until that is done:
 * a REPEATABLE READ transaction may still insert into it through its table
 * (execPartition.c, ExecInitPartitionDispatchInfo).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_inherits.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "lineage.h"

/* Appends the parents of a table that are not in the list yet. */
static List *
append_parents(Relation inherits, Oid relid, List *relids)
{
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;

	ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	scan = systable_beginscan(inherits, InheritsRelidSeqnoIndexId, true, NULL,
							  1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_inherits form = (Form_pg_inherits) GETSTRUCT(tuple);

		relids = list_append_unique_oid(relids, form->inhparent);
	}
	systable_endscan(scan);
	return relids;
}

/* Looks the name of a table up. */
static Relative *
name_relative(Oid relid)
{
	Relative *relative = palloc0(sizeof(Relative));
	char *name = get_rel_name(relid);
	char *schema = get_namespace_name(get_rel_namespace(relid));

	relative->relid = relid;
	if (name != NULL && schema != NULL)
	{
		relative->name = name;
		relative->schema = schema;
	}
	return relative;
}

List *
lineage_of(Oid relid)
{
	Relation inherits = table_open(InheritsRelationId, AccessShareLock);
	List *relids = list_make1_oid(relid);
	List *lineage = NIL;

	for (int i = 0; i < list_length(relids); i++)
	{
		relids = append_parents(inherits, list_nth_oid(relids, i), relids);
		lineage = lappend(lineage, name_relative(list_nth_oid(relids, i)));
	}
	table_close(inherits, AccessShareLock);
	return lineage;
}
