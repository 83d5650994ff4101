/*-------------------------------------------------------------------------
 *
 * outbox.c
 *	  What the columns of an outbox are for.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "frame.h"
#include "outbox.h"
#include "template.h"
#include "utf8.h"

/*
 * Notes that the type of a column cannot serve: an ERROR where the source is
 * strict, else the error of all rows.
 */
static void
cannot_use(Outbox *outbox, const ColumnSource *source, const char *column,
		   Oid type, const char *option, const char *allowed)
{
	if (source->strict)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of table %s has type %s, which "
						"option \"%s\" cannot use",
						column, source->name, format_type_be(type), option),
				 errhint("Allowed are %s.", allowed)));
	if (outbox->lacks == NULL)
		outbox->lacks = psprintf("column \"%s\" has type %s, which option "
								 "\"%s\" cannot use",
								 column, format_type_be(type), option);
}

/*
 * The first of some columns that the source has, or NULL.  One whose type
 * cannot serve does not matter where no option needs it.
 */
static Column *
first_column(Outbox *outbox, const ColumnSource *source, List *names,
			 const char *option)
{
	ListCell *lc;

	foreach (lc, names)
	{
		Oid unfit = InvalidOid;
		Column *column = source->find(source, lfirst(lc), &unfit);

		if (column != NULL)
			return column;
		if (OidIsValid(unfit) && option != NULL)
			cannot_use(outbox, source, lfirst(lc), unfit, option,
					   "built-in types, enums, types that print as text does, "
					   "and domains over them");
	}
	return NULL;
}

/* The names of columns, for people: "a" or "b". */
static char *
alternatives(List *names)
{
	StringInfoData list;
	ListCell *lc;

	initStringInfo(&list);
	foreach (lc, names)
		appendStringInfo(&list, "%s\"%s\"", list.len > 0 ? " or " : "",
						 (char *) lfirst(lc));
	return list.data;
}

/* The first of some columns, of which a table must have one. */
static Column *
required_column(Outbox *outbox, const ColumnSource *source, List *names,
				const char *option)
{
	Column *column = first_column(outbox, source, names, option);

	if (column != NULL)
		return column;
	if (source->strict)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("table %s has no column %s, which option \"%s\" needs",
						source->name, alternatives(names), option),
				 errhint("Name another column in option \"%s\", or take the "
						 "table "
						 "out of option \"tables\".",
						 option)));
	if (outbox->lacks == NULL)
		outbox->lacks = psprintf("%s %s, which option \"%s\" needs",
								 source->name == NULL ? "message has no field"
													  : "table has no column",
								 alternatives(names), option);
	return NULL;
}

/* Returns a column if its type can serve, else NULL. */
static Column *
require_type(Outbox *outbox, const ColumnSource *source, Column *column,
			 bool serves, const char *option, const char *allowed)
{
	if (column == NULL || serves)
		return column;
	/* A message goes without it. */
	if (source->name != NULL)
		cannot_use(outbox, source, column->name, column->typid, option,
				   allowed);
	return NULL;
}

/* Text of an option, which is in the database's encoding, as UTF-8. */
static Bytes
option_text(const char *text, const char *option)
{
	Bytes utf8;

	if (!utf8_from_server(text, strlen(text), &utf8))
		ereport(ERROR, (errcode(ERRCODE_UNTRANSLATABLE_CHARACTER),
						errmsg("option \"%s\": \"%s\" is not valid in UTF-8",
							   option, text)));
	return utf8;
}

/* The name that $schema or $table stands for; a message has none. */
static Bytes
table_name(Outbox *outbox, const ColumnSource *source, TemplatePartKind kind,
		   const char *option)
{
	const char *name = kind == TEMPLATE_SCHEMA ? source->schema : source->table;
	Bytes text = {NULL, 0};

	if (name != NULL && source->strict)
		return option_text(name, option);
	if (name != NULL && utf8_from_server(name, strlen(name), &text))
		return text;
	if (outbox->lacks == NULL)
		outbox->lacks =
			psprintf("%s, whose name option \"%s\" needs",
					 name != NULL
						 ? "row is of a table that has no valid UTF-8 name"
						 : "message is of no table",
					 option);
	text.data = NULL;
	text.len = 0;
	return text;
}

/* Resolves a template. */
static Text
resolve_text(Outbox *outbox, const ColumnSource *source, List *template,
			 const char *option)
{
	Text text = {palloc0((list_length(template) + 1) * sizeof(TextPart)), 0};
	ListCell *lc;

	foreach (lc, template)
	{
		const TemplatePart *part = lfirst(lc);
		TextPart *resolved = &text.parts[text.n_parts++];

		switch (part->kind)
		{
			case TEMPLATE_LITERAL:
				resolved->literal = option_text(part->literal, option);
				break;
			case TEMPLATE_COLUMN:
				resolved->column =
					required_column(outbox, source, part->columns, option);
				break;
			case TEMPLATE_SCHEMA:
			case TEMPLATE_TABLE:
				resolved->literal =
					table_name(outbox, source, part->kind, option);
				break;
		}
	}
	return text;
}

/* Resolves the topic's template, or the column whose value is routed. */
static void
resolve_topic(Outbox *outbox, const ColumnSource *source)
{
	const EventOptions *options = outbox->options;
	const RoleOption *route_by = &options->roles[ROLE_AGGREGATE_TYPE];

	if (options->router == NULL)
	{
		outbox->topic = resolve_text(outbox, source, options->topic, "topic");
		return;
	}
	outbox->topic.parts = palloc0(sizeof(TextPart));
	outbox->topic.n_parts = 1;
	outbox->topic.parts->column =
		required_column(outbox, source, route_by->columns, route_by->option);
}

/* Resolves the key: a column, a template, or none. */
static void
resolve_key(Outbox *outbox, const ColumnSource *source)
{
	const EventOptions *options = outbox->options;
	const RoleOption *role = &options->roles[ROLE_AGGREGATE_ID];
	Column *column;

	if (options->key != NIL)
		outbox->key_text = resolve_text(outbox, source, options->key, "key");
	if (role->columns == NIL)
		return;
	column = required_column(outbox, source, role->columns, role->option);
	/* A message's field is text where it is not bytes. */
	outbox->key =
		require_type(outbox, source, column,
					 column == NULL || !options->raw_key || column->is_field ||
						 column->type == COLUMN_BYTEA,
					 "key", "bytea, where key_encoding is raw");
}

/* Resolves the id, which may be missing or of any type. */
static void
resolve_id(Outbox *outbox, const ColumnSource *source)
{
	outbox->id = first_column(outbox, source,
							  outbox->options->roles[ROLE_ID].columns, NULL);
}

/* Whether a column can be the payload. */
static bool
is_payload(const Column *column)
{
	return column->type == COLUMN_JSON || column->type == COLUMN_JSONB ||
		   column->type == COLUMN_TEXT || column->type == COLUMN_CHAR ||
		   column->type == COLUMN_BYTEA;
}

/*
 * Resolves the payload's column.  Where the value is an object of columns, it
 * only says whether there is a value, and need not be there.
 */
static void
resolve_payload(Outbox *outbox, const ColumnSource *source)
{
	const RoleOption *role = &outbox->options->roles[ROLE_PAYLOAD];
	Column *column;

	if (outbox->options->value != NIL)
	{
		if (outbox->options->blank_is_tombstone)
			outbox->payload =
				first_column(outbox, source, role->columns, "payload");
		return;
	}
	column = required_column(outbox, source, role->columns, role->option);
	outbox->payload =
		require_type(outbox, source, column,
					 column == NULL || is_payload(column), role->option,
					 "json, jsonb, text, varchar, char and bytea");
}

/* Resolves the members of the object that is the value. */
static void
resolve_members(Outbox *outbox, const ColumnSource *source)
{
	List *value = outbox->options->value;
	ListCell *lc;

	outbox->members = palloc0((list_length(value) + 1) * sizeof(OutboxMember));
	foreach (lc, value)
	{
		const MemberOption *option = lfirst(lc);
		OutboxMember *member = &outbox->members[outbox->n_members++];

		member->name = option_text(option->name, "value");
		member->as_text = option->as_text;
		member->column =
			required_column(outbox, source, option->columns, "value");
	}
}

/* Resolves the column that an option names, if it is given. */
static Column *
resolve_optional(Outbox *outbox, const ColumnSource *source, Role which)
{
	const RoleOption *role = &outbox->options->roles[which];

	if (role->columns == NIL)
		return NULL;
	/* A message without it is as a row where it is NULL. */
	if (source->name == NULL)
		return first_column(outbox, source, role->columns, role->option);
	return required_column(outbox, source, role->columns, role->option);
}

/* Whether values of a column are integers; in a field they are digits. */
static bool
is_integer(const Column *column)
{
	return column->is_field || column->type == COLUMN_INT2 ||
		   column->type == COLUMN_INT4 || column->type == COLUMN_INT8;
}

/* Resolves the partition's column. */
static void
resolve_partition(Outbox *outbox, const ColumnSource *source)
{
	Column *column = resolve_optional(outbox, source, ROLE_PARTITION);

	outbox->partition =
		require_type(outbox, source, column,
					 column == NULL || is_integer(column), "partition",
					 "smallint, integer and bigint");
}

/* Whether a column can be the timestamp. */
static bool
is_timestamp(const Column *column)
{
	return column->is_field || column->type == COLUMN_INT8 ||
		   column->typid == TIMESTAMPOID || column->typid == TIMESTAMPTZOID;
}

/*
 * Resolves the timestamp's column; messages may have a field of that name,
 * unless they are rows, where it is a column like others.
 */
static void
resolve_timestamp(Outbox *outbox, const ColumnSource *source)
{
	Column *column = resolve_optional(outbox, source, ROLE_TIMESTAMP);
	Oid unfit;

	if (column == NULL && source->name == NULL &&
		source->find(source, FRAME_RELATION, &unfit) == NULL)
		column = source->find(source, "timestamp", &unfit);
	outbox->timestamp =
		require_type(outbox, source, column,
					 column == NULL || is_timestamp(column), "timestamp",
					 "timestamp, timestamptz and bigint (ms since 1970)");
}

/* The role that a header's name stands for, or NULL. */
static const RoleOption *
header_role(const EventOptions *options, const char *name)
{
	static const char *const role_names[N_ROLES] = {
		[ROLE_AGGREGATE_TYPE] = "aggregate_type",
		[ROLE_AGGREGATE_ID] = "aggregate_id",
		[ROLE_EVENT_TYPE] = "event_type",
		[ROLE_ID] = "id",
	};

	for (int role = 0; role < N_ROLES; role++)
	{
		if (role_names[role] != NULL && strcmp(role_names[role], name) == 0)
			return &options->roles[role];
	}
	return NULL;
}

/*
 * The column of a header: the one that an option names for that role, else one
 * of that name, else the usual one for that role.
 */
static Column *
header_column(Outbox *outbox, const ColumnSource *source, List *names)
{
	const RoleOption *role = header_role(outbox->options, linitial(names));
	Column *column = NULL;

	if (role != NULL && role->given)
		column = first_column(outbox, source, role->columns, "headers");
	if (column == NULL)
		column = first_column(outbox, source, names, "headers");
	if (column == NULL && role != NULL)
		column = first_column(outbox, source, role->columns, "headers");
	return column;
}

/* Warns of a header whose column a table lacks. */
static void
warn_of_header(const ColumnSource *source, const HeaderOption *option)
{
	bool spread = option->kind == HEADER_SPREAD;

	if (!source->warns)
		return;
	ereport(WARNING,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("table %s has no column %s: its events have no %s \"%s\"",
					source->name, alternatives(option->columns),
					spread ? "headers of" : "header", option->name)));
}

/* Whether the members of a column's values can be headers. */
static bool
is_spreadable(const Column *column)
{
	return column->type == COLUMN_JSON || column->type == COLUMN_JSONB ||
		   column->type == COLUMN_TEXT;
}

/* Resolves the column of a header; false if it is left out. */
static bool
resolve_header_column(Outbox *outbox, OutboxHeader *header,
					  const ColumnSource *source, const HeaderOption *option)
{
	header->column = header_column(outbox, source, option->columns);
	if (header->column == NULL)
	{
		warn_of_header(source, option);
		return false;
	}
	return option->kind == HEADER_COLUMN ||
		   require_type(outbox, source, header->column,
						is_spreadable(header->column), "headers",
						"json, jsonb, text and varchar, where all members are "
						"to be headers") != NULL;
}

/* Adds one header, unless it is left out. */
static void
resolve_header(Outbox *outbox, const ColumnSource *source,
			   const HeaderOption *option)
{
	OutboxHeader *header = &outbox->headers[outbox->n_headers];

	header->kind = option->kind;
	header->name = option_text(option->name, "headers");
	if (option->kind == HEADER_TEMPLATE)
		header->text =
			resolve_text(outbox, source, option->template, "headers");
	else if ((option->kind == HEADER_COLUMN || option->kind == HEADER_SPREAD) &&
			 !resolve_header_column(outbox, header, source, option))
		return;
	outbox->n_headers++;
}

/* Adds the headers in field "headers" of a message, which is JSON. */
static void
spread_field_headers(Outbox *outbox, const ColumnSource *source)
{
	HeaderOption option = {.kind = HEADER_SPREAD,
						   .columns = list_make1("headers"),
						   .name = "headers"};
	const Column *column =
		first_column(outbox, source, option.columns, "headers");

	if (column != NULL && column->type == COLUMN_JSON)
		resolve_header(outbox, source, &option);
}

/*
 * Resolves the headers: those with a name first, since they win over those
 * that an object spreads.  The field "headers" of a message is always spread.
 */
static void
resolve_headers(Outbox *outbox, const ColumnSource *source)
{
	List *options = outbox->options->headers;
	ListCell *lc;

	outbox->headers =
		palloc0((list_length(options) + 1) * sizeof(OutboxHeader));
	for (int spread = 0; spread <= 1; spread++)
	{
		foreach (lc, options)
		{
			const HeaderOption *option = lfirst(lc);

			if ((option->kind == HEADER_SPREAD) == (spread == 1))
				resolve_header(outbox, source, option);
		}
	}
	if (source->name == NULL)
		spread_field_headers(outbox, source);
}

/* A copy of the constants of a condition, which get the form of a column. */
static List *
copy_constants(List *constants)
{
	List *copies = NIL;
	ListCell *lc;

	foreach (lc, constants)
	{
		FilterConstant *copy = palloc(sizeof(FilterConstant));

		*copy = *(const FilterConstant *) lfirst(lc);
		copy->text = pstrdup(copy->text);
		copies = lappend(copies, copy);
	}
	return copies;
}

/* Warns of a value that no row has; a later ALTER TYPE may add it. */
static void
warn_of_label(const ColumnSource *source, const Filter *filter,
			  const Column *column)
{
	const char *label;

	if (!source->warns)
		return;
	label = filter_unknown_label(filter, column);
	if (label == NULL)
		return;
	ereport(WARNING,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("option \"where\" compares column \"%s\" of table %s with "
					"'%s', which is no label of type %s: no row has it",
					column->name, source->name, label,
					format_type_be(column->typid))));
}

/* Resolves a condition on a column. */
static void
resolve_condition(Outbox *outbox, const ColumnSource *source, Filter *filter)
{
	List *names = list_make1(filter->name);
	Column *column;
	const char *error;

	/* A message without it is as a row where it is NULL. */
	column = source->name == NULL
				 ? first_column(outbox, source, names, "where")
				 : required_column(outbox, source, names, "where");
	if (column == NULL)
		return;
	warn_of_label(source, filter, column);
	filter->constants = copy_constants(filter->constants);
	error = filter_prepare(filter, column);
	if (error == NULL)
		return;
	if (source->strict)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of table %s has type %s, which option "
						"\"where\" cannot use: %s",
						column->name, source->name,
						format_type_be(column->typid), error)));
	filter->column = NULL;
	outbox->lacks = psprintf("option \"where\": %s", error);
}

/* Resolves the condition of option "where". */
static Filter *
resolve_filter(Outbox *outbox, const ColumnSource *source, const Filter *option)
{
	Filter *filter;

	if (option == NULL)
		return NULL;
	filter = palloc(sizeof(Filter));
	*filter = *option;
	filter->left = resolve_filter(outbox, source, option->left);
	filter->right = resolve_filter(outbox, source, option->right);
	if (filter->name != NULL)
		resolve_condition(outbox, source, filter);
	return filter;
}

Outbox *
outbox_resolve(const EventOptions *options, const ColumnSource *source)
{
	Outbox *outbox = palloc0(sizeof(Outbox));

	outbox->options = options;
	outbox->natts = source->natts;
	outbox->values = palloc(source->natts * sizeof(Datum) + 1);
	outbox->nulls = palloc(source->natts * sizeof(bool) + 1);
	resolve_topic(outbox, source);
	resolve_key(outbox, source);
	resolve_id(outbox, source);
	resolve_payload(outbox, source);
	resolve_members(outbox, source);
	resolve_partition(outbox, source);
	resolve_timestamp(outbox, source);
	resolve_headers(outbox, source);
	outbox->where = resolve_filter(outbox, source, options->where);
	return outbox;
}
