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

/* One part of a text: literal text, or a column if that is not NULL. */
typedef struct TextPart
{
	Bytes literal; /* UTF-8 */
	Column *column;
} TextPart;

/* A text that is put together for each row. */
typedef struct Text
{
	TextPart *parts;
	int n_parts;
} Text;

/* A header. */
typedef struct OutboxHeader
{
	HeaderKind kind;
	Bytes name;     /* UTF-8; of a spread column unused */
	Column *column; /* of HEADER_COLUMN and HEADER_SPREAD */
	Text text;      /* of HEADER_TEMPLATE */
} OutboxHeader;

/* A member of the object that is the value. */
typedef struct OutboxMember
{
	Bytes name; /* UTF-8 */
	Column *column;
	bool as_text; /* JSON as a string */
} OutboxMember;

/* An outbox: a table, or messages of one form; its columns resolved. */
typedef struct Outbox
{
	const EventOptions *options;
	Oid table;  /* whose rows they are, for moves; of a message invalid */
	Bytes name; /* schema.table, quoted as SQL does, UTF-8 */
	int natts;
	Text topic; /* one part where a regex routes */
	Column *key;
	Text key_text; /* where a template makes the key */
	Column *id;    /* NULL: there is none */
	Column *payload;
	OutboxMember *members; /* of the object that is the value */
	int n_members;         /* 0: the payload is */
	Column *partition;     /* NULL: there is none */
	Column *timestamp;     /* NULL: there is none */
	OutboxHeader *headers;
	int n_headers;
	Filter *where;     /* NULL: all rows match */
	const char *lacks; /* the error of all its rows; NULL: none */
	Datum *values;     /* room for one row */
	bool *nulls;
} Outbox;

/* What the columns are chosen from: those of a table, or a message's fields. */
typedef struct ColumnSource ColumnSource;
struct ColumnSource
{
	const char *name;   /* of the table, for people; NULL: a message */
	const char *schema; /* what $schema and $table stand for; NULL: a message */
	const char *table;
	int natts;
	bool strict; /* what cannot serve is an ERROR, not an error line */
	bool warns;  /* of headers that are left out */

	/*
	 * Returns the column of that name, palloc'd, or NULL if there is none or,
	 * with *unfit set to it, if its type cannot serve.
	 */
	Column *(*find)(const ColumnSource *source, const char *name, Oid *unfit);
};

/*
 * Resolves all that the options say, in the current memory context.  Where the
 * source is strict, a table that cannot serve raises an ERROR that names column
 * and option; else outbox->lacks says what it lacks.
 */
extern Outbox *outbox_resolve(const EventOptions *options,
							  const ColumnSource *source);

#endif /* PG_OUTBOX_OUTBOX_H */
