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

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
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
#include "utils/syscache.h"

#include "compat.h"
#include "preflight.h"

/* Raises the ERROR of an entry that stands for no table. */
static void
undefined_table(const char *what)
{
	ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
					errmsg("option \"tables\": %s does not exist in "
						   "database \"%s\"",
						   what, get_database_name(MyDatabaseId)),
					errhint("Create the table, or correct the entry, which is "
							"a schema and a table as in public.outbox. If all "
							"events are logical messages, set \"tables\" to "
							"empty.")));
}

/* Reports, as an ERROR or less, a table whose rows are never decoded. */
static void
unfit_table(int level, const char *name, const char *why, const char *hint)
{
	ereport(level, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
					errmsg("option \"tables\": %s %s", name, why),
					errhint("%s", hint)));
}

/* Raises the ERROR of an entry that comes too late to count. */
static void
taken_entry(const TableEntry *entry, const TableEntry *by)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("option \"tables\": %s never counts, since %s is "
						   "before it",
						   entry->source, by->source),
					errhint("The first entry that stands for a table counts: "
							"write the narrower one first.")));
}

/* The name of a relation for people. */
static const char *
title_of(Oid relid)
{
	return relation_title(relid, get_namespace_name(get_rel_namespace(relid)),
						  get_rel_name(relid));
}

/* Gives kind and persistence of a relation; false if it was dropped. */
static bool
look_up(Oid relid, char *kind, char *persistence)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Form_pg_class relation;

	if (!HeapTupleIsValid(tuple))
		return false;
	relation = (Form_pg_class) GETSTRUCT(tuple);
	*kind = relation->relkind;
	*persistence = relation->relpersistence;
	ReleaseSysCache(tuple);
	return true;
}

/*
 * Checks that a table, its partitions and its inheritance children are in the
 * WAL; what is not is reported at a level.
 */
static void
check_persistence(Oid relid, const char *name, int level)
{
	ListCell *lc;

	foreach (lc, find_all_inheritors(relid, NoLock, NULL))
	{
		Oid child = lfirst_oid(lc);
		char kind;
		char persistence;

		CHECK_FOR_INTERRUPTS();
		if (!look_up(child, &kind, &persistence))
			continue;
		if (kind == RELKIND_FOREIGN_TABLE)
			ereport(WARNING,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("rows of table %s that go to foreign table %s are "
							"not events: they are not in the WAL",
							name, title_of(child))));
		else if (persistence != RELPERSISTENCE_PERMANENT)
			unfit_table(level, title_of(child),
						"is not a permanent table: its rows are not in the WAL",
						"ALTER TABLE ... SET LOGGED makes an unlogged table "
						"permanent.");
	}
}

/* Checks a table that an entry stands for; false if it was dropped. */
static bool
check_table(RelationCache *cache, const TableEntry *entry, Oid relid,
			XLogRecPtr since)
{
	Relation relation;

	CHECK_FOR_INTERRUPTS();
	check_persistence(relid, title_of(relid),
					  is_pattern(entry) ? WARNING : ERROR);
	relation = RelationIdGetRelation(relid);
	if (!RelationIsValid(relation))
		return false;
	relation_check(cache, relation, since);
	RelationClose(relation);
	return true;
}

/* Checks what an entry without * in it stands for. */
static void
check_name(RelationCache *cache, const TableEntry *entry, XLogRecPtr since)
{
	const char *schema = pattern_name(entry->schema);
	const char *table = pattern_name(entry->table);
	const char *name = quote_qualified_identifier(schema, table);
	Oid namespace = get_namespace_oid(schema, true);
	Oid relid = OidIsValid(namespace) ? get_relname_relid(table, namespace)
									  : InvalidOid;
	char kind = OidIsValid(relid) ? get_rel_relkind(relid) : '\0';

	if (OidIsValid(relid) && kind != '\0' && !relation_is_table(kind))
		unfit_table(ERROR, name, "is not a table",
					"Events are rows that are inserted into a table.");
	if (!OidIsValid(relid) || !check_table(cache, entry, relid, since))
		undefined_table(psprintf("table %s", name));
}

/* The first entry that stands for a table of that name, or NULL. */
static const TableEntry *
first_entry(const Options *options, const char *schema, const char *table)
{
	ListCell *lc;

	foreach (lc, options->tables)
	{
		const TableEntry *entry = lfirst(lc);

		if (is_named(entry, schema, table))
			return entry;
	}
	return NULL;
}

/* Whether rows of a relation can be events at all. */
static bool
is_table(Form_pg_class relation)
{
	return relation_is_table(relation->relkind) &&
		   relation->relpersistence != RELPERSISTENCE_TEMP &&
		   relation->oid >= FirstNormalObjectId &&
		   !isAnyTempNamespace(relation->relnamespace);
}

/* Lists the tables that are there, as relatives of none. */
static List *
list_tables(void)
{
	Relation catalog = table_open(RelationRelationId, AccessShareLock);
	SysScanDesc scan =
		systable_beginscan(catalog, InvalidOid, false, NULL, 0, NULL);
	List *relids = NIL;
	HeapTuple tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_class relation = (Form_pg_class) GETSTRUCT(tuple);

		if (is_table(relation))
			relids = lappend_oid(relids, relation->oid);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return relids;
}

/*
 * Checks the tables that an entry with * in it stands for.  Other entries
 * before it may take some of them, but not all.
 */
static void
check_pattern(RelationCache *cache, const Options *options,
			  const TableEntry *entry, List *tables, XLogRecPtr since)
{
	const TableEntry *taken_by = NULL;
	int n_tables = 0;
	ListCell *lc;

	foreach (lc, tables)
	{
		char *table = get_rel_name(lfirst_oid(lc));
		char *schema = get_namespace_name(get_rel_namespace(lfirst_oid(lc)));
		const TableEntry *first;

		if (table == NULL || schema == NULL || !is_named(entry, schema, table))
			continue;
		first = first_entry(options, schema, table);
		if (first != entry)
			taken_by = first;
		else if (check_table(cache, entry, lfirst_oid(lc), since))
			n_tables++;
	}
	if (n_tables == 0 && taken_by != NULL)
		taken_entry(entry, taken_by);
	if (n_tables == 0)
		undefined_table(psprintf("a table like %s", entry->source));
}

/* Checks all entries. */
static void
check_entries(RelationCache *cache, const Options *options, XLogRecPtr since)
{
	List *tables = NIL;
	ListCell *lc;

	foreach (lc, options->tables)
	{
		const TableEntry *entry = lfirst(lc);
		const TableEntry *first;

		if (is_pattern(entry))
		{
			if (tables == NIL)
				tables = list_tables();
			check_pattern(cache, options, entry, tables, since);
			continue;
		}
		first = first_entry(options, pattern_name(entry->schema),
							pattern_name(entry->table));
		if (first != entry)
			taken_entry(entry, first);
		check_name(cache, entry, since);
	}
}

void
preflight(RelationCache *cache, const Options *options)
{
	MemoryContext old = CurrentMemoryContext;
	MemoryContext own =
		AllocSetContextCreate(old, "pg_outbox preflight", ALLOCSET_SMALL_SIZES);
	bool begins = !IsTransactionState();

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
	check_entries(cache, options, since);
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
