/*-------------------------------------------------------------------------
 *
 * row_frame.c
 *	  A row of any table as the frame of a message.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "emit.h"
#include "frame.h"
#include "row_frame.h"

/* The column that is merged with the headers given. */
#define HEADERS "headers"

/* What an error is about. */
typedef struct Position
{
	const RowFrame *row;
	const Column *column;
} Position;

/* The name of a table as the decoder's option "tables" has it. */
static char *
table_name(Oid relation)
{
	if (!OidIsValid(relation))
		return NULL;
	return quote_qualified_identifier(get_namespace_name(
										  get_rel_namespace(relation)),
									  get_rel_name(relation));
}

RowFrame *
row_frame_create(TupleDesc desc, Oid relation)
{
	RowFrame *row = palloc0(sizeof(RowFrame));

	row->relation = table_name(relation);
	row->natts = desc->natts;
	row->columns = palloc((desc->natts + 1) * sizeof(Column *));
	row->values = palloc((desc->natts + 1) * sizeof(Datum));
	row->nulls = palloc((desc->natts + 1) * sizeof(bool));
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		Column *column;

		if (att->attisdropped || COMPAT_IS_VIRTUAL(att))
			continue;
		column = column_describe(att);
		row->columns[row->n_columns++] = column;
		row->prints = row->prints || column->type == COLUMN_OTHER;
	}
	return row;
}

/* What a row is called in an error: the value of its id, cut short. */
static const char *
row_name(const RowFrame *row)
{
	for (int i = 0; row->id != NULL && i < row->n_columns; i++)
	{
		const Column *column = row->columns[i];
		Bytes text;

		if (strcmp(column->name, row->id) == 0 && !row->nulls[column->index] &&
			column->type != COLUMN_OTHER &&
			column_text(column, row->values[column->index], &text) == NULL)
			return psprintf(" with %s %.*s", row->id, Min(text.len, 64),
							text.data);
	}
	return "";
}

/* Says which value an error is about (ErrorContextCallback). */
static void
describe_position(void *arg)
{
	const Position *position = arg;

	errcontext("column \"%s\" of a row of %s%s", position->column->name,
			   position->row->relation != NULL ? position->row->relation
											   : "no table",
			   row_name(position->row));
}

/* Raises the ERROR of a row that does not fit into a message. */
static void
check_size(const RowFrame *row, const StringInfoData *frame, Bytes value)
{
	if ((int64) frame->len + value.len <= EMIT_MAX_FRAME)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("row%s of table %s is too wide for a message of %d MB",
					row_name(row),
					row->relation != NULL ? row->relation : "(none)",
					EMIT_MAX_FRAME / (1024 * 1024))));
}

/* A value as its type's output function prints it. */
static Bytes
printed(const Column *column, Datum value)
{
	Bytes text;

	text.data =
		OutputFunctionCall(unconstify(FmgrInfo *, &column->output), value);
	text.len = strlen(text.data);
	return text;
}

/* A value with its kind, in the database's encoding. */
static Bytes
render(const Column *column, Datum value, FieldKind *kind)
{
	Bytes text = {NULL, 0};
	const char *error;

	*kind = FIELD_TEXT;
	switch (column->type)
	{
		case COLUMN_TEXT:
		case COLUMN_CHAR:
			return column_bytes(column, value);
		case COLUMN_JSON:
			*kind = FIELD_JSON;
			return column_bytes(column, value);
		case COLUMN_JSONB:
			*kind = FIELD_JSON;
			return emit_jsonb_bytes(DatumGetJsonbP(value));
		case COLUMN_BYTEA:
			*kind = FIELD_BYTES;
			return column_bytes(column, value);
		case COLUMN_OTHER:
			return printed(column, value);
		default:
			/* ASCII, and it does not fail. */
			error = column_text(column, value, &text);
			if (error != NULL)
				elog(ERROR, "%s", error);
			return text;
	}
}

/* Raises the ERROR of headers that are not an object, unless they are. */
static Bytes
require_object(Bytes json)
{
	while (json.len > 0 && isspace((unsigned char) json.data[0]))
	{
		json.data++;
		json.len--;
	}
	while (json.len > 0 && isspace((unsigned char) json.data[json.len - 1]))
		json.len--;
	if (json.len == 0 || json.data[0] != '{')
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("column \"" HEADERS "\" is not a JSON object, "
							   "so no headers can be added to it")));
	return json;
}

/* The headers of a row as JSON, which text is not known to be. */
static Bytes
own_headers(const Column *column, Datum value)
{
	FieldKind kind;
	Bytes json = render(column, value, &kind);

	if (column->type == COLUMN_TEXT || column->type == COLUMN_CHAR)
		DirectFunctionCall1(json_in,
							CStringGetDatum(pnstrdup(json.data, json.len)));
	else if (kind != FIELD_JSON)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("column \"" HEADERS "\" has type %s, so no "
							   "headers can be added to it",
							   format_type_be(column->typid))));
	return require_object(json);
}

/*
 * Headers of a row and others in one object; of two with one name the decoder
 * takes the last.  Numbers so stay as they are written.
 */
static Bytes
merge_headers(Bytes own, Bytes others)
{
	StringInfoData merged;
	Bytes result;
	bool is_empty = true;

	initStringInfo(&merged);
	appendBinaryStringInfo(&merged, own.data, own.len - 1);
	for (int i = 1; i < own.len - 1; i++)
		is_empty = is_empty && isspace((unsigned char) own.data[i]);
	if (!is_empty)
		appendStringInfoChar(&merged, ',');
	appendBinaryStringInfo(&merged, others.data + 1, others.len - 1);
	/* {"a": 1,} would not be JSON. */
	result.data = merged.data;
	result.len = merged.len;
	return others.len <= 2 ? own : result;
}

/* Adds one column. */
static void
append_column(const RowFrame *row, const Column *column, Jsonb *headers,
			  StringInfo frame)
{
	bool is_headers = headers != NULL && strcmp(column->name, HEADERS) == 0;
	Datum value = row->values[column->index];
	FieldKind kind = is_headers ? FIELD_JSON : FIELD_NULL;
	Bytes bytes = {NULL, 0};

	if (is_headers)
		bytes = emit_jsonb_bytes(headers);
	if (row->nulls[column->index])
		;
	else if (is_headers)
		bytes = merge_headers(own_headers(column, value), bytes);
	else
		bytes = render(column, value, &kind);
	check_size(row, frame, bytes);
	frame_append(frame, column->name, kind, bytes);
}

/*
 * Pins what output functions depend on, as the relay does for the decoder
 * (postgres/connection.c).  To be undone with AtEOXact_GUC(true, level).
 */
static int
pin_settings(void)
{
	static const char *const settings[][2] = {
		{"search_path", "pg_catalog"}, {"datestyle", "ISO"},
		{"intervalstyle", "postgres"}, {"extra_float_digits", "1"},
		{"timezone", "UTC"},           {"bytea_output", "hex"},
		{"xmlbinary", "base64"},
	};
	int level = NewGUCNestLevel();

	for (int i = 0; i < lengthof(settings); i++)
		(void) set_config_option(settings[i][0], settings[i][1], PGC_USERSET,
								 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
								 false);
	return level;
}

/* Adds the columns, and headers if no column has that name. */
static void
append_columns(const RowFrame *row, Jsonb *headers, StringInfo frame,
			   Position *position)
{
	bool has_headers = false;

	for (int i = 0; i < row->n_columns; i++)
	{
		position->column = row->columns[i];
		has_headers =
			has_headers || strcmp(position->column->name, HEADERS) == 0;
		append_column(row, position->column, headers, frame);
	}
	if (headers != NULL && !has_headers)
		frame_append(frame, HEADERS, FIELD_JSON, emit_jsonb_bytes(headers));
}

void
row_frame_write(const RowFrame *row, Jsonb *headers, StringInfo frame)
{
	Bytes relation = {row->relation, 0};
	Position position = {.row = row};
	ErrorContextCallback context = {.callback = describe_position,
									.arg = &position,
									.previous = error_context_stack};
	int level = row->prints ? pin_settings() : 0;

	frame_begin(frame);
	if (row->relation != NULL)
		relation.len = strlen(row->relation);
	frame_append(frame, FRAME_RELATION,
				 row->relation != NULL ? FIELD_TEXT : FIELD_NULL, relation);
	error_context_stack = &context;
	append_columns(row, headers, frame, &position);
	error_context_stack = context.previous;
	if (row->prints)
		AtEOXact_GUC(true, level);
}
