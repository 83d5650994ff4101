/*-------------------------------------------------------------------------
 *
 * column.h
 *	  A column of an outbox table and its values as text.
 *
 * The fields of a logical message stand beside them: a message is read as a
 * row whose columns are its fields.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_COLUMN_H
#define PG_OUTBOX_COLUMN_H

#include "access/tupdesc.h"
#include "fmgr.h"

#include "bytes.h"

/* How values of a column's type are read. */
typedef enum ColumnType
{
	COLUMN_TEXT, /* text, varchar */
	COLUMN_CHAR, /* char(n) */
	COLUMN_JSON,
	COLUMN_JSONB,
	COLUMN_BYTEA,
	COLUMN_UUID,
	COLUMN_BOOL,
	COLUMN_INT2,
	COLUMN_INT4,
	COLUMN_INT8,
	COLUMN_TIME, /* date and time types, by typid */
	COLUMN_OTHER /* what else is built in, and enums: by output function */
} ColumnType;

typedef struct Column
{
	int index; /* attnum - 1, or the ordinal of a field */
	char *name;
	ColumnType type;
	Oid typid;       /* the base type, where the column's is a domain */
	bool varlena;    /* variable length: may be compressed or out of line */
	bool is_field;   /* of a message: text, json or bytes, as a Bytes * */
	FmgrInfo output; /* of COLUMN_OTHER */
} Column;

/*
 * Values longer than this, as stored, are not printed by an output function
 * or as jsonb: an array of numbers like 1e131071 would print as gigabytes.
 */
#define MAX_STORED_VALUE 8192

/* Nor is one used that prints longer than this. */
#define MAX_PRINTED_VALUE (8 * MAX_STORED_VALUE)

/*
 * Finds a column by name.  Returns it palloc'd in the current context, or NULL
 * if the table has no such column or its values are not in the WAL (a virtual
 * generated one).  NULL as well, with *unfit set to it, if the type is neither
 * built in nor an enum: only of the others the output functions are known not
 * to fail.  Looks into the catalog.
 */
extern Column *column_find(TupleDesc desc, const char *name, Oid *unfit);

/*
 * Describes a column of any type, palloc'd in the current context.  Looks into
 * the catalog.
 */
extern Column *column_describe(Form_pg_attribute att);

/*
 * The uncompressed size of a value in bytes, known without reading what is
 * out of line.  -1 if the value is out of line and not in the WAL record.
 */
extern int64 column_size(const Column *column, Datum value);

/*
 * The bytes of a value of text, char(n), json or bytea, uncompressed; those of
 * text are in the database's encoding, those of char(n) without its padding.
 */
extern Bytes column_bytes(const Column *column, Datum value);

/*
 * Gives a value that is not NULL as UTF-8 text, the form that topics, keys
 * and headers have.  Allocates in the current context.  Returns NULL, or why
 * it cannot be given.
 */
extern const char *column_text(const Column *column, Datum value, Bytes *text);

/*
 * Gives a value of an integer type, or digits in a field.  Returns NULL, or
 * why it cannot be given.
 */
extern const char *column_integer(const Column *column, Datum value,
								  int64 *number);

/*
 * Gives a point in time in ms since 1970-01-01 UTC: of a timestamp with or
 * without time zone, the latter taken as UTC, or of an integer that is that
 * already; in a field, of digits or of ISO 8601 as column_text() gives it.
 * Returns NULL, or why it cannot be given.
 */
extern const char *column_unix_ms(const Column *column, Datum value, int64 *ms);

/*
 * Gives a date, time or timestamp in ISO 8601, UTC with Z if it has a zone;
 * allocates in the current context.
 */
extern void time_text(Oid typid, Datum value, Bytes *text);

/* Microseconds since 2000, as PostgreSQL counts, to ms since 1970. */
extern int64 unix_ms(int64 time);

#endif /* PG_OUTBOX_COLUMN_H */
