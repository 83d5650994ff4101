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
#include "json_text.h"
#include "murmur2.h"
#include "protocol.h"
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
	int64 text_size;     /* of topic, key and headers together, in bytes */
	bool prints_no_more; /* since something was too large */
} Row;

/* Notes why the row cannot be an event; the first reason counts. */
static void
set_error(Event *event, const char *error)
{
	if (event->error == NULL)
		event->error = error;
}

/* The size of a column's value; -1, with an error, if it is not in the WAL. */
static int64
value_size(Row *row, const Column *column)
{
	int64 size;

	if (column == NULL || row->outbox->nulls[column->index])
		return 0;
	size = column_size(column, row->outbox->values[column->index]);
	if (size < 0)
		set_error(row->event, psprintf("column \"%s\" is out of line and not "
									   "in the WAL record",
									   column->name));
	return size;
}

/* Adds the size of a column's value to a sum, which -1 of either makes -1. */
static void
count_size(Row *row, const Column *column, int64 *sum)
{
	int64 size = value_size(row, column);

	*sum = *sum < 0 || size < 0 ? -1 : *sum + size;
}

/* The size of all values that topic, key and headers are made of, or -1. */
static int64
routing_size(Row *row)
{
	const Outbox *outbox = row->outbox;
	int64 size = 0;

	count_size(row, outbox->key, &size);
	for (int i = 0; i < outbox->n_topic; i++)
		count_size(row, outbox->topic[i].column, &size);
	for (int i = 0; i < outbox->n_headers; i++)
		count_size(row, outbox->headers[i].column, &size);
	return size;
}

/* The most that topic, key and headers may have together, in bytes as text. */
static int64
text_limit(const Row *row)
{
	return Min(printed_limit(row->options), MAX_EVENT_BYTES_LIMIT);
}

/* Notes that a value has no text. */
static bool
no_text(Row *row, const char *error)
{
	set_error(row->event, error);
	return false;
}

/*
 * A column's value as text, or NULL; false, with an error, if it has none.
 * Numbers print longer than they are stored, so the sum of all is bounded, and
 * after one that is too large nothing else is printed: it may take as long.
 */
static bool
value_text(Row *row, const Column *column, Bytes *text)
{
	bool prints = column->type == COLUMN_JSONB || column->type == COLUMN_OTHER;
	const char *error;

	text->data = NULL;
	text->len = 0;
	if (row->outbox->nulls[column->index])
		return true;
	if (prints && row->prints_no_more)
		return false;
	error = column_text(column, row->outbox->values[column->index], text);
	if (error != NULL)
	{
		row->prints_no_more = row->prints_no_more || prints;
		return no_text(row, error);
	}
	row->text_size += text->len;
	if (row->text_size <= text_limit(row))
		return true;
	row->prints_no_more = true;
	return no_text(row, "topic, key and headers are too large when printed");
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

/* Appends one part of the topic; false, with an error, if it has none. */
static bool
append_topic_part(Row *row, const TopicPart *part, StringInfo topic)
{
	Bytes text = part->literal;
	const char *error = NULL;

	if (part->literal.data == NULL)
	{
		if (part->column == NULL || !value_text(row, part->column, &text))
			return false;
		if (text.data == NULL)
		{
			set_error(row->event, psprintf("topic is null: column \"%s\"",
										   part->column->name));
			return false;
		}
	}
	if (row->options->router != NULL)
		error = router_append_topic(row->options->router, text, topic);
	else
		appendBinaryStringInfo(topic, text.data, text.len);
	if (error != NULL)
		set_error(row->event, error);
	return error == NULL;
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
		if (!append_topic_part(row, &outbox->topic[i], &topic))
			return;
	}
	event->topic.data = topic.data;
	event->topic.len = topic.len;
	event->has_topic = true;
	if (!is_legal_topic(event->topic))
		set_error(event, "topic is not a legal name");
}

/* Reads the key. */
static void
route_key(Row *row)
{
	const Column *column = row->outbox->key;

	row->event->has_key =
		column != NULL && value_text(row, column, &row->event->key);
}

/* Tells whether the event is one of our shard; without a key it is one of 0. */
static bool
is_our_shard(const Row *row)
{
	const Options *options = row->options;
	const Event *event = row->event;

	if (options->n_shards == 1)
		return true;
	if (!event->has_key || event->key.data == NULL)
		return options->shard == 0;
	return murmur2(event->key) % options->n_shards == options->shard;
}

/* Reads the partition, if there is one. */
static void
route_partition(Row *row)
{
	const Column *column = row->outbox->partition;
	Event *event = row->event;
	int64 partition;
	const char *error;

	if (column == NULL || row->outbox->nulls[column->index])
		return;
	error =
		column_integer(column, row->outbox->values[column->index], &partition);
	if (error != NULL)
		set_error(event, error);
	else if (partition < 0)
		set_error(event,
				  psprintf("partition is negative: " INT64_FORMAT, partition));
	else if (partition > PG_INT32_MAX)
		set_error(event,
				  psprintf("partition is too large: " INT64_FORMAT, partition));
	else
		event->partition = (int32) partition;
}

/*
 * Reads the timestamp, if there is one.  Kafka takes none before 1970, and
 * librdkafka takes 0 for the time of sending.
 */
static void
route_timestamp(Row *row)
{
	const Column *column = row->outbox->timestamp;
	Event *event = row->event;
	const char *error;

	if (column == NULL || row->outbox->nulls[column->index])
		return;
	error =
		column_unix_ms(column, row->outbox->values[column->index], &event->ts);
	if (error == NULL && event->ts <= 0)
		error =
			psprintf("timestamp is not after 1970-01-01: " INT64_FORMAT " ms",
					 event->ts);
	if (error != NULL)
		set_error(event, error);
	else
		event->has_ts = true;
}

/* The place of a header's name from the given one on, or n_headers. */
static int
find_header(const Event *event, Bytes name, int from)
{
	int i;

	for (i = from; i < event->n_headers; i++)
	{
		Bytes other = event->headers[i].name;

		if (other.len == name.len &&
			memcmp(other.data, name.data, name.len) == 0)
			break;
	}
	return i;
}

/* Adds a header behind the others. */
static void
add_header(Event *event, Bytes name, Bytes value)
{
	if (event->n_headers == event->max_headers)
	{
		event->max_headers *= 2;
		event->headers =
			repalloc(event->headers, event->max_headers * sizeof(EventHeader));
	}
	event->headers[event->n_headers].name = name;
	event->headers[event->n_headers++].value = value;
}

/* An object whose members become headers. */
typedef struct Spread
{
	Row *row;
	const Column *column;
	int first; /* its first header: those before it win over its members */
} Spread;

/* Makes a header of a member; of those with one name the last counts. */
static void
spread_member(void *arg, Bytes name, Bytes value)
{
	Spread *spread = arg;
	Event *event = spread->row->event;
	bool is_string = value.data[0] == '"';
	int i;

	if (!json_text_unescape(name, &name) ||
		(is_string && !json_text_unescape(value, &value)))
	{
		set_error(event, psprintf("column \"%s\" has an escape that is no "
								  "character",
								  spread->column->name));
		return;
	}
	if (!is_string && value.len == 4 && memcmp(value.data, "null", 4) == 0)
		value.data = NULL;
	i = find_header(event, name, 0);
	if (i < spread->first)
		return;
	if (i < event->n_headers)
		event->headers[i].value = value;
	else if (event->n_headers < PROTOCOL_MAX_HEADERS)
		add_header(event, name, value);
	else
		set_error(event, psprintf("column \"%s\" makes more than %d headers",
								  spread->column->name, PROTOCOL_MAX_HEADERS));
}

/* Makes headers of all members of an object. */
static void
spread_headers(Row *row, const Column *column)
{
	Spread spread = {row, column, row->event->n_headers};
	Bytes text;

	if (!value_text(row, column, &text) || text.data == NULL)
		return;
	if (json_text_is_object(text))
		json_text_scan(text, spread_member, &spread);
	else
		set_error(row->event,
				  psprintf("column \"%s\" is not a JSON object", column->name));
}

/* Collects the headers. */
static void
route_headers(Row *row)
{
	const Outbox *outbox = row->outbox;
	Event *event = row->event;
	Bytes text;

	event->has_headers = true;
	event->max_headers = outbox->n_headers + 1;
	event->headers = palloc(event->max_headers * sizeof(EventHeader));
	for (int i = 0; i < outbox->n_headers; i++)
	{
		const HeaderColumn *header = &outbox->headers[i];

		if (header->spread)
			spread_headers(row, header->column);
		else if (value_text(row, header->column, &text))
			add_header(event, header->name, text);
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

/* Tells whether text is empty or white space, as Java's trim() has it. */
static bool
is_blank(Bytes text)
{
	for (int i = 0; i < text.len; i++)
	{
		if ((unsigned char) text.data[i] > ' ')
			return false;
	}
	return true;
}

/* Reads the payload, whose size is known to be within the limit. */
static void
route_payload(Row *row)
{
	const Column *column = row->outbox->payload;
	Datum value = row->outbox->values[column->index];
	Event *event = row->event;
	Bytes bytes;

	if (column->type == COLUMN_JSONB)
	{
		set_jsonb_payload(event, value, printed_limit(row->options));
		return;
	}
	bytes = column_bytes(column, value);
	if (column->type == COLUMN_BYTEA)
	{
		event->payload = bytes;
		event->payload_type = PAYLOAD_BYTES;
		return;
	}
	if (row->options->blank_is_tombstone && is_blank(bytes))
		return;
	set_text_payload(event,
					 column->type == COLUMN_JSON ? PAYLOAD_JSON : PAYLOAD_TEXT,
					 bytes.data, bytes.len);
}

/* Notes that the event is larger than it may be. */
static void
set_too_large(Event *event, int64 bytes)
{
	set_error(event, "event is larger than max_event_bytes");
	event->bytes = bytes;
}

/* Makes all of the event but its payload; false if its values are too large. */
static bool
route_envelope(Row *row)
{
	int64 size = routing_size(row);

	if (size > row->options->max_event_bytes)
		set_too_large(row->event, size);
	if (size < 0 || size > row->options->max_event_bytes)
		return false;
	route_key(row);
	route_topic(row);
	route_partition(row);
	route_timestamp(row);
	route_headers(row);
	return true;
}

/* Adds the payload. */
static void
add_payload(Row *row)
{
	const Outbox *outbox = row->outbox;
	int64 size = value_size(row, outbox->payload);

	if (outbox->payload == NULL || size < 0)
		return;
	if (size > row->options->max_event_bytes)
		set_too_large(row->event, size);
	else if (!outbox->nulls[outbox->payload->index])
		route_payload(row);
}

bool
event_from_values(const Options *options, const Outbox *outbox, Event *event)
{
	Row row = {.options = options, .outbox = outbox, .event = event};

	event_init(event);
	event->relation = outbox->name;
	if (outbox->lacks != NULL)
		set_error(event, outbox->lacks);
	if (route_envelope(&row))
		add_payload(&row);
	return is_our_shard(&row);
}

bool
event_from_row(const Options *options, Outbox *outbox, HeapTuple tuple,
			   TupleDesc desc, Event *event)
{
	if (tuple == NULL)
	{
		event_init(event);
		event->relation = outbox->name;
		set_error(event, "row is not in the WAL record");
		return options->shard == 0;
	}
	heap_deform_tuple(tuple, desc, outbox->values, outbox->nulls);
	return event_from_values(options, outbox, event);
}
