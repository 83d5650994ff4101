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
		json_append_string(out, event->key);
		appendStringInfoChar(out, ',');
	}
	if (event->partition != NO_PARTITION)
		appendStringInfo(out, "\"partition\":%d,", event->partition);
}

/* Appends the event's position: ts, lsn, seq. */
static void
append_position(StringInfo out, const Event *event)
{
	appendStringInfo(out,
					 "\"ts\":" INT64_FORMAT ",\"lsn\":\"%X/%X\",\"seq\":%u",
					 event->ts, LSN_FORMAT_ARGS(event->lsn), event->seq);
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

void
envelope_append_event(StringInfo out, Event *event, int limit)
{
	int start = out->len;

	for (;;)
	{
		appendStringInfoChar(out, '{');
		if (event->error != NULL)
			append_error(out, event);
		append_route(out, event);
		append_position(out, event);
		append_headers(out, event);
		if (append_payload(out, event, limit))
			break;

		/* Once more, as an error line without the payload. */
		out->len = start;
		event->payload_type = PAYLOAD_NONE;
		event->bytes = VARSIZE(event->payload_jsonb) - VARHDRSZ;
		if (event->error == NULL)
			event->error = "payload is too large when printed";
	}
	appendStringInfoChar(out, '}');
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
