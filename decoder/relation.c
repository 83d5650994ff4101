/*-------------------------------------------------------------------------
 *
 * relation.c
 *	  Which tables are an outbox.
 *
 * That, and what its columns are for, is looked up once per table and kept
 * until the table, its schema or a parent of it changes.  Follows
 * RelationSyncCache of pgoutput.c, with what its history taught: callbacks
 * cannot be unregistered, so they are registered once per process and find
 * nothing when no decoding is under way (05172f1f37); they may come in the
 * middle of our own look-ups and so only mark entries (7f481b8d38); after an
 * ERROR shutdown_cb is not called, so the static pointer is reset with the
 * memory context (b46efe9048).
 *
 * A table that loses the name by which it is an outbox must not take its rows
 * with it in silence.  So the cache keeps the name under which a table (by
 * OID) was one.  While no table has that name, further rows are error lines;
 * once another table has it, the renamed one is no outbox any more.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "compat.h"
#include "lineage.h"
#include "relation.h"
#include "utf8.h"

/* What is known of one relation. */
typedef struct RelationEntry
{
	Oid relid; /* hash key */
	bool valid;
	bool has_parents;      /* what it is depends on its ancestors too */
	bool is_ancestor;      /* of a relation in the cache */
	bool warned;           /* of headers that the table lacks */
	uint64 ancestry;       /* cache->ancestry when it was looked up */
	Outbox *outbox;        /* NULL: not an outbox */
	MemoryContext context; /* holds the outbox; NULL: there is none */
	char *was_schema;      /* the last name by which it was an outbox itself, */
	char *was_name;        /* ... not as a child; NULL: it never was */
	XLogRecPtr was_since;  /* holds for transactions that end behind this */
	const EventOptions *was_events; /* the options that it had then */
} RelationEntry;

struct RelationCache
{
	const Options *options;
	MemoryContext context;
	HTAB *entries;
	uint64 ancestry; /* goes up when an ancestor of a relation changes */
};

/* The cache of the decoding under way in this process, for invalidations. */
static RelationCache *current_cache = NULL;

/* Forgets the cache when the memory context of the decoding goes. */
static void
forget_cache(void *arg)
{
	if (current_cache == arg)
		current_cache = NULL;
}

/* Marks what depends on one relation, or with InvalidOid everything. */
static void
invalidate_relation(Datum arg, Oid relid)
{
	RelationEntry *entry;
	HASH_SEQ_STATUS status;

	if (current_cache == NULL)
		return;
	if (OidIsValid(relid))
	{
		entry = hash_search(current_cache->entries, &relid, HASH_FIND, NULL);
		if (entry == NULL)
			return;
		entry->valid = false;
		if (entry->is_ancestor)
			current_cache->ancestry++;
		return;
	}
	hash_seq_init(&status, current_cache->entries);
	while ((entry = hash_seq_search(&status)) != NULL)
		entry->valid = false;
}

/* A schema was renamed, which no table's invalidation tells (cd4b2334db). */
static void
invalidate_schema(Datum arg, int cacheid, uint32 hashvalue)
{
	invalidate_relation((Datum) 0, InvalidOid);
}

/* Registers the callbacks, which stay for the life of the process. */
static void
register_callbacks(void)
{
	static bool registered = false;

	if (registered)
		return;
	CacheRegisterRelcacheCallback(invalidate_relation, (Datum) 0);
	CacheRegisterSyscacheCallback(NAMESPACEOID, invalidate_schema, (Datum) 0);
	registered = true;
}

RelationCache *
relation_cache_create(const Options *options)
{
	RelationCache *cache = palloc0(sizeof(RelationCache));
	MemoryContextCallback *callback = palloc0(sizeof(MemoryContextCallback));
	HASHCTL control = {0};

	cache->options = options;
	cache->context = CurrentMemoryContext;
	control.keysize = sizeof(Oid);
	control.entrysize = sizeof(RelationEntry);
	control.hcxt = cache->context;
	cache->entries = hash_create("pg_outbox relations", 64, &control,
								 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	callback->func = forget_cache;
	callback->arg = cache;
	MemoryContextRegisterResetCallback(cache->context, callback);
	current_cache = cache;
	register_callbacks();
	return cache;
}

/* Finds a relation's entry, or makes an invalid one. */
static RelationEntry *
find_entry(RelationCache *cache, Oid relid)
{
	bool found;
	RelationEntry *entry =
		hash_search(cache->entries, &relid, HASH_ENTER, &found);

	if (!found)
	{
		memset(entry, 0, sizeof(RelationEntry));
		entry->relid = relid;
	}
	return entry;
}

/* Keeps the name by which a relation is an outbox. */
static void
keep_name(RelationCache *cache, const Relative *relative,
		  const EventOptions *events, XLogRecPtr since)
{
	RelationEntry *entry = find_entry(cache, relative->relid);

	if (entry->was_name != NULL)
	{
		pfree(entry->was_schema);
		pfree(entry->was_name);
	}
	entry->was_schema = MemoryContextStrdup(cache->context, relative->schema);
	entry->was_name = MemoryContextStrdup(cache->context, relative->name);
	entry->was_since = since;
	entry->was_events = events;
}

/*
 * Finds the first entry of option "tables" that stands for a relation or an
 * ancestor of it, and which of them that is, or NULL.  What is found is known
 * since a position.
 */
static const TableEntry *
find_table(RelationCache *cache, List *lineage, XLogRecPtr since,
		   const Relative **named)
{
	ListCell *lc;

	foreach (lc, cache->options->tables)
	{
		const TableEntry *entry = lfirst(lc);

		/* From the farthest ancestor on. */
		for (int i = list_length(lineage) - 1; i >= 0; i--)
		{
			const Relative *relative = list_nth(lineage, i);

			if (relative->name == NULL ||
				!is_named(entry, relative->schema, relative->name))
				continue;
			keep_name(cache, relative, entry->events, since);
			*named = relative;
			return entry;
		}
	}
	return NULL;
}

/*
 * Finds the relation or ancestor that was an outbox before a transaction which
 * ends at that position, by a name that no table has any more; NULL: none.
 * Sets *was_outbox if one was an outbox at all.
 */
static const RelationEntry *
find_renamed(RelationCache *cache, List *lineage, XLogRecPtr position,
			 bool *was_outbox)
{
	ListCell *lc;

	foreach (lc, lineage)
	{
		const Relative *relative = lfirst(lc);
		const RelationEntry *entry = find_entry(cache, relative->relid);
		Oid schema;

		if (entry->was_name == NULL)
			continue;
		*was_outbox = true;
		if (position <= entry->was_since)
			continue;
		schema = get_namespace_oid(entry->was_schema, true);
		if (!OidIsValid(schema) ||
			!OidIsValid(get_relname_relid(entry->was_name, schema)))
			return entry;
	}
	return NULL;
}

const char *
relation_title(Oid relid, const char *schema, const char *name)
{
	const char *title;
	Bytes utf8;

	if (schema != NULL && name != NULL)
	{
		title = quote_qualified_identifier(schema, name);
		if (utf8_from_server(title, strlen(title), &utf8))
			return title;
	}
	return psprintf("%u", relid);
}

/* The same of one that is open. */
static const char *
title_of(Relation relation)
{
	return relation_title(RelationGetRelid(relation),
						  get_namespace_name(RelationGetNamespace(relation)),
						  RelationGetRelationName(relation));
}

/* The name of a relation in error lines. */
static Bytes
relation_name(Relation relation)
{
	const char *title = title_of(relation);
	Bytes utf8;

	if (utf8_from_server(title, strlen(title), &utf8))
		utf8.data = pnstrdup(utf8.data, utf8.len);
	return utf8;
}

/* The columns of a table. */
typedef struct TableSource
{
	ColumnSource source;
	TupleDesc desc;
} TableSource;

/* Finds a column of a table. */
static Column *
find_column(const ColumnSource *source, const char *name, Oid *unfit)
{
	return column_find(((const TableSource *) source)->desc, name, unfit);
}

/*
 * The table whose rows a relation holds, so that one that is deleted from it
 * and inserted into another of the same table has moved.  Of partitions it is
 * their root: a pattern may match them, and not it.
 */
static Oid
rows_belong_to(Relation relation, const List *lineage, const Relative *named)
{
	if (named == NULL)
		return InvalidOid;
	if (relation->rd_rel->relispartition)
		return ((const Relative *) llast(lineage))->relid;
	return named->relid;
}

/*
 * Resolves all that the options say of a table, in the current context; named
 * is the table that option "tables" names, or NULL if it was renamed.  What is
 * resolved points to its names, which so have to live as long.  Where that is
 * strict, a table that cannot serve is an ERROR.
 */
static Outbox *
resolve(const EventOptions *options, Relation relation, const Relative *named,
		bool strict, bool warns)
{
	TupleDesc desc = RelationGetDescr(relation);
	TableSource table = {{.name = title_of(relation),
						  .schema = named ? pstrdup(named->schema) : NULL,
						  .table = named ? pstrdup(named->name) : NULL,
						  .natts = desc->natts,
						  .strict = strict,
						  .warns = warns,
						  .find = find_column},
						 desc};
	Outbox *outbox = outbox_resolve(options, &table.source);

	outbox->name = relation_name(relation);
	return outbox;
}

/* The error of rows of a table that was an outbox by another name. */
static const char *
renamed_error(const RelationEntry *entry)
{
	const char *name =
		quote_qualified_identifier(entry->was_schema, entry->was_name);
	Bytes utf8;

	if (!utf8_from_server(name, strlen(name), &utf8))
		return "table was an outbox by another name, which no table has now";
	return psprintf("table was the outbox %.*s, and no table has that name now",
					utf8.len, utf8.data);
}

/* Forgets what an entry says, except the name by which it was an outbox. */
static void
clear(RelationEntry *entry)
{
	if (entry->context != NULL)
		MemoryContextDelete(entry->context);
	entry->context = NULL;
	entry->outbox = NULL;
}

/* The relation and its ancestors; what they are depends on each other. */
static List *
look_up_lineage(RelationCache *cache, RelationEntry *entry)
{
	List *lineage = lineage_of(entry->relid);

	entry->has_parents = list_length(lineage) > 1;
	for (int i = 1; i < list_length(lineage); i++)
	{
		const Relative *ancestor = list_nth(lineage, i);

		find_entry(cache, ancestor->relid)->is_ancestor = true;
	}
	return lineage;
}

/*
 * Looks a relation up again.  Where that is strict, a table that an entry names
 * and that cannot serve is an ERROR.  Not so one that merely matches a pattern:
 * whoever may create a table could stop the decoding by it.
 */
static void
rebuild(RelationCache *cache, RelationEntry *entry, Relation relation,
		XLogRecPtr since, XLogRecPtr position, bool strict)
{
	List *lineage;
	const Relative *named = NULL;
	const TableEntry *table;
	bool was_outbox = false;
	bool exact;
	const RelationEntry *renamed = NULL;
	MemoryContext old;

	clear(entry);
	/* First, so that an invalidation that comes meanwhile is not lost. */
	entry->valid = true;
	entry->ancestry = cache->ancestry;
	if (!relation_is_table(relation->rd_rel->relkind))
		return;
	lineage = look_up_lineage(cache, entry);
	table = find_table(cache, lineage, since, &named);
	if (table == NULL)
		renamed = find_renamed(cache, lineage, position, &was_outbox);
	/* No invalidation says that another table took or lost its old name. */
	if (was_outbox)
		entry->valid = false;
	if (table == NULL && renamed == NULL)
		return;

	exact = table != NULL && !is_pattern(table);
	entry->context = AllocSetContextCreate(cache->context, "pg_outbox outbox",
										   ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(entry->context);
	entry->outbox = resolve(table != NULL ? table->events : renamed->was_events,
							relation, named, strict && exact, !entry->warned);
	entry->outbox->table = rows_belong_to(relation, lineage, named);
	if (renamed != NULL)
		entry->outbox->lacks = renamed_error(renamed);
	/* A row that is inserted raises the ERROR. */
	if (exact && entry->outbox->lacks != NULL)
		entry->valid = false;
	entry->warned = true;
	MemoryContextSwitchTo(old);
}

/* Whether an entry has to be looked up again. */
static bool
is_stale(const RelationCache *cache, const RelationEntry *entry)
{
	return !entry->valid ||
		   (entry->has_parents && entry->ancestry != cache->ancestry);
}

Outbox *
relation_lookup(RelationCache *cache, Relation relation, XLogRecPtr position,
				bool strict)
{
	RelationEntry *entry = find_entry(cache, RelationGetRelid(relation));

	if (is_stale(cache, entry))
		rebuild(cache, entry, relation, InvalidXLogRecPtr, position, strict);
	return entry->outbox;
}

/* Warns of a table that cannot serve, for a reason that may not be text. */
static void
warn_of_table(Relation relation, const char *lacks)
{
	Bytes utf8;

	if (!utf8_from_server(lacks, strlen(lacks), &utf8))
		lacks = "they cannot be events";
	ereport(WARNING,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("rows of table %s are error lines: %s", title_of(relation),
					lacks),
			 errhint("Option \"tables\" does not name the table, but a pattern "
					 "in it matches: change table or pattern.")));
}

void
relation_check(RelationCache *cache, Relation relation, XLogRecPtr since)
{
	RelationEntry *entry = find_entry(cache, RelationGetRelid(relation));

	rebuild(cache, entry, relation, since, InvalidXLogRecPtr, true);
	if (entry->outbox != NULL && entry->outbox->lacks != NULL)
		warn_of_table(relation, entry->outbox->lacks);
	clear(entry);
	entry->valid = false;
}
