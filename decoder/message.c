/*-------------------------------------------------------------------------
 *
 * message.c
 *	  Makes an event of a logical message.
 *
 * A message is read as a row whose columns are the fields of its frame.  What
 * these are for is resolved when a message has other fields than the one
 * before it.  Anybody may write messages, so nothing in them is believed: text
 * is checked to be of the database's encoding, JSON to be JSON.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "frame.h"
#include "json_text.h"
#include "message.h"
#include "outbox.h"
#include "route.h"
#include "utf8.h"

/* What events name as the relation they come from. */
#define MESSAGE_RELATION "message"

struct MessageReader
{
	const Options *options;
	MemoryContext context; /* of the outbox and what else is remembered */
	Outbox *outbox;        /* for messages of the form below; NULL: none yet */
	Field *form;           /* names and kinds of the last message */
	int n_form;
	Field *fields; /* room for those of the present one */
};

MessageReader *
message_reader_create(const Options *options)
{
	MessageReader *reader = palloc0(sizeof(MessageReader));

	reader->options = options;
	reader->form = palloc(FRAME_MAX_FIELDS * sizeof(Field));
	reader->fields = palloc(FRAME_MAX_FIELDS * sizeof(Field));
	reader->context =
		AllocSetContextCreate(CurrentMemoryContext, "pg_outbox messages",
							  ALLOCSET_SMALL_SIZES);
	return reader;
}

/* A name for people, which may be any bytes. */
static const char *
printable(Bytes name)
{
	char *text = pnstrdup(name.data, name.len);

	for (char *p = text; *p != '\0'; p++)
	{
		if (*p < ' ' || *p > '~')
			*p = '?';
	}
	return text;
}

/* Checks text; NULL, or what is wrong with it. */
static const char *
check_text(const char *what, Bytes name, Bytes text)
{
	Bytes utf8;

	if (pg_verify_mbstr(GetDatabaseEncoding(), text.data, text.len, true) &&
		memchr(text.data, '\0', text.len) == NULL &&
		utf8_from_server(text.data, text.len, &utf8))
		return NULL;
	return psprintf("message has %s \"%s\" that is not valid text", what,
					printable(name));
}

/* Checks JSON, which is text; NULL, or what is wrong with it. */
static const char *
check_json(const Field *field)
{
	Bytes utf8;
	bool is_headers = field->name.len == strlen("headers") &&
					  memcmp(field->name.data, "headers", 7) == 0;

	if (!utf8_from_server(field->value.data, field->value.len, &utf8) ||
		!json_text_scan(utf8, NULL, NULL))
		return psprintf("message has field \"%s\" that is not JSON",
						printable(field->name));
	if (is_headers && !json_text_is_object(utf8))
		return "message has field \"headers\" that is not a JSON object";
	return NULL;
}

/*
 * Checks the content of a field; NULL, or what is wrong with it.  One that is
 * larger than an event may be is not looked at, since it becomes none.
 */
static const char *
check_field(const Options *options, const Field *field)
{
	const char *error = check_text("a field", field->name, field->name);

	if (field->value.len > options->events.max_event_bytes)
		return error;
	if (error == NULL &&
		(field->kind == FIELD_TEXT || field->kind == FIELD_JSON))
		error = check_text("field", field->name, field->value);
	if (error == NULL && field->kind == FIELD_JSON)
		error = check_json(field);
	return error;
}

/* Tells whether the fields are those of the message before. */
static bool
is_same_form(const MessageReader *reader, const Field *fields, int n_fields)
{
	if (reader->outbox == NULL || n_fields != reader->n_form)
		return false;
	for (int i = 0; i < n_fields; i++)
	{
		const Field *other = &reader->form[i];

		if (fields[i].kind != other->kind ||
			fields[i].name.len != other->name.len ||
			memcmp(fields[i].name.data, other->name.data, other->name.len) != 0)
			return false;
	}
	return true;
}

/* The columns of a message. */
typedef struct MessageSource
{
	ColumnSource source;
	const Field *fields;
} MessageSource;

/* Finds a field by its name. */
static Column *
find_field(const ColumnSource *source, const char *name, Oid *unfit)
{
	const MessageSource *message = (const MessageSource *) source;
	int len = strlen(name);

	for (int i = 0; i < source->natts; i++)
	{
		const Field *field = &message->fields[i];
		Column *column;

		if (field->name.len != len || memcmp(field->name.data, name, len) != 0)
			continue;
		column = palloc0(sizeof(Column));
		column->index = i;
		column->name = pstrdup(name);
		column->is_field = true;
		column->type = field->kind == FIELD_JSON    ? COLUMN_JSON
					   : field->kind == FIELD_BYTES ? COLUMN_BYTEA
													: COLUMN_TEXT;
		return column;
	}
	return NULL;
}

/* Remembers the form of a message, and what its fields are for. */
static void
resolve(MessageReader *reader, const Field *fields, int n_fields)
{
	MessageSource message = {{.natts = n_fields, .find = find_field}, fields};
	MemoryContext old;

	reader->outbox = NULL;
	MemoryContextReset(reader->context);
	old = MemoryContextSwitchTo(reader->context);
	for (int i = 0; i < n_fields; i++)
	{
		reader->form[i] = fields[i];
		reader->form[i].name.data =
			pnstrdup(fields[i].name.data, fields[i].name.len);
	}
	reader->n_form = n_fields;
	reader->outbox = outbox_resolve(&reader->options->events, &message.source);
	reader->outbox->name.data = MESSAGE_RELATION;
	reader->outbox->name.len = strlen(MESSAGE_RELATION);
	MemoryContextSwitchTo(old);
}

/* Makes an event that is an error. */
static bool
broken(const MessageReader *reader, const char *error, const EventPlace *place,
	   Event *event)
{
	Bytes relation = {MESSAGE_RELATION, strlen(MESSAGE_RELATION)};

	event_init(event, place, relation);
	event->error = error;
	/* One shard has to report it. */
	return reader->options->shard == 0;
}

bool
event_from_message(MessageReader *reader, Bytes content,
				   const EventPlace *place, Event *event)
{
	Field *fields = reader->fields;
	int n_fields;
	const char *error = frame_read(content, fields, &n_fields);

	for (int i = 0; error == NULL && i < n_fields; i++)
		error = check_field(reader->options, &fields[i]);
	if (error != NULL)
		return broken(reader, error, place, event);

	if (!is_same_form(reader, fields, n_fields))
		resolve(reader, fields, n_fields);
	for (int i = 0; i < n_fields; i++)
	{
		reader->outbox->nulls[i] = fields[i].kind == FIELD_NULL;
		reader->outbox->values[i] = PointerGetDatum(&fields[i].value);
	}
	return event_from_values(reader->options, reader->outbox, place, event);
}
