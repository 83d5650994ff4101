/*-------------------------------------------------------------------------
 *
 * connector/router.c
 *	  The Event Router of a connector: section [outbox].
 *
 * Its options and defaults are those of EventRouterConfigDefinition.java; what
 * it makes of a row is what EventRouterDelegate.java does.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "connector/converters.h"
#include "connector/names.h"
#include "connector/placement.h"
#include "connector/router.h"

const char *const router_options[] = {"table.op.invalid.behavior",
									  "table.field.event.id",
									  "table.field.event.key",
									  "table.field.event.type",
									  "table.field.event.timestamp",
									  "table.field.event.payload",
									  "table.field.event.schema.version",
									  "table.fields.additional.placement",
									  "table.field.additional.missing",
									  "table.expand.json.payload",
									  "table.json.payload.null.behavior",
									  "table.json.payload.empty.array.behavior",
									  "route.by.field",
									  "route.topic.regex",
									  "route.topic.replacement",
									  "route.tombstone.on.empty.payload",
									  "tracing.span.context.field",
									  "tracing.operation.name",
									  "tracing.with.context.field.only",
									  NULL};

/* An option of the router, or NULL. */
static const char *
option(Import *import, const char *name)
{
	return connector_take_of(import->connector, import->router, name);
}

/*
 * Tells whether the options that are given name columns as snake_case does, so
 * that those which are not given are probably called so too.
 */
static bool
has_snake_case(Import *import)
{
	static const char *const names[] = {"table.field.event.key",
										"table.field.event.type",
										"route.by.field"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		const char *value = option(import, names[i]);

		if (value != NULL && (strcmp(value, "aggregate_id") == 0 ||
							  strcmp(value, "event_type") == 0 ||
							  strcmp(value, "aggregate_type") == 0))
			return true;
	}
	return false;
}

/*
 * The columns of an option that has a default.  Where that is probably wrong,
 * both, of which the decoder takes the one that the table has.  The caller
 * frees it.
 */
static char *
columns_of(Import *import, const char *name, const char *usual,
		   const char *snake)
{
	const char *value = option(import, name);

	if (value != NULL)
		return name_quote(value);
	if (snake == NULL || !has_snake_case(import))
		return xstrdup(usual);
	report_note(import->report, REPORT_WRONG,
				"%s is not set, so the router takes column %s, while its other "
				"columns are named with underscores: if the table has %s "
				"instead, the connector fails at the first row (\"%s is not a "
				"valid field name\")",
				name, usual, snake, usual);
	report_decide(import->report, REPORT_OUTBOX,
				  "%s is not set: of these the column that the table has is "
				  "taken; leave the other out",
				  name);
	return name_format("%s|%s", snake, usual);
}

/* Warns of what the server's regular expressions do not have. */
static void
judge_regex(Import *import, const char *regex)
{
	static const char *const java_only[] = {"\\p{", "\\P{", "(?>", "*+",  "++",
											"?+",   "&&",   "\\R", "\\G", NULL};

	for (int i = 0; java_only[i] != NULL; i++)
	{
		if (strstr(regex, java_only[i]) != NULL)
			report_decide(import->report, REPORT_OUTBOX,
						  "route.topic.regex has %s in it, which is refused at "
						  "the start: write it otherwise",
						  java_only[i]);
	}
}

/* Adds the topic. */
static void
import_route(Import *import)
{
	Report *report = import->report;
	char *by =
		columns_of(import, "route.by.field", "aggregatetype", "aggregate_type");
	const char *regex = option(import, "route.topic.regex");
	const char *replacement = option(import, "route.topic.replacement");

	report_set(report, REPORT_OUTBOX, "route_by", by, "route.by.field");
	free(by);
	if (regex != NULL)
	{
		judge_regex(import, regex);
		report_set(report, REPORT_OUTBOX, "route_regex", regex,
				   "route.topic.regex");
	}
	if (replacement != NULL)
		report_set(report, REPORT_OUTBOX, "route_replacement", replacement,
				   "route.topic.replacement");
	report_note(report, REPORT_OTHERWISE,
				"a row whose %s is NULL, or makes no legal name of a topic, is "
				"held up with a message that names it, until it is passed "
				"over; the connector's task fails",
				option(import, "route.by.field") != NULL
					? option(import, "route.by.field")
					: "route column");
}

/*
 * The column of the key.  Debezium 1 had a second option for it, which counted
 * where the first was not given.
 */
static void
import_key_column(Import *import)
{
	const char *old = option(import, "table.field.event.payload.id");
	char *columns;

	if (old == NULL)
		old = option(import, "table.field.payload.id");
	if (old != NULL && option(import, "table.field.event.key") == NULL)
	{
		columns = name_quote(old);
		report_decide(import->report, REPORT_OUTBOX,
					  "table.field.event.payload.id was the key in Debezium 1, "
					  "and is ignored since");
	}
	else
		columns = columns_of(import, "table.field.event.key", "aggregateid",
							 "aggregate_id");
	import_key(import, columns, "table.field.event.key");
	free(columns);
}

/* Adds a column that has no default but the router's own, quoted. */
static void
import_column(Import *import, const char *name, const char *usual,
			  const char *key)
{
	const char *value = option(import, name);
	char *quoted;

	if (value == NULL && usual == NULL)
		return;
	quoted = name_quote(value != NULL ? value : usual);
	report_set(import->report, REPORT_OUTBOX, key, quoted, name);
	free(quoted);
}

/* Adds the time of the records. */
static void
import_timestamp(Import *import)
{
	import_column(import, "table.field.event.timestamp", NULL, "timestamp");
	if (option(import, "table.field.event.timestamp") == NULL)
		report_note(import->report, REPORT_OTHERWISE,
					"the time of a record is that of the commit, not that at "
					"which the connector read the row");
	else if (import->connector->home == HOME_SERVER)
		report_note(import->report, REPORT_OTHERWISE,
					"Debezium Server loses table.field.event.timestamp on the "
					"way to Kafka: records have the time of the column here");
}

/* Says what options do that add nothing. */
static void
explain_others(Import *import)
{
	Report *report = import->report;
	const char *behavior = option(import, "table.op.invalid.behavior");

	option(import, "table.json.payload.null.behavior");
	option(import, "table.json.payload.empty.array.behavior");
	option(import, "field.name.adjustment.mode");
	if (behavior != NULL)
		report_note(report, REPORT_UNNEEDED,
					"table.op.invalid.behavior: updates and deletes are no "
					"events%s",
					strcmp(behavior, "fatal") == 0
						? ", and stop nothing as fatal does"
						: "");
	if (option(import, "table.field.event.schema.version") != NULL)
		report_note(report, REPORT_CANNOT,
					"table.field.event.schema.version: records have no schema "
					"of Connect's; place the column as a header");
	if (option(import, "table.field.additional.missing") != NULL)
		report_note(report, REPORT_OTHERWISE,
					"table.field.additional.missing: a header whose column the "
					"table lacks is left out, with a warning once");
	if (option(import, "tracing.operation.name") != NULL)
		report_note(report, REPORT_CANNOT,
					"tracing.operation.name: there are no spans of the "
					"relay's own, so traceparent is the application's");
	option(import, "tracing.with.context.field.only");
}

void
import_router(Import *import)
{
	Report *report = import->report;
	const char *expand = option(import, "table.expand.json.payload");
	const char *placement = option(import, "table.fields.additional.placement");
	const char *tombstone = option(import, "route.tombstone.on.empty.payload");

	import->expands = expand != NULL && strcasecmp(expand, "true") == 0;
	import->has_envelope =
		placement != NULL && strstr(placement, "envelope") != NULL;
	import_route(import);
	import_key_column(import);
	import_column(import, "table.field.event.id", "id", "id");
	import_judge_values(import);
	import_column(import, "table.field.event.payload", "payload", "payload");
	import_timestamp(import);
	import_placements(import);
	if (tombstone != NULL && strcasecmp(tombstone, "true") == 0)
		report_set(report, REPORT_OUTBOX, "empty_payload", "tombstone",
				   "route.tombstone.on.empty.payload");
	explain_others(import);
}
