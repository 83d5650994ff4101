/*-------------------------------------------------------------------------
 *
 * route.c
 *	  Makes an event of a row: topic, key, headers, payload.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "compat.h"
#include "json.h"
#include "json_text.h"
#include "murmur2.h"
#include "protocol.h"
#include "properties.h"
#include "route.h"
#include "template.h"
#include "utf8.h"
#include "value.h"

/* Kafka's limit (Topic.java, MAX_NAME_LENGTH). */
#define MAX_TOPIC_LENGTH 249

/* A row of an outbox on its way to be an event. */
typedef struct Row
{
	const EventOptions *options;
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

/* Adds the sizes of all columns of a text to a sum. */
static void
count_text(Row *row, const Text *text, int64 *sum)
{
	for (int i = 0; i < text->n_parts; i++)
		count_size(row, text->parts[i].column, sum);
}

/* The size of all values that topic, key and headers are made of, or -1. */
static int64
routing_size(Row *row)
{
	const Outbox *outbox = row->outbox;
	int64 size = 0;

	count_size(row, outbox->key, &size);
	count_text(row, &outbox->key_text, &size);
	count_text(row, &outbox->topic, &size);
	for (int i = 0; i < outbox->n_headers; i++)
	{
		count_size(row, outbox->headers[i].column, &size);
		count_text(row, &outbox->headers[i].text, &size);
	}
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

/* Whether Kafka takes the name (Topic.java, validate). */
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

/*
 * Gives one part of a text; false if it has none, with an error if it cannot be
 * given.  NULL is an error where what is named, else the text is NULL.
 */
static bool
part_text(Row *row, const TextPart *part, const char *what, Bytes *text)
{
	*text = part->literal;
	if (part->column != NULL && !value_text(row, part->column, text))
		return false;
	if (text->data != NULL)
		return true;
	if (part->column != NULL && what != NULL)
		set_error(row->event, psprintf("%s is null: column \"%s\"", what,
									   part->column->name));
	return false;
}

/* Puts a text together; false if one of its parts has none. */
static bool
put_together(Row *row, const Text *source, const char *what, Bytes *text)
{
	StringInfoData buffer;

	/* A constant needs no copy. */
	if (source->n_parts == 1)
		return part_text(row, source->parts, what, text);
	initStringInfo(&buffer);
	for (int i = 0; i < source->n_parts; i++)
	{
		if (!part_text(row, &source->parts[i], what, text))
			return false;
		appendBinaryStringInfo(&buffer, text->data, text->len);
	}
	text->data = buffer.data;
	text->len = buffer.len;
	return true;
}

/* Lets the regular expression make the topic; false, with an error, if not. */
static bool
replace_by_router(Row *row, Bytes *topic)
{
	StringInfoData buffer;
	const char *error;

	initStringInfo(&buffer);
	error = router_append_topic(row->options->router, *topic, &buffer);
	if (error != NULL)
		set_error(row->event, error);
	topic->data = buffer.data;
	topic->len = buffer.len;
	return error == NULL;
}

/* Puts the topic together; without one if a column is NULL or has no text. */
static void
route_topic(Row *row)
{
	Event *event = row->event;

	if (!put_together(row, &row->outbox->topic, "topic", &event->topic) ||
		(row->options->router != NULL &&
		 !replace_by_router(row, &event->topic)))
		return;
	event->has_topic = true;
	if (!is_legal_topic(event->topic))
		set_error(event, "topic is not a legal name");
}

/* Reads a key that may be any bytes. */
static void
route_raw_key(Row *row, const Column *column)
{
	Event *event = row->event;

	event->has_key = true;
	if (row->outbox->nulls[column->index])
		return;
	event->key = column_bytes(column, row->outbox->values[column->index]);
	event->is_raw_key = true;
}

/* Reads the key. */
static void
route_key(Row *row)
{
	const Outbox *outbox = row->outbox;
	Event *event = row->event;

	if (outbox->key_text.n_parts > 0)
		event->has_key =
			put_together(row, &outbox->key_text, "key", &event->key);
	else if (outbox->key == NULL)
		event->has_key = row->options->roles[ROLE_AGGREGATE_ID].columns == NIL;
	else if (row->options->raw_key && outbox->key->type == COLUMN_BYTEA)
		route_raw_key(row, outbox->key);
	else
		event->has_key = value_text(row, outbox->key, &event->key);
}

/* Whether the event is one of our shard; without a key it is one of 0. */
static bool
is_our_shard(const Options *options, const Event *event)
{

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
	int64 ts;
	const char *error;

	if (column == NULL || row->outbox->nulls[column->index])
		return;
	error = column_unix_ms(column, row->outbox->values[column->index], &ts);
	if (error == NULL && ts <= 0)
		error =
			psprintf("timestamp is not after 1970-01-01: " INT64_FORMAT " ms",
					 ts);
	if (error != NULL)
	{
		set_error(row->event, error);
		return;
	}
	row->event->ts = ts;
	row->event->has_ts = true;
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
add_member(void *arg, Bytes name, Bytes value)
{
	Spread *spread = arg;
	Event *event = spread->row->event;
	int i = find_header(event, name, 0);

	if (i < spread->first)
		return;
	if (i < event->n_headers)
		event->headers[i].value = value;
	else if (event->n_headers < PROTOCOL_MAX_HEADERS)
		add_header(event, name, value);
	else if (event->error == NULL)
		set_error(event, psprintf("column \"%s\" makes more than %d headers",
								  spread->column->name, PROTOCOL_MAX_HEADERS));
}

/* Notes that an escape in an object of headers stands for no character. */
static void
broken_escape(Row *row, const Column *column)
{
	if (row->event->error == NULL)
		set_error(row->event,
				  psprintf("column \"%s\" has an escape that is no character",
						   column->name));
}

/* The same of a member of a JSON object. */
static void
add_json_member(void *arg, Bytes name, Bytes value)
{
	Spread *spread = arg;
	bool is_string = value.data[0] == '"';

	if (!json_text_unescape(name, &name) ||
		(is_string && !json_text_unescape(value, &value)))
	{
		broken_escape(spread->row, spread->column);
		return;
	}
	if (!is_string && value.len == 4 && memcmp(value.data, "null", 4) == 0)
		value.data = NULL;
	add_member(arg, name, value);
}

/* Makes headers of all members of an object, JSON or Java's properties. */
static void
spread_headers(Row *row, const Column *column)
{
	Spread spread = {row, column, row->event->n_headers};
	Bytes text;

	if (!value_text(row, column, &text) || text.data == NULL)
		return;
	if (column->type == COLUMN_TEXT && !json_text_is_object(text))
	{
		if (!properties_scan(text, add_member, &spread))
			broken_escape(row, column);
	}
	else if (!json_text_is_object(text) ||
			 (column->type == COLUMN_TEXT && !json_text_scan(text, NULL, NULL)))
		set_error(row->event,
				  psprintf("column \"%s\" is not a JSON object", column->name));
	else
		json_text_scan(text, add_json_member, &spread);
}

/* The event's position as text that sorts as events do: LSN, then seq. */
static Bytes
position_text(const Event *event)
{
	Bytes text = {psprintf("%08X%08X%08X", LSN_FORMAT_ARGS(event->place.lsn),
						   event->place.seq),
				  24};

	return text;
}

/* The time of the commit in ISO 8601, UTC. */
static Bytes
commit_time_text(const Event *event)
{
	Bytes text;

	time_text(TIMESTAMPTZOID, TimestampTzGetDatum(event->place.commit_time),
			  &text);
	return text;
}

/* The text of a header; false, with an error, if it has none. */
static bool
header_text(Row *row, const OutboxHeader *header, Bytes *text)
{
	const Event *event = row->event;

	switch (header->kind)
	{
		case HEADER_COLUMN:
			return value_text(row, header->column, text);
		case HEADER_TEMPLATE:
			/* NULL in it makes a header without a value. */
			if (!put_together(row, &header->text, NULL, text))
				text->data = NULL;
			break;
		case HEADER_POSITION:
			*text = position_text(event);
			break;
		case HEADER_COMMIT_TIME:
			*text = commit_time_text(event);
			break;
		case HEADER_XID:
			text->data = psprintf("%u", event->place.xid);
			text->len = strlen(text->data);
			break;
		case HEADER_SPREAD:
			return false;
	}
	return true;
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
		const OutboxHeader *header = &outbox->headers[i];

		if (header->kind == HEADER_SPREAD)
			spread_headers(row, header->column);
		else if (header_text(row, header, &text))
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
	if (event->payload_type == PAYLOAD_JSON && event->payload.len <= limit)
		return;
	event->payload_type = PAYLOAD_NONE;
	set_error(event, "payload is too large when printed");
}

/* Whether text is empty or white space, as Java's trim() has it. */
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

/* The size of all columns of the value, or -1. */
static int64
members_size(Row *row)
{
	int64 size = 0;

	for (int i = 0; i < row->outbox->n_members; i++)
		count_size(row, row->outbox->members[i].column, &size);
	return size;
}

/* Whether the payload, which is only looked at, says that there is no value. */
static bool
is_tombstone(Row *row)
{
	const Column *column = row->outbox->payload;

	if (column == NULL)
		return false;
	if (row->outbox->nulls[column->index])
		return true;
	return (column->type == COLUMN_TEXT || column->type == COLUMN_CHAR) &&
		   value_size(row, column) <= row->options->max_event_bytes &&
		   is_blank(column_bytes(column, row->outbox->values[column->index]));
}

/* Makes the payload of the columns of the value. */
static void
route_members(Row *row)
{
	Event *event = row->event;
	StringInfoData json;
	const char *error;

	if (is_tombstone(row))
		return;
	initStringInfo(&json);
	error = value_append(&json, row->outbox, printed_limit(row->options));
	if (error != NULL)
	{
		set_error(event, error);
		return;
	}
	event->payload.data = json.data;
	event->payload.len = json.len;
	event->payload_type = PAYLOAD_JSON;
}

/* Adds the payload. */
static void
add_payload(Row *row)
{
	const Outbox *outbox = row->outbox;
	int64 size = outbox->n_members > 0 ? members_size(row)
									   : value_size(row, outbox->payload);

	if (size < 0)
		return;
	if (size > row->options->max_event_bytes)
		set_too_large(row->event, size);
	else if (outbox->n_members > 0)
		route_members(row);
	else if (outbox->payload != NULL && !outbox->nulls[outbox->payload->index])
		route_payload(row);
}

/* Whether the row matches option "where". */
static bool
is_wanted(Row *row)
{
	const Outbox *outbox = row->outbox;
	const char *error = NULL;
	FilterResult result;

	if (outbox->where == NULL)
		return true;
	result =
		filter_evaluate(outbox->where, outbox->values, outbox->nulls, &error);
	if (error != NULL)
		set_error(row->event, error);
	return result == FILTER_TRUE || error != NULL || outbox->lacks != NULL;
}

bool
event_from_values(const Options *options, const Outbox *outbox,
				  const EventPlace *place, Event *event)
{
	Row row = {.options = outbox->options, .outbox = outbox, .event = event};

	event_init(event, place, outbox->name);
	if (outbox->lacks != NULL)
		set_error(event, outbox->lacks);
	if (!is_wanted(&row))
		return false;
	if (route_envelope(&row))
		add_payload(&row);
	return is_our_shard(options, event);
}

bool
event_from_row(const Options *options, Outbox *outbox, HeapTuple tuple,
			   TupleDesc desc, const EventPlace *place, Event *event)
{
	if (tuple == NULL)
	{
		event_init(event, place, outbox->name);
		set_error(event, "row is not in the WAL record");
		return options->shard == 0;
	}
	heap_deform_tuple(tuple, desc, outbox->values, outbox->nulls);
	return event_from_values(options, outbox, place, event);
}
