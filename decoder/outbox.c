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

/* The first of some columns that the source has, or NULL. */
static Column *
first_column(const ColumnSource *source, List *names, const char *option)
{
	ListCell *lc;

	foreach (lc, names)
	{
		Column *column = source->find(source, lfirst(lc), option);

		if (column != NULL)
			return column;
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
	Column *column = first_column(source, names, option);

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

/*
 * Returns a column if its type can serve, else NULL: then it is an ERROR where
 * the source is strict.
 */
static Column *
require_type(const ColumnSource *source, Column *column, bool serves,
			 const char *option, const char *allowed)
{
	if (column == NULL || serves)
		return column;
	if (source->strict)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("column \"%s\" of table %s has type %s, which "
							   "option \"%s\" cannot use",
							   column->name, source->name,
							   format_type_be(column->typid), option),
						errhint("Allowed are %s.", allowed)));
	return NULL;
}

/* Resolves the topic's template, or the column whose value is routed. */
static void
resolve_topic(Outbox *outbox, const Options *options,
			  const ColumnSource *source)
{
	const RoleOption *route_by = &options->roles[ROLE_AGGREGATE_TYPE];
	ListCell *lc;

	outbox->topic =
		palloc0((list_length(options->topic) + 1) * sizeof(TopicPart));
	if (options->router != NULL)
	{
		outbox->topic[outbox->n_topic++].column =
			required_column(outbox, source, route_by->columns,
							route_by->option);
		return;
	}
	foreach (lc, options->topic)
	{
		const TemplatePart *part = lfirst(lc);
		TopicPart *resolved = &outbox->topic[outbox->n_topic++];

		if (part->literal == NULL)
		{
			resolved->column =
				required_column(outbox, source, part->columns, "topic");
			continue;
		}
		resolved->literal.data = part->literal;
		resolved->literal.len = strlen(part->literal);
	}
}

/* Whether a column can be the payload. */
static bool
is_payload(const Column *column)
{
	return column->type == COLUMN_JSON || column->type == COLUMN_JSONB ||
		   column->type == COLUMN_TEXT || column->type == COLUMN_CHAR ||
		   column->type == COLUMN_BYTEA;
}

/* Resolves the payload's column. */
static void
resolve_payload(Outbox *outbox, const Options *options,
				const ColumnSource *source)
{
	const RoleOption *role = &options->roles[ROLE_PAYLOAD];
	Column *column =
		required_column(outbox, source, role->columns, role->option);

	outbox->payload =
		require_type(source, column, column == NULL || is_payload(column),
					 role->option,
					 "json, jsonb, text, varchar, char and bytea");
}

/* Resolves the column that an option names, if it is given. */
static Column *
resolve_optional(Outbox *outbox, const Options *options,
				 const ColumnSource *source, Role which)
{
	const RoleOption *role = &options->roles[which];

	if (role->columns == NIL)
		return NULL;
	/* A message without it is as a row where it is NULL. */
	if (source->name == NULL)
		return first_column(source, role->columns, role->option);
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
resolve_partition(Outbox *outbox, const Options *options,
				  const ColumnSource *source)
{
	Column *column = resolve_optional(outbox, options, source, ROLE_PARTITION);

	outbox->partition =
		require_type(source, column, column == NULL || is_integer(column),
					 "partition", "smallint, integer and bigint");
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
resolve_timestamp(Outbox *outbox, const Options *options,
				  const ColumnSource *source)
{
	Column *column = resolve_optional(outbox, options, source, ROLE_TIMESTAMP);

	if (column == NULL && source->name == NULL &&
		source->find(source, FRAME_RELATION, "timestamp") == NULL)
		column = source->find(source, "timestamp", "timestamp");
	outbox->timestamp =
		require_type(source, column, column == NULL || is_timestamp(column),
					 "timestamp",
					 "timestamp, timestamptz and bigint (ms since 1970)");
}

/* The role that a header's name stands for, or NULL. */
static const RoleOption *
header_role(const Options *options, const char *name)
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
header_column(const Options *options, const ColumnSource *source,
			  const char *name)
{
	const RoleOption *role = header_role(options, name);
	Column *column = NULL;

	if (role != NULL && role->given)
		column = first_column(source, role->columns, "headers");
	if (column == NULL)
		column = source->find(source, name, "headers");
	if (column == NULL && role != NULL)
		column = first_column(source, role->columns, "headers");
	return column;
}

/* Warns of a header whose column a table lacks. */
static void
warn_of_header(const ColumnSource *source, const HeaderOption *option)
{
	if (!source->warns)
		return;
	ereport(WARNING,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("table %s has no column \"%s\": its events have no %s "
					"\"%s\"",
					source->name, option->column,
					option->spread ? "headers of" : "header",
					option->spread ? option->column : option->name)));
}

/* Resolves one header; false if it is left out. */
static bool
resolve_header(HeaderColumn *header, const Options *options,
			   const ColumnSource *source, const HeaderOption *option)
{
	header->spread = option->spread;
	header->column = header_column(options, source, option->column);
	if (header->column == NULL)
	{
		warn_of_header(source, option);
		return false;
	}
	if (option->spread &&
		require_type(source, header->column,
					 header->column->type == COLUMN_JSON ||
						 header->column->type == COLUMN_JSONB,
					 "headers",
					 "json and jsonb, where all members are to be headers") ==
			NULL)
		return false;
	if (!utf8_from_server(option->name, strlen(option->name), &header->name))
		ereport(ERROR, (errcode(ERRCODE_UNTRANSLATABLE_CHARACTER),
						errmsg("option \"headers\": \"%s\" is not valid in "
							   "UTF-8",
							   option->name)));
	return true;
}

/*
 * Resolves the headers: those with a name first, since they win over those
 * that an object spreads.  The field "headers" of a message is always spread.
 */
static void
resolve_headers(Outbox *outbox, const Options *options,
				const ColumnSource *source)
{
	static const HeaderOption of_messages = {"headers", "headers", true};
	ListCell *lc;

	outbox->headers =
		palloc0((list_length(options->headers) + 1) * sizeof(HeaderColumn));
	for (int spread = 0; spread <= 1; spread++)
	{
		foreach (lc, options->headers)
		{
			const HeaderOption *option = lfirst(lc);

			if (option->spread == (spread == 1) &&
				resolve_header(&outbox->headers[outbox->n_headers], options,
							   source, option))
				outbox->n_headers++;
		}
	}
	if (source->name == NULL &&
		resolve_header(&outbox->headers[outbox->n_headers], options, source,
					   &of_messages))
		outbox->n_headers++;
}

Outbox *
outbox_resolve(const Options *options, const ColumnSource *source)
{
	Outbox *outbox = palloc0(sizeof(Outbox));
	const RoleOption *key = &options->roles[ROLE_AGGREGATE_ID];

	outbox->natts = source->natts;
	outbox->values = palloc(source->natts * sizeof(Datum) + 1);
	outbox->nulls = palloc(source->natts * sizeof(bool) + 1);
	resolve_topic(outbox, options, source);
	outbox->key = required_column(outbox, source, key->columns, key->option);
	resolve_payload(outbox, options, source);
	resolve_partition(outbox, options, source);
	resolve_timestamp(outbox, options, source);
	resolve_headers(outbox, options, source);
	return outbox;
}
