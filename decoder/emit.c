/*-------------------------------------------------------------------------
 *
 * emit.c
 *	  The extension's functions outbox.emit(), emit_text() and emit_bytes():
 *	  an event as a transactional logical message, in the frame that message.c
 *	  reads.
 *
 * Here errors are raised: they end the statement of who calls, and nothing of
 * it is in the WAL.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xlog.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "replication/message.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/jsonb.h"

#include "compat.h"
#include "emit.h"
#include "frame.h"
#include "options.h"
#include "protocol.h"

/* The prefix of messages: the default of the decoder's option "messages". */
#define EMIT_PREFIX "pg_outbox"

/* The arguments of all three, in their order. */
enum
{
	ARGUMENT_AGGREGATE_TYPE,
	ARGUMENT_AGGREGATE_ID,
	ARGUMENT_EVENT_TYPE,
	ARGUMENT_PAYLOAD,
	ARGUMENT_HEADERS,
	ARGUMENT_ID
};

static int max_event_bytes;

PG_FUNCTION_INFO_V1(pg_outbox_emit);
PG_FUNCTION_INFO_V1(pg_outbox_emit_text);
PG_FUNCTION_INFO_V1(pg_outbox_emit_bytes);

void
emit_define_settings(void)
{
	DefineCustomIntVariable(
		"pg_outbox.max_event_bytes",
		"Largest payload that outbox.emit() takes, in bytes.",
		"The relay's max_event_bytes should not be smaller.", &max_event_bytes,
		PROTOCOL_MAX_EVENT_BYTES, 1, MAX_EVENT_BYTES_LIMIT, PGC_SUSET,
		GUC_UNIT_BYTE, NULL, NULL, NULL);
	compat_reserve_settings("pg_outbox");
}

void
emit_check_server(const char *function)
{
	PreventCommandIfReadOnly(function);
	PreventCommandDuringRecovery(function);
	if (!XLogLogicalInfoActive())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("wal_level is not logical, so the event would be lost"),
				 errhint("Set wal_level = logical and restart the server.")));
}

/* An argument that must not be NULL. */
static Datum
required(FunctionCallInfo fcinfo, int argument, const char *name)
{
	if (PG_ARGISNULL(argument))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("%s of an event must not be NULL", name)));
	return PG_GETARG_DATUM(argument);
}

/* The bytes of a text or bytea. */
static Bytes
varlena_bytes(Datum datum)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(datum);
	Bytes bytes = {VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)};

	return bytes;
}

Bytes
emit_jsonb_bytes(Jsonb *jsonb)
{
	StringInfoData text;
	Bytes bytes;

	initStringInfo(&text);
	JsonbToCString(&text, &jsonb->root, VARSIZE(jsonb));
	bytes.data = text.data;
	bytes.len = text.len;
	return bytes;
}

/* Adds a field of text that must not be NULL. */
static void
append_text(StringInfo frame, FunctionCallInfo fcinfo, int argument,
			const char *name)
{
	frame_append(frame, name, FIELD_TEXT,
				 varlena_bytes(required(fcinfo, argument, name)));
}

void
emit_check_headers(Jsonb *headers)
{
	if (!JB_ROOT_IS_OBJECT(headers))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("headers of an event must be a JSON object")));
	if (JB_ROOT_COUNT(headers) > PROTOCOL_MAX_HEADERS)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("an event has %u headers, and at most %d are "
							   "published",
							   JB_ROOT_COUNT(headers), PROTOCOL_MAX_HEADERS)));
}

/* Adds the headers, if there are. */
static void
append_headers(StringInfo frame, FunctionCallInfo fcinfo)
{
	Jsonb *headers;

	if (PG_ARGISNULL(ARGUMENT_HEADERS))
		return;
	headers = PG_GETARG_JSONB_P(ARGUMENT_HEADERS);
	emit_check_headers(headers);
	frame_append(frame, "headers", FIELD_JSON, emit_jsonb_bytes(headers));
}

/* Adds the payload, whose bytes are given; of NULL, none. */
static void
append_payload(StringInfo frame, FieldKind kind, Bytes payload)
{
	if (payload.len > max_event_bytes)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("payload of an event has %d bytes, and "
						"pg_outbox.max_event_bytes is %d",
						payload.len, max_event_bytes),
				 errhint("Publish a reference to it, or raise "
						 "pg_outbox.max_event_bytes, max_event_bytes of the "
						 "relay and message.max.bytes of Kafka.")));
	frame_append(frame, "payload", kind, payload);
}

void
emit_frame(const StringInfoData *frame)
{
	if (frame->len > EMIT_MAX_FRAME)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("event with its headers is too large for a message of "
						"%d MB",
						EMIT_MAX_FRAME / (1024 * 1024))));
	compat_log_message(EMIT_PREFIX, frame->data, frame->len);
}

/* Writes the event; returns its id. */
static Datum
emit(FunctionCallInfo fcinfo, FieldKind kind)
{
	Bytes payload = {NULL, 0};
	StringInfoData frame;
	Datum id;
	Bytes id_text;

	emit_check_server("outbox.emit()");
	id = required(fcinfo, ARGUMENT_ID, "id");
	id_text.data = DatumGetCString(DirectFunctionCall1(uuid_out, id));
	id_text.len = strlen(id_text.data);

	initStringInfo(&frame);
	frame_begin(&frame);
	append_text(&frame, fcinfo, ARGUMENT_AGGREGATE_TYPE, "aggregate_type");
	append_text(&frame, fcinfo, ARGUMENT_AGGREGATE_ID, "aggregate_id");
	append_text(&frame, fcinfo, ARGUMENT_EVENT_TYPE, "event_type");
	frame_append(&frame, "id", FIELD_TEXT, id_text);
	append_headers(&frame, fcinfo);
	if (PG_ARGISNULL(ARGUMENT_PAYLOAD))
		kind = FIELD_NULL;
	else if (kind == FIELD_JSON)
		payload = emit_jsonb_bytes(PG_GETARG_JSONB_P(ARGUMENT_PAYLOAD));
	else
		payload = varlena_bytes(PG_GETARG_DATUM(ARGUMENT_PAYLOAD));
	append_payload(&frame, kind, payload);
	emit_frame(&frame);
	return id;
}

/* outbox.emit(): a payload of jsonb. */
Datum
pg_outbox_emit(PG_FUNCTION_ARGS)
{
	return emit(fcinfo, FIELD_JSON);
}

/* outbox.emit_text(): a payload of text. */
Datum
pg_outbox_emit_text(PG_FUNCTION_ARGS)
{
	return emit(fcinfo, FIELD_TEXT);
}

/* outbox.emit_bytes(): a payload of bytea. */
Datum
pg_outbox_emit_bytes(PG_FUNCTION_ARGS)
{
	return emit(fcinfo, FIELD_BYTES);
}
