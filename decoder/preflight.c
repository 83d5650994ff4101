/*-------------------------------------------------------------------------
 *
 * preflight.c
 *	  Looks for what would stop the decoding later, before it begins.
 *
 * A name in option "tables" that no table has would publish nothing, for ever
 * and in silence; a column that cannot serve would stop the decoding at the
 * first row.  Both are known from the catalog as it is now.
 *
 * No lock is taken on the tables, so nothing waits here: decoding takes none
 * either (reorderbuffer.c, RelationIdGetRelation).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "commands/dbcommands.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "preflight.h"

/* Raises the ERROR of an entry that stands for no table. */
static void
undefined_table(const char *name)
{
	ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
					errmsg("option \"tables\": table %s does not exist in "
						   "database \"%s\"",
						   name, get_database_name(MyDatabaseId)),
					errhint("Create the table, or correct the entry, which is "
							"a schema and a table as in public.outbox. If all "
							"events are logical messages, set \"tables\" to "
							"empty.")));
}

/* Raises the ERROR of an entry whose rows are never decoded. */
static void
unfit_table(const char *name, const char *why, const char *hint)
{
	ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
					errmsg("option \"tables\": %s %s", name, why),
					errhint("%s", hint)));
}

/* The name of a relation as SQL has it. */
static const char *
qualified_name(Oid relid)
{
	return quote_qualified_identifier(get_namespace_name(
										  get_rel_namespace(relid)),
									  get_rel_name(relid));
}

/* Raises the ERROR of a table that is not in the WAL. */
static void
check_persistence(Oid relid)
{
	if (get_rel_persistence(relid) != RELPERSISTENCE_PERMANENT)
		unfit_table(qualified_name(relid),
					"is not a permanent table: its rows are not in the WAL",
					"ALTER TABLE ... SET LOGGED makes an unlogged table "
					"permanent.");
}

/* Checks the partitions and inheritance children of a table. */
static void
check_children(Oid relid, const char *name)
{
	ListCell *lc;

	foreach (lc, find_all_inheritors(relid, NoLock, NULL))
	{
		Oid child = lfirst_oid(lc);

		CHECK_FOR_INTERRUPTS();
		if (get_rel_relkind(child) == RELKIND_FOREIGN_TABLE)
			ereport(WARNING,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("rows of table %s that go to foreign table %s are "
							"not events: they are not in the WAL",
							name, qualified_name(child))));
		else
			check_persistence(child);
	}
}

/* Checks what one entry stands for. */
static void
check_table(RelationCache *cache, const TableName *table, XLogRecPtr since)
{
	const char *name = quote_qualified_identifier(table->schema, table->name);
	Oid schema = get_namespace_oid(table->schema, true);
	Oid relid = OidIsValid(schema) ? get_relname_relid(table->name, schema)
								   : InvalidOid;
	char kind = OidIsValid(relid) ? get_rel_relkind(relid) : '\0';
	Relation relation;

	if (!OidIsValid(relid))
		undefined_table(name);
	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
		unfit_table(name, "is not a table",
					"Events are rows that are inserted into a table.");
	check_children(relid, name);
	relation = RelationIdGetRelation(relid);
	if (!RelationIsValid(relation))
		undefined_table(name);
	relation_check(cache, relation, since);
	RelationClose(relation);
}

void
preflight(RelationCache *cache, const Options *options)
{
	MemoryContext old = CurrentMemoryContext;
	MemoryContext own =
		AllocSetContextCreate(old, "pg_outbox preflight", ALLOCSET_SMALL_SIZES);
	bool begins = !IsTransactionState();
	ListCell *lc;

	/*
	 * Before the snapshot: so if that does not see a table renamed, rows with
	 * the new name are in transactions that end behind this position.
	 */
	XLogRecPtr since = compat_flushed_position();

	if (begins)
		StartTransactionCommand();
	/* 19 reads no long value of a catalog without an active snapshot. */
	PushActiveSnapshot(GetTransactionSnapshot());
	MemoryContextSwitchTo(own);
	foreach (lc, options->tables)
		check_table(cache, lfirst(lc), since);
	PopActiveSnapshot();

	/*
	 * What the caches hold is the present.  Rows are read as their table was
	 * when they were written, so all of it goes (slotfuncs.c does the same in
	 * the SQL functions, pg_logical_slot_get_changes_guts).
	 */
	InvalidateSystemCaches();
	if (begins)
		CommitTransactionCommand();
	MemoryContextSwitchTo(old);
	MemoryContextDelete(own);
}
