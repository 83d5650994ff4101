/*-------------------------------------------------------------------------
 *
 * relation.c
 *	  Which tables are an outbox.
 *
 * That, and what its columns are for, is looked up once a table and remembered
 * until the table, its schema or a parent of it changes.  Follows
 * RelationSyncCache of pgoutput.c, with what its history taught: callbacks
 * cannot be unregistered, so they are registered once a process and find
 * nothing when no decoding is under way (05172f1f37); they may come in the
 * middle of our own look-ups and so only mark entries (7f481b8d38); after an
 * ERROR shutdown_cb is not called, so the static pointer is reset with the
 * memory context (b46efe9048).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "compat.h"
#include "relation.h"
#include "utf8.h"

/* What is known of one relation. */
typedef struct RelationEntry
{
	Oid relid; /* hash key */
	bool valid;
	bool is_partition;     /* what it is depends on its ancestors too */
	bool is_ancestor;      /* of a relation in the cache */
	bool warned;           /* of headers that the table lacks */
	uint64 ancestry;       /* cache->ancestry when a partition was looked up */
	Outbox *outbox;        /* NULL: not an outbox */
	MemoryContext context; /* holds the outbox; NULL: there is none */
} RelationEntry;

struct RelationCache
{
	const Options *options;
	MemoryContext context;
	HTAB *entries;
	uint64 ancestry; /* goes up when an ancestor of a partition changes */
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

/* Tells whether the option "tables" names this relation. */
static bool
is_named(const RelationCache *cache, const char *schema, const char *name)
{
	ListCell *lc;

	if (schema == NULL || name == NULL)
		return false;
	foreach (lc, cache->options->tables)
	{
		const TableName *table = lfirst(lc);

		if (strcmp(table->schema, schema) == 0 &&
			strcmp(table->name, name) == 0)
			return true;
	}
	return false;
}

/* Tells whether a partition belongs to a table that is named. */
static bool
has_named_ancestor(RelationCache *cache, Oid relid)
{
	List *ancestors = get_partition_ancestors(relid);
	bool named = false;
	ListCell *lc;

	foreach (lc, ancestors)
	{
		Oid ancestor = lfirst_oid(lc);

		find_entry(cache, ancestor)->is_ancestor = true;
		named = named ||
				is_named(cache, get_namespace_name(get_rel_namespace(ancestor)),
						 get_rel_name(ancestor));
	}
	return named;
}

/* The name of a relation for people. */
static Bytes
relation_name(Relation relation)
{
	const char *name =
		quote_qualified_identifier(get_namespace_name(
									   RelationGetNamespace(relation)),
								   RelationGetRelationName(relation));
	Bytes utf8;

	if (!utf8_from_server(name, strlen(name), &utf8))
	{
		utf8.data = psprintf("%u", RelationGetRelid(relation));
		utf8.len = strlen(utf8.data);
	}
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
find_column(const ColumnSource *source, const char *name, const char *option)
{
	const TableSource *table = (const TableSource *) source;

	return column_find(table->desc, name, source->name, option);
}

/* Resolves all that the options say of a table, in the current context. */
static Outbox *
resolve(const Options *options, Relation relation, bool warns)
{
	TupleDesc desc = RelationGetDescr(relation);
	Bytes name = relation_name(relation);
	TableSource table = {{pnstrdup(name.data, name.len), desc->natts, warns,
						  find_column},
						 desc};
	Outbox *outbox = outbox_resolve(options, &table.source);

	outbox->name = name;
	return outbox;
}

/* Looks a relation up anew. */
static void
rebuild(RelationCache *cache, RelationEntry *entry, Relation relation)
{
	MemoryContext old;

	if (entry->context != NULL)
		MemoryContextDelete(entry->context);
	entry->context = NULL;
	entry->outbox = NULL;

	/* First, so that an invalidation that comes meanwhile is not lost. */
	entry->valid = true;
	entry->ancestry = cache->ancestry;
	entry->is_partition = relation->rd_rel->relispartition;
	if (!is_named(cache, get_namespace_name(RelationGetNamespace(relation)),
				  RelationGetRelationName(relation)) &&
		!(entry->is_partition && has_named_ancestor(cache, entry->relid)))
		return;

	entry->context = AllocSetContextCreate(cache->context, "pg_outbox outbox",
										   ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(entry->context);
	entry->outbox = resolve(cache->options, relation, !entry->warned);
	entry->warned = true;
	MemoryContextSwitchTo(old);
}

Outbox *
relation_lookup(RelationCache *cache, Relation relation)
{
	RelationEntry *entry = find_entry(cache, RelationGetRelid(relation));

	if (!entry->valid ||
		(entry->is_partition && entry->ancestry != cache->ancestry))
		rebuild(cache, entry, relation);
	return entry->outbox;
}
