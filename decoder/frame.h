/*-------------------------------------------------------------------------
 *
 * frame.h
 *	  Reads and writes the frame of an event in a logical message;
 *	  docs/messages.md is its format.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_FRAME_H
#define PG_OUTBOX_FRAME_H

#include "lib/stringinfo.h"

#include "bytes.h"

/* The version of the frame, its first byte. */
#define FRAME_VERSION 1

/*
 * More fields than this are refused: a row has 1600 columns at most
 * (htup_details.h, MaxHeapAttributeNumber), and says of which table it is.
 */
#define FRAME_MAX_FIELDS 1601

/*
 * The field that says that a message is a row, and of which table: a name like
 * public.outbox.  The options alone then say which field is the timestamp.
 */
#define FRAME_RELATION "pg_outbox.relation"

typedef enum FieldKind
{
	FIELD_NULL = 'n',
	FIELD_TEXT = 't',
	FIELD_JSON = 'j',
	FIELD_BYTES = 'b'
} FieldKind;

/* A field; its name and value point into the frame. */
typedef struct Field
{
	Bytes name;
	FieldKind kind;
	Bytes value;
} Field;

/*
 * Splits a frame into at most FRAME_MAX_FIELDS fields.  Returns NULL, or what
 * is wrong with the frame, as a constant.  What is in names and values is not
 * looked at.  Allocates nothing and raises nothing.
 */
extern const char *frame_read(Bytes frame, Field *fields, int *n_fields);

/*
 * Writes a frame: its beginning, then field after field.  A name has from 1 to
 * 255 bytes; a value of kind FIELD_NULL has none.
 */
extern void frame_begin(StringInfo frame);
extern void frame_append(StringInfo frame, const char *name, FieldKind kind,
						 Bytes value);

#endif /* PG_OUTBOX_FRAME_H */
