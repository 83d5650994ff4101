/*-------------------------------------------------------------------------
 *
 * relation.h
 *	  Which tables are an outbox, and which of their columns is what.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELATION_H
#define PG_OUTBOX_RELATION_H

#include "utils/rel.h"

#include "column.h"
#include "options.h"

/* One part of the topic: literal text, or a column if that is not NULL. */
typedef struct TopicPart
{
	Bytes literal;
	Column *column;
} TopicPart;

/* A header and the column it is made of. */
typedef struct HeaderColumn
{
	Bytes name; /* UTF-8 */
	Column *column;
} HeaderColumn;

/* An outbox table, its columns resolved. */
typedef struct Outbox
{
	Bytes name; /* schema.table, quoted as SQL does, UTF-8 */
	int natts;
	TopicPart *topic;
	int n_topic;
	Column *key;
	Column *payload;
	HeaderColumn *headers;
	int n_headers;
	Datum *values; /* room for one row */
	bool *nulls;
} Outbox;

typedef struct RelationCache RelationCache;

/*
 * Makes the cache of one decoding in the current memory context, which must
 * be the decoding's own: the cache ends with it, after an ERROR too.
 */
extern RelationCache *relation_cache_create(const Options *options);

/*
 * Returns the outbox that a table or partition is, or NULL if it is none.
 * Valid until the next call.  Raises an ERROR that names column and option if
 * the table is an outbox but cannot serve as one.  To be called inside the
 * transaction of a change callback: looks into the catalog.
 */
extern Outbox *relation_lookup(RelationCache *cache, Relation relation);

#endif /* PG_OUTBOX_RELATION_H */
