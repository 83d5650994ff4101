/*-------------------------------------------------------------------------
 *
 * connector/placement.c
 *	  Where the Event Router places further columns: headers, the envelope and
 *	  the partition.
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "connector/names.h"
#include "connector/placement.h"
#include "connector/transforms.h"

/* What is gathered. */
typedef struct Placements
{
	Import *import;
	char *headers; /* of option "headers" */
	char *members; /* of option "value", behind the payload; empty: none */
	char *names;   /* of headers, each with a line feed before and behind */
	char *member_names;
	bool has_partition;
} Placements;

/* Puts a text behind another one. */
static void
append(char **list, const char *separator, const char *text)
{
	char *longer = name_format("%s%s%s", *list, separator, text);

	free(*list);
	*list = longer;
}

/* Tells whether a name is not in a list yet, and adds it. */
static bool
is_new(char **names, const char *name)
{
	char *marked = name_format("\n%s\n", name);
	bool found = strstr(*names, marked) != NULL;

	if (!found)
		append(names, "", marked + 1);
	free(marked);
	return !found;
}

/* Says that something is placed again. */
static void
tell_twice(Placements *placements, const char *what, const char *name)
{
	report_note(placements->import->report, REPORT_OTHERWISE,
				"%s %s is placed twice, and records have both; here they have "
				"the first",
				what, name);
}

/* The option of the router that says which column a role is, in the decoder. */
static const char *
column_of_role(Import *import, const char *role)
{
	static const struct
	{
		const char *role;
		const char *option;
	} roles[] = {{"id", "table.field.event.id"},
				 {"aggregate_type", "route.by.field"},
				 {"aggregate_id", "table.field.event.key"}};

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
	{
		if (strcmp(roles[i].role, role) == 0)
			return connector_take_of(import->connector, import->router,
									 roles[i].option);
	}
	return NULL;
}

/*
 * The column of a header.  The decoder takes id, aggregate_type and
 * aggregate_id for the columns of these roles, whatever they are called; a
 * template is the column of that name.  The caller frees it.
 */
static char *
header_source(Import *import, const char *column)
{
	const char *role = column_of_role(import, column);

	if (role != NULL && strcmp(role, column) != 0)
		return name_format("'${%s}'", column);
	return name_quote(column);
}

/* Adds a source, which is freed, under a name if that is another one. */
static void
append_source(char **list, char *source, const char *name)
{
	char *quoted = name_quote_alias(name);

	append(list, ", ", source);
	if (strcmp(source, quoted) != 0)
		append(list, ":", quoted);
	free(source);
	free(quoted);
}

/* Adds a header. */
static void
place_header(Placements *placements, const char *column, const char *alias)
{
	const char *name = *alias != '\0' ? alias : column;

	if (!is_new(&placements->names, name))
	{
		tell_twice(placements, "header", name);
		return;
	}
	append_source(&placements->headers,
				  header_source(placements->import, column), name);
}

/* Adds a member of the value. */
static void
place_member(Placements *placements, const char *column, const char *alias)
{
	const char *name = *alias != '\0' ? alias : column;

	if (!is_new(&placements->member_names, name))
	{
		tell_twice(placements, "member", name);
		return;
	}
	append_source(&placements->members, name_quote(column), name);
}

/* Adds the partition. */
static void
place_partition(Placements *placements, const char *column)
{
	Report *report = placements->import->report;
	char *quoted = name_quote(column);

	if (placements->has_partition)
		report_note(report, REPORT_WRONG, "the partition is placed twice");
	else
		report_set(report, REPORT_OUTBOX, "partition", quoted,
				   "table.fields.additional.placement");
	if (placements->import->connector->home == HOME_SERVER)
		report_note(report, REPORT_OTHERWISE,
					"Debezium Server loses the partition on the way to Kafka: "
					"here records go to that of column %s",
					column);
	placements->has_partition = true;
	free(quoted);
}

/* Ends a part of an entry, without the white space around it. */
static char *
trim(char *text)
{
	size_t len;

	while (isspace((unsigned char) *text))
		text++;
	len = strlen(text);
	while (len > 0 && isspace((unsigned char) text[len - 1]))
		text[--len] = '\0';
	return text;
}

/* Takes column:placement[:alias]. */
static void
place(Placements *placements, char *entry)
{
	char *rest = entry;
	char *column = trim(strsep(&rest, ":"));
	char *placement = rest != NULL ? trim(strsep(&rest, ":")) : NULL;
	char *alias = rest != NULL ? trim(strsep(&rest, ":")) : "";
	bool ok = *column != '\0' && placement != NULL && rest == NULL;

	if (ok && strcmp(placement, "header") == 0)
		place_header(placements, column, alias);
	else if (ok && strcmp(placement, "envelope") == 0)
		place_member(placements, column, alias);
	else if (ok && strcmp(placement, "partition") == 0)
		place_partition(placements, column);
	else
		report_note(placements->import->report, REPORT_WRONG,
					"table.fields.additional.placement: %s%s%s is not "
					"column:header, column:envelope or column:partition, each "
					"perhaps with :alias; the connector fails by it",
					column, placement != NULL ? ":" : "",
					placement != NULL ? placement : "");
}

/* Adds the value, if there is an envelope. */
static void
set_value(Placements *placements)
{
	Import *import = placements->import;
	const char *column = connector_take_of(import->connector, import->router,
										   "table.field.event.payload");
	char *quoted = name_quote(column != NULL ? column : "payload");
	/* Only what is expanded is JSON in the envelope; else it is a string. */
	char *payload =
		name_format("%s%s%s", quoted, import->expands ? "" : "::text",
					strcmp(quoted, "payload") != 0 ? ":payload" : "");
	char *value = name_format("row(%s%s)", payload, placements->members);

	report_set(import->report, REPORT_OUTBOX, "value", value,
			   "table.fields.additional.placement");
	report_note(import->report, REPORT_OTHERWISE,
				"columns of dates and times are ISO 8601 in the value and in "
				"headers, not numbers since 1970; numeric is a number, not "
				"base64");
	free(quoted);
	free(payload);
	free(value);
}

/* Adds the column that has tracing's context. */
static void
add_tracing(Placements *placements)
{
	Import *import = placements->import;
	const char *column = connector_take_of(import->connector, import->router,
										   "tracing.span.context.field");
	char *quoted;

	if (column == NULL)
		return;
	quoted = name_quote(column);
	append(&placements->headers, ", ", quoted);
	append(&placements->headers, ":", "*");
	free(quoted);
}

/* Adds a header of a constant, which a transform inserted. */
static void
add_constant(void *argument, const char *name, const char *text)
{
	Placements *placements = argument;
	char *source;
	char *quoted;

	if (!is_new(&placements->names, name))
	{
		tell_twice(placements, "header", name);
		return;
	}
	if (*text != '\0' && strspn(text, "0123456789+-.eE") == strlen(text))
		report_note(placements->import->report, REPORT_OTHERWISE,
					"header %s is the text %s, which InsertHeader reads as a "
					"number and may write otherwise: 1.0 becomes 1",
					name, text);
	source = name_quote_text(text);
	quoted = name_quote_alias(name);
	append(&placements->headers, ", ", source);
	append(&placements->headers, ":", quoted);
	free(source);
	free(quoted);
}

/* Says what became of the column of the event's type. */
static void
judge_type(Import *import, const char *placement)
{
	const char *type = connector_take_of(import->connector, import->router,
										 "table.field.event.type");
	char *quoted;

	if (type == NULL || (placement != NULL && strstr(placement, type) != NULL))
		return;
	quoted = name_quote(type);
	report_note(import->report, REPORT_WRONG,
				"table.field.event.type does nothing: the router publishes the "
				"type only where table.fields.additional.placement places it. "
				"\"headers = id, %s:eventType\" adds a header for it",
				quoted);
	free(quoted);
}

void
import_placements(Import *import)
{
	const char *given = connector_take_of(import->connector, import->router,
										  "table.fields.additional.placement");
	Placements placements = {.import = import,
							 .headers = xstrdup("id"),
							 .members = xstrdup(""),
							 .names = xstrdup("\nid\n"),
							 .member_names = xstrdup("\npayload\n")};
	char *list = xstrdup(given != NULL ? given : "");
	char *rest = list;
	char *entry;

	while (given != NULL && (entry = strsep(&rest, ",")) != NULL)
		place(&placements, entry);
	add_tracing(&placements);
	transforms_each_header(import, add_constant, &placements);
	if (*placements.members != '\0')
		set_value(&placements);
	judge_type(import, given);
	report_set(import->report, REPORT_OUTBOX, "headers", placements.headers,
			   "table.fields.additional.placement");
	report_note(import->report, REPORT_OTHERWISE,
				"headers __debezium.context.* are not made");
	free(list);
	free(placements.headers);
	free(placements.members);
	free(placements.names);
	free(placements.member_names);
}
