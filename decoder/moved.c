/*-------------------------------------------------------------------------
 *
 * moved.c
 *	  Rows that an UPDATE moves to another partition of their table.
 *
 * Such an UPDATE is logged as a DELETE and an INSERT (nodeModifyTable.c,
 * ExecCrossPartitionUpdate), so the row would be published again.  It is known
 * by its id, which the DELETE has if it is part of the replica identity.
 *
 * What a transaction deleted is remembered up to a bound.  A move inserts each
 * row right behind its deletion, and then it is forgotten; so only a
 * transaction that deletes many rows and inserts one of them again much later
 * may get past it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "moved.h"
#include "relation.h"

/* The most rows that are remembered, of ids of at most so many bytes. */
#define MAX_ROWS 50000
#define MAX_ID 100

/* A row, by the table's OID and its id; padded with zeros. */
typedef struct RowKey
{
	Oid table;
	char id[MAX_ID];
} RowKey;

/* A row that was deleted. */
typedef struct DeletedRow
{
	RowKey key;    /* hash key */
	Oid partition; /* that it was deleted from */
} DeletedRow;

struct MovedRows
{
	MemoryContext context; /* of the hash table */
	HTAB *deleted;         /* NULL: nothing was deleted */
	Oid unknown_table;     /* whose row was deleted, nobody knows which */
	Oid unknown_partition;
	bool warned;
};

MovedRows *
moved_rows_create(void)
{
	MovedRows *rows = palloc0(sizeof(MovedRows));

	rows->context =
		AllocSetContextCreate(CurrentMemoryContext, "pg_outbox moved rows",
							  ALLOCSET_SMALL_SIZES);
	return rows;
}

/* Forgets the rows that are remembered. */
static void
forget(MovedRows *rows)
{
	rows->deleted = NULL;
	MemoryContextReset(rows->context);
}

void
moved_rows_begin(MovedRows *rows)
{
	if (rows->deleted != NULL)
		forget(rows);
	rows->unknown_table = InvalidOid;
}

/* The key of a row; false if its id is not known, or too long. */
static bool
make_key(RowKey *key, const Outbox *outbox, Relation partition, HeapTuple tuple)
{
	const Column *id = outbox->id;
	Bytes text;

	if (tuple == NULL || id == NULL)
		return false;
	heap_deform_tuple(tuple, RelationGetDescr(partition), outbox->values,
					  outbox->nulls);
	if (outbox->nulls[id->index] ||
		column_size(id, outbox->values[id->index]) < 0 ||
		column_size(id, outbox->values[id->index]) > MAX_ID ||
		column_text(id, outbox->values[id->index], &text) != NULL ||
		text.len > MAX_ID)
		return false;
	memset(key, 0, sizeof(RowKey));
	key->table = outbox->table;
	memcpy(key->id, text.data, text.len);
	return true;
}

/* Makes the hash table, or an empty one if it is full. */
static void
make_room(MovedRows *rows)
{
	HASHCTL control = {0};

	if (rows->deleted != NULL && hash_get_num_entries(rows->deleted) < MAX_ROWS)
		return;
	forget(rows);
	control.keysize = sizeof(RowKey);
	control.entrysize = sizeof(DeletedRow);
	control.hcxt = rows->context;
	rows->deleted = hash_create("pg_outbox deleted rows", 64, &control,
								HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

void
moved_rows_deleted(MovedRows *rows, Outbox *outbox, Relation partition,
				   HeapTuple old)
{
	RowKey key;
	DeletedRow *row;

	if (!make_key(&key, outbox, partition, old))
	{
		rows->unknown_table = outbox->table;
		rows->unknown_partition = RelationGetRelid(partition);
		return;
	}
	make_room(rows);
	row = hash_search(rows->deleted, &key, HASH_ENTER, NULL);
	row->partition = RelationGetRelid(partition);
}

/* Warns that a row may have moved, if a deleted one was not known. */
static void
warn_of_move(MovedRows *rows, const Outbox *outbox, Relation partition)
{
	if (rows->warned || !OidIsValid(rows->unknown_table) ||
		rows->unknown_table != outbox->table ||
		rows->unknown_partition == RelationGetRelid(partition))
		return;
	rows->warned = true;
	ereport(
		WARNING,
		(errmsg("rows of one transaction were deleted from a partition of an "
				"outbox and inserted into partition %s: if an UPDATE moved "
				"them, they are published again",
				relation_title(RelationGetRelid(partition),
							   get_namespace_name(
								   RelationGetNamespace(partition)),
							   RelationGetRelationName(partition))),
		 errhint("Let the replica identity of the partitions (the primary key, "
				 "or REPLICA IDENTITY FULL) have the column of option "
				 "\"id\": rows that move are no events then.")));
}

bool
moved_rows_inserted(MovedRows *rows, Outbox *outbox, Relation partition,
					HeapTuple new)
{
	RowKey key;
	const DeletedRow *row;

	warn_of_move(rows, outbox, partition);
	if (rows->deleted == NULL || !make_key(&key, outbox, partition, new))
		return false;
	row = hash_search(rows->deleted, &key, HASH_REMOVE, NULL);
	return row != NULL && row->partition != RelationGetRelid(partition);
}
