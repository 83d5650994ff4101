/*-------------------------------------------------------------------------
 *
 * json.c
 *	  Appends JSON to a buffer.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/base64.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "json.h"

/* Appends one byte that cannot stand in a JSON string as it is. */
static void
append_escape(StringInfo out, unsigned char c)
{
	switch (c)
	{
		case '\b':
			json_append_literal(out, "\\b");
			break;
		case '\f':
			json_append_literal(out, "\\f");
			break;
		case '\n':
			json_append_literal(out, "\\n");
			break;
		case '\r':
			json_append_literal(out, "\\r");
			break;
		case '\t':
			json_append_literal(out, "\\t");
			break;
		case '"':
			json_append_literal(out, "\\\"");
			break;
		case '\\':
			json_append_literal(out, "\\\\");
			break;
		default:
			appendStringInfo(out, "\\u%04x", c);
			break;
	}
}

/* Tells whether a byte cannot stand in a JSON string as it is. */
static inline bool
needs_escape(unsigned char c)
{
	return c < ' ' || c == '"' || c == '\\';
}

bool
json_string_fits(Bytes text, int room)
{
	int64 size = (int64) text.len + 2;

	/* An escape has at most six bytes. */
	if (6 * size <= room)
		return true;
	for (int i = 0; i < text.len && size <= room; i++)
	{
		if (needs_escape(text.data[i]))
			size += (unsigned char) text.data[i] < ' ' ? 5 : 1;
	}
	return size <= room;
}

void
json_append_string(StringInfo out, Bytes text)
{
	const char *p = text.data;
	const char *end = p + text.len;

	if (p == NULL)
	{
		json_append_literal(out, "null");
		return;
	}
	appendStringInfoChar(out, '"');
	while (p < end)
	{
		const char *run = p;

		while (p < end && !needs_escape(*p))
			p++;
		appendBinaryStringInfo(out, run, p - run);
		if (p < end)
			append_escape(out, *p++);
	}
	appendStringInfoChar(out, '"');
}

void
json_append_base64(StringInfo out, Bytes bytes)
{
	int size = pg_b64_enc_len(bytes.len) + 1;
	int len;

	appendStringInfoChar(out, '"');
	enlargeStringInfo(out, size);
	len = pg_b64_encode((const void *) bytes.data, bytes.len,
						out->data + out->len, size);
	Assert(len >= 0);
	out->len += len;
	appendStringInfoChar(out, '"');
}

void
json_append_json(StringInfo out, Bytes json)
{
	char *start;

	enlargeStringInfo(out, json.len);
	start = out->data + out->len;
	appendBinaryStringInfo(out, json.data, json.len);

	/* Inside a JSON string they are escaped, so these are between tokens. */
	for (char *p = start; p < start + json.len; p++)
	{
		if (*p == '\n' || *p == '\r')
			*p = ' ';
	}
}

/* Appends one scalar of a jsonb value; false if it is a string above room. */
static bool
append_scalar(StringInfo out, const JsonbValue *value, int room)
{
	Bytes text;
	char *number;

	switch (value->type)
	{
		case jbvNull:
			json_append_literal(out, "null");
			break;
		case jbvString:
			text.data = value->val.string.val;
			text.len = value->val.string.len;
			if (!json_string_fits(text, room))
				return false;
			json_append_string(out, text);
			break;
		case jbvNumeric:
			number = DatumGetCString(
				DirectFunctionCall1(numeric_out,
									NumericGetDatum(value->val.numeric)));
			appendStringInfoString(out, number);
			pfree(number);
			break;
		case jbvBool:
			if (value->val.boolean)
				json_append_literal(out, "true");
			else
				json_append_literal(out, "false");
			break;
		default:
			/* Containers come as tokens; nothing else is ever stored. */
			Assert(false);
			break;
	}
	return true;
}

/*
 * The order of tokens and separators is that of JsonbToCStringWorker()
 * (src/backend/utils/adt/jsonb.c).
 */
bool
json_append_jsonb(StringInfo out, Jsonb *jsonb, int limit)
{
	JsonbIterator *iterator = JsonbIteratorInit(&jsonb->root);
	JsonbIteratorToken token;
	JsonbValue value;
	bool raw_scalar = false;
	bool first = true;
	int end = out->len + limit;

	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
	{
		bool closes = token == WJB_END_ARRAY || token == WJB_END_OBJECT;

		if (!first && !closes)
			json_append_literal(out, ", ");
		first = token == WJB_BEGIN_ARRAY || token == WJB_BEGIN_OBJECT;
		switch (token)
		{
			case WJB_BEGIN_ARRAY:
				raw_scalar = value.val.array.rawScalar;
				if (!raw_scalar)
					appendStringInfoChar(out, '[');
				break;
			case WJB_END_ARRAY:
				if (!raw_scalar)
					appendStringInfoChar(out, ']');
				break;
			case WJB_BEGIN_OBJECT:
				appendStringInfoChar(out, '{');
				break;
			case WJB_END_OBJECT:
				appendStringInfoChar(out, '}');
				break;
			case WJB_KEY:
				if (!append_scalar(out, &value, end - out->len))
					return false;
				json_append_literal(out, ": ");
				first = true;
				break;
			case WJB_VALUE:
			case WJB_ELEM:
				if (!append_scalar(out, &value, end - out->len))
					return false;
				break;
			default:
				break;
		}
		if (out->len > end)
			return false;
	}
	return true;
}
