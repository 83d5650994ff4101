/*-------------------------------------------------------------------------
 *
 * route.c
 *	  Makes an event of a row: topic, key, headers, payload.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "json.h"
#include "route.h"
#include "template.h"
#include "utf8.h"

/* Kafka's limit (Topic.java, MAX_NAME_LENGTH). */
#define MAX_TOPIC_LENGTH 249

/* A row of an outbox on its way to be an event. */
typedef struct Row
{
	const Options *options;
	const Outbox *outbox;
	Event *event;
} Row;

/* Notes why the row cannot be an event; the first reason counts. */
static void
set_error(Event *event, const char *error)
{
	if (event->error == NULL)
		event->error = error;
}

/* The size of a column's value; notes an error if it is not in the WAL. */
static int64
value_size(Row *row, const Column *column)
{
	int64 size;

	if (column == NULL || row->outbox->nulls[column->index])
		return 0;
	size = column_size(column, row->outbox->values[column->index]);
	if (size < 0)
	{
		set_error(row->event, psprintf("column \"%s\" is out of line and not "
									   "in the WAL record",
									   column->name));
		return 0;
	}
	return size;
}

/* The size of all values that topic, key and headers are made of. */
static int64
routing_size(Row *row)
{
	const Outbox *outbox = row->outbox;
	int64 size = value_size(row, outbox->key);

	for (int i = 0; i < outbox->n_topic; i++)
		size += value_size(row, outbox->topic[i].column);
	for (int i = 0; i < outbox->n_headers; i++)
		size += value_size(row, outbox->headers[i].column);
	return size;
}

/* A column's value as text, or NULL; false, with an error, if it has none. */
static bool
value_text(Row *row, const Column *column, Bytes *text)
{
	const char *error;

	text->data = NULL;
	text->len = 0;
	if (row->outbox->nulls[column->index])
		return true;
	error = column_text(column, row->outbox->values[column->index], text);
	if (error == NULL)
		return true;
	set_error(row->event, error);
	return false;
}

/* Tells whether Kafka takes the name (Topic.java, validate). */
static bool
is_legal_topic(Bytes topic)
{
	if (topic.len == 0 || topic.len > MAX_TOPIC_LENGTH)
		return false;
	if (topic.data[0] == '.' &&
		(topic.len == 1 || (topic.len == 2 && topic.data[1] == '.')))
		return false;
	for (int i = 0; i < topic.len; i++)
	{
		if (!is_topic_byte(topic.data[i]))
			return false;
	}
	return true;
}

/* Puts the topic together; without one if a column is NULL or has no text. */
static void
route_topic(Row *row)
{
	const Outbox *outbox = row->outbox;
	Event *event = row->event;
	StringInfoData topic;

	initStringInfo(&topic);
	for (int i = 0; i < outbox->n_topic; i++)
	{
		const TopicPart *part = &outbox->topic[i];
		Bytes text = part->literal;

		if (part->column != NULL)
		{
			if (!value_text(row, part->column, &text))
				return;
			if (text.data == NULL)
			{
				set_error(event, psprintf("topic is null: column \"%s\"",
										  part->column->name));
				return;
			}
		}
		appendBinaryStringInfo(&topic, text.data, text.len);
	}
	event->topic.data = topic.data;
	event->topic.len = topic.len;
	event->has_topic = true;
	if (!is_legal_topic(event->topic))
		set_error(event, "topic is not a legal name");
}

/* Collects the headers. */
static void
route_headers(Row *row)
{
	const Outbox *outbox = row->outbox;
	Event *event = row->event;

	event->has_headers = true;
	event->headers = palloc(outbox->n_headers * sizeof(EventHeader) + 1);
	for (int i = 0; i < outbox->n_headers; i++)
	{
		EventHeader *header = &event->headers[event->n_headers];

		header->name = outbox->headers[i].name;
		if (value_text(row, outbox->headers[i].column, &header->value))
			event->n_headers++;
	}
}

/* Sets a payload of characters; notes an error if they are not UTF-8. */
static void
set_text_payload(Event *event, PayloadType type, const char *text, int len)
{
	if (utf8_from_server(text, len, &event->payload))
		event->payload_type = type;
	else
		set_error(event, "payload has text that is not valid in UTF-8");
}

/*
 * Sets a jsonb payload.  Where the database is UTF-8 it is printed straight
 * into the line, else it is printed here to be converted.
 */
static void
set_jsonb_payload(Event *event, Datum value, int limit)
{
	StringInfoData text;

	event->payload_jsonb = DatumGetJsonbP(value);
	if (GetDatabaseEncoding() == PG_UTF8)
	{
		event->payload_type = PAYLOAD_JSONB;
		return;
	}
	initStringInfo(&text);
	if (json_append_jsonb(&text, event->payload_jsonb, limit))
		set_text_payload(event, PAYLOAD_JSON, text.data, text.len);
	else
		set_error(event, "payload is too large when printed");
}

/* Reads the payload, whose size is known to be within the limit. */
static void
route_payload(Row *row)
{
	const Column *column = row->outbox->payload;
	Datum value = row->outbox->values[column->index];
	Event *event = row->event;
	struct varlena *bytes;

	if (column->type == COLUMN_JSONB)
	{
		set_jsonb_payload(event, value, printed_limit(row->options));
		return;
	}
	bytes = PG_DETOAST_DATUM_PACKED(value);
	if (column->type == COLUMN_BYTEA)
	{
		event->payload.data = VARDATA_ANY(bytes);
		event->payload.len = VARSIZE_ANY_EXHDR(bytes);
		event->payload_type = PAYLOAD_BYTES;
		return;
	}
	set_text_payload(event,
					 column->type == COLUMN_JSON ? PAYLOAD_JSON : PAYLOAD_TEXT,
					 VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
}

/* Notes that the event is larger than it may be. */
static void
set_too_large(Event *event, int64 bytes)
{
	set_error(event, "event is larger than max_event_bytes");
	event->bytes = bytes;
}

void
route_row(const Options *options, Outbox *outbox, HeapTuple tuple,
		  TupleDesc desc, Event *event)
{
	Row row = {options, outbox, event};
	int64 size;
	const char *missing;

	memset(event, 0, sizeof(Event));
	event->relation = outbox->name;
	event->bytes = -1;
	if (tuple == NULL)
	{
		set_error(event, "row is not in the WAL record");
		return;
	}
	heap_deform_tuple(tuple, desc, outbox->values, outbox->nulls);

	size = routing_size(&row);
	if (event->error != NULL)
		return;
	if (size > options->max_event_bytes)
	{
		set_too_large(event, size);
		return;
	}
	route_topic(&row);
	event->has_key = value_text(&row, outbox->key, &event->key);
	route_headers(&row);

	missing = event->error;
	size = value_size(&row, outbox->payload);
	if (event->error != missing)
		return;
	if (size > options->max_event_bytes)
		set_too_large(event, size);
	else if (!outbox->nulls[outbox->payload->index])
		route_payload(&row);
}
