/*-------------------------------------------------------------------------
 *
 * outbox.h
 *	  What the columns of an outbox are for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_OUTBOX_H
#define PG_OUTBOX_OUTBOX_H

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
	Bytes name;  /* UTF-8; of a spread column unused */
	bool spread; /* each member of the object in it is a header */
	Column *column;
} HeaderColumn;

/* An outbox: a table, or messages of one form; its columns resolved. */
typedef struct Outbox
{
	Bytes name; /* schema.table, quoted as SQL does, UTF-8 */
	int natts;
	TopicPart *topic; /* n_topic = 1 where a regex routes */
	int n_topic;
	Column *key;
	Column *payload;
	Column *partition; /* NULL: there is none */
	Column *timestamp; /* NULL: there is none */
	HeaderColumn *headers;
	int n_headers;
	const char *lacks; /* the error of all its rows; NULL: none */
	Datum *values;     /* room for one row */
	bool *nulls;
} Outbox;

/* What the columns are chosen from: those of a table, or a message's fields. */
typedef struct ColumnSource ColumnSource;
struct ColumnSource
{
	const char *name; /* of the table, for people; NULL: a message */
	int natts;
	bool strict; /* what cannot serve is an ERROR, not an error line */
	bool warns;  /* of headers that are left out */

	/*
	 * Returns the column of that name, palloc'd, or NULL if there is none or,
	 * where that is no ERROR, if its type cannot serve.
	 */
	Column *(*find)(const ColumnSource *source, const char *name,
					const char *option);
};

/*
 * Resolves all that the options say, in the current memory context.  Where the
 * source is strict, a table that cannot serve raises an ERROR that names column
 * and option; else outbox->lacks says what it lacks.
 */
extern Outbox *outbox_resolve(const Options *options,
							  const ColumnSource *source);

#endif /* PG_OUTBOX_OUTBOX_H */
