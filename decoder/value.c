/*-------------------------------------------------------------------------
 *
 * value.c
 *	  The value of an event where it is a JSON object of columns.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"

#include "json.h"
#include "utf8.h"
#include "value.h"

static const char too_large[] = "payload is too large when printed";

/* Whether values of a column print as JSON numbers, but for NaN and infinity.
 */
static bool
is_number(const Column *column)
{
	if (column->is_field)
		return false;
	return column->type == COLUMN_INT2 || column->type == COLUMN_INT4 ||
		   column->type == COLUMN_INT8 || column->typid == FLOAT4OID ||
		   column->typid == FLOAT8OID || column->typid == NUMERICOID;
}

/* Whether a number as it prints is one in JSON. */
static bool
is_finite(Bytes text)
{
	return text.len > 0 && strchr("-0123456789", text.data[0]) != NULL &&
		   (text.len < 2 || text.data[1] != 'I');
}

/* Appends JSON; false if it prints too long or is not valid in UTF-8. */
static bool
append_json(StringInfo out, const Column *column, Datum value, int limit)
{
	StringInfoData text;
	Bytes json;

	if (column->type == COLUMN_JSONB)
	{
		initStringInfo(&text);
		if (!json_append_jsonb(&text, DatumGetJsonbP(value), limit))
			return false;
		json.data = text.data;
		json.len = text.len;
	}
	else
		json = column_bytes(column, value);
	if (!utf8_from_server(json.data, json.len, &json) || json.len > limit)
		return false;
	json_append_json(out, json);
	return true;
}

/* Appends JSON as a string. */
static bool
append_json_text(StringInfo out, const Column *column, Datum value, int limit)
{
	StringInfoData text;
	Bytes json;

	initStringInfo(&text);
	if (!append_json(&text, column, value, limit))
		return false;
	json.data = text.data;
	json.len = text.len;
	if (!json_string_fits(json, limit))
		return false;
	json_append_string(out, json);
	return true;
}

/* Appends a value that is not NULL; returns NULL, or why it has none. */
static const char *
append_value(StringInfo out, const OutboxMember *member, Datum value, int limit)
{
	const Column *column = member->column;
	Bytes text;
	const char *error;

	if (column->type == COLUMN_JSON || column->type == COLUMN_JSONB)
	{
		bool appended = member->as_text
							? append_json_text(out, column, value, limit)
							: append_json(out, column, value, limit);

		return appended ? NULL : too_large;
	}
	error = column_text(column, value, &text);
	if (error != NULL)
		return error;
	if (!member->as_text &&
		((is_number(column) && is_finite(text)) || column->type == COLUMN_BOOL))
		appendBinaryStringInfo(out, text.data, text.len);
	else if (json_string_fits(text, limit))
		json_append_string(out, text);
	else
		return too_large;
	return NULL;
}

const char *
value_append(StringInfo out, const Outbox *outbox, int limit)
{
	int end = out->len + limit;
	const char *error = NULL;

	appendStringInfoChar(out, '{');
	for (int i = 0; error == NULL && i < outbox->n_members; i++)
	{
		const OutboxMember *member = &outbox->members[i];

		if (i > 0)
			appendStringInfoChar(out, ',');
		json_append_string(out, member->name);
		appendStringInfoChar(out, ':');
		if (member->column == NULL || outbox->nulls[member->column->index])
			json_append_literal(out, "null");
		else
			error =
				append_value(out, member, outbox->values[member->column->index],
							 end - out->len);
		if (out->len > end)
			error = too_large;
	}
	appendStringInfoChar(out, '}');
	return error;
}
