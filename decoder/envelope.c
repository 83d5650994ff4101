/*-------------------------------------------------------------------------
 *
 * envelope.c
 *	  Writes the lines of the stream; docs/envelope.md is their format.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "compat.h"
#include "envelope.h"
#include "json.h"
#include "utf8.h"

/* Appends the error and the relation it is about. */
static void
append_error(StringInfo out, const Event *event)
{
	Bytes error = {event->error, strlen(event->error)};

	json_append_literal(out, "\"error\":");
	json_append_string(out, error);
	json_append_literal(out, ",\"relation\":");
	json_append_string(out, event->relation);
	appendStringInfoChar(out, ',');
}

/* Appends the key; any bytes as base64, and that they are. */
static void
append_key(StringInfo out, const Event *event)
{
	if (!event->is_raw_key || event->key.data == NULL)
	{
		json_append_string(out, event->key);
		return;
	}
	json_append_base64(out, event->key);
	json_append_literal(out, ",\"key_encoding\":\"base64\"");
}

/* Appends where the event goes: topic, key, partition, as far as known. */
static void
append_route(StringInfo out, const Event *event)
{
	if (event->has_topic)
	{
		json_append_literal(out, "\"topic\":");
		json_append_string(out, event->topic);
		appendStringInfoChar(out, ',');
	}
	if (event->has_key)
	{
		json_append_literal(out, "\"key\":");
		append_key(out, event);
		appendStringInfoChar(out, ',');
	}
	if (event->partition != NO_PARTITION)
		appendStringInfo(out, "\"partition\":%d,", event->partition);
}

/* Appends the event's times and position: ts, committed, lsn, seq. */
static void
append_position(StringInfo out, const Event *event)
{
	appendStringInfo(out, "\"ts\":" INT64_FORMAT, event->ts);
	if (event->has_ts)
		appendStringInfo(out, ",\"committed\":" INT64_FORMAT,
						 unix_ms(event->place.commit_time));
	appendStringInfo(out, ",\"lsn\":\"%X/%X\",\"seq\":%u",
					 LSN_FORMAT_ARGS(event->place.lsn), event->place.seq);
}

/* Appends the headers. */
static void
append_headers(StringInfo out, const Event *event)
{
	if (!event->has_headers)
		return;
	json_append_literal(out, ",\"headers\":{");
	for (int i = 0; i < event->n_headers; i++)
	{
		if (i > 0)
			appendStringInfoChar(out, ',');
		json_append_string(out, event->headers[i].name);
		appendStringInfoChar(out, ':');
		json_append_string(out, event->headers[i].value);
	}
	appendStringInfoChar(out, '}');
}

/* Appends encoding and payload; false if it prints longer than limit. */
static bool
append_payload(StringInfo out, const Event *event, int limit)
{
	if (event->bytes >= 0)
		appendStringInfo(out, ",\"bytes\":" INT64_FORMAT, event->bytes);
	switch (event->payload_type)
	{
		case PAYLOAD_NONE:
			json_append_literal(out, ",\"encoding\":\"none\",\"payload\":null");
			break;
		case PAYLOAD_JSON:
			json_append_literal(out, ",\"payload\":");
			json_append_json(out, event->payload);
			break;
		case PAYLOAD_JSONB:
			json_append_literal(out, ",\"payload\":");
			return json_append_jsonb(out, event->payload_jsonb, limit);
		case PAYLOAD_TEXT:
			json_append_literal(out, ",\"encoding\":\"text\",\"payload\":");
			json_append_string(out, event->payload);
			break;
		case PAYLOAD_BYTES:
			json_append_literal(out, ",\"encoding\":\"base64\",\"payload\":");
			json_append_base64(out, event->payload);
			break;
	}
	return true;
}

/* Appends the line; false if the payload prints longer than limit. */
static bool
append_line(StringInfo out, const Event *event, int limit)
{
	appendStringInfoChar(out, '{');
	if (event->error != NULL)
		append_error(out, event);
	append_route(out, event);
	append_position(out, event);
	append_headers(out, event);
	if (!append_payload(out, event, limit))
		return false;
	appendStringInfoChar(out, '}');
	return true;
}

/* Takes a payload that prints too long out of the event. */
static void
drop_payload(Event *event)
{
	event->payload_type = PAYLOAD_NONE;
	event->bytes = VARSIZE(event->payload_jsonb) - VARHDRSZ;
	if (event->error == NULL)
		event->error = "payload is too large when printed";
}

/* Whether text is not valid; then that is the error, if there is none yet. */
static bool
is_broken(Event *event, Bytes text, const char *error)
{
	if (text.data == NULL || utf8_is_valid(text.data, text.len))
		return false;
	if (event->error == NULL)
		event->error = error;
	return true;
}

/* Takes headers that are not valid out of the event. */
static void
drop_broken_headers(Event *event)
{
	int n = 0;

	for (int i = 0; i < event->n_headers; i++)
	{
		EventHeader header = event->headers[i];

		if (!is_broken(event, header.name,
					   "a header's name is not valid UTF-8") &&
			!is_broken(event, header.value,
					   psprintf("header \"%.*s\" is not valid UTF-8",
								header.name.len, header.name.data)))
			event->headers[n++] = header;
	}
	event->n_headers = n;
}

static const char broken_payload[] = "payload is not valid UTF-8";

/*
 * Takes all text that is not valid UTF-8 out of the event, except from jsonb,
 * which is not printed yet.  A UTF-8 database may hold such text: before 16,
 * "char" becomes text without a check.
 */
static void
drop_broken_text(Event *event)
{
	static const Bytes unknown = {"?", 1};
	Bytes error = {event->error, event->error ? strlen(event->error) : 0};

	if (is_broken(event, error, NULL))
		event->error = "row cannot be an event";
	if (is_broken(event, event->relation, "table's name is not valid UTF-8"))
		event->relation = unknown;
	if (is_broken(event, event->topic, "topic is not valid UTF-8"))
		event->has_topic = false;
	if (!event->is_raw_key &&
		is_broken(event, event->key, "key is not valid UTF-8"))
		event->has_key = false;
	drop_broken_headers(event);
	if ((event->payload_type == PAYLOAD_JSON ||
		 event->payload_type == PAYLOAD_TEXT) &&
		is_broken(event, event->payload, broken_payload))
		event->payload_type = PAYLOAD_NONE;
}

/* Whether the line from start on is valid UTF-8; if not, it goes. */
static bool
keep_valid(StringInfo out, int start)
{
	if (utf8_is_valid(out->data + start, out->len - start))
		return true;
	out->len = start;
	return false;
}

void
envelope_append_event(StringInfo out, Event *event, int limit)
{
	int start = out->len;

	if (!append_line(out, event, limit))
	{
		out->len = start;
		drop_payload(event);
		append_line(out, event, limit);
	}
	if (keep_valid(out, start))
		return;
	drop_broken_text(event);
	append_line(out, event, limit);
	if (keep_valid(out, start))
		return;

	/* What is left is jsonb. */
	event->payload_type = PAYLOAD_NONE;
	if (event->error == NULL)
		event->error = broken_payload;
	append_line(out, event, limit);
}

void
envelope_append_commit(StringInfo out, XLogRecPtr lsn, TransactionId xid,
					   uint32 events)
{
	appendStringInfo(out, "{\"commit\":\"%X/%X\",\"xid\":%u,\"events\":%u}",
					 LSN_FORMAT_ARGS(lsn), xid, events);
}

void
envelope_append_position(StringInfo out, XLogRecPtr lsn)
{
	appendStringInfo(out, "{\"position\":\"%X/%X\"}", LSN_FORMAT_ARGS(lsn));
}
