/*-------------------------------------------------------------------------
 *
 * connector/transforms.c
 *	  The chain of transforms of a connector.
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "connector/names.h"
#include "connector/predicate.h"
#include "connector/transforms.h"

/* Transforms by a part of their class, and what to do without them. */
static const struct
{
	const char *part;
	const char *advice;
} known[] = {
	{"DecodeLogicalDecodingMessageContent",
	 "logical messages of PostgreSQL are events here if they have pg_outbox's "
	 "frame (docs/messages.md): let the application call outbox.emit()"},
	{"ActivateTracingSpan",
	 "no spans are made; a column with the context becomes headers, "
	 "tracingspancontext:*"},
	{"ByLogicalTableRouter",
	 "topics of the outbox come from route_by, route_regex and "
	 "route_replacement"},
	{"RegexRouter",
	 "it renames topics behind the router: put its expression into route_regex "
	 "and route_replacement"},
	{"TimestampRouter", "topics cannot have the time in their name"},
	{"ExtractNewRecordState",
	 "it is for change data; rows of an outbox are not wrapped here"},
	{"ExtractTopic",
	 "the topic comes from a column: name it in route_by, or in topic"},
	{"ContentBasedRouter",
	 "topics come from columns: route_by, or topic with ${column}"},
	{"debezium.transforms.Filter",
	 "a condition on columns is option where (docs/options.md); what needs a "
	 "script has no counterpart"},
	{"connect.transforms.Filter",
	 "it drops records; a condition on columns is option where"},
	{"InsertField",
	 "a value of columns is option value, row(...); a constant has to be a "
	 "header, 'text':name"},
	{"HoistField", "the value is one column, or an object: row(column:name)"},
	{"ReplaceField", "option value, row(...), says which columns are in it"},
	{"ExtractField", "options payload and key each name a column"},
	{"ValueToKey", "option key names the column"},
	{"HeaderFrom", "option headers places columns: column:header"},
	{"HeaderToValue", "option value, row(...), places columns in the value"},
	{"TimestampConverter", "times are ISO 8601"},
	{"SetSchemaMetadata", "records have no schema"},
	{"MaskField", "name columns that may be published; nothing is masked"},
	{"Cast", "values are as the column's type prints"},
	{"Flatten", "payloads are published as they are stored"},
	{"PartitionRouting", "option partition names a column of the table"},
	{"ReselectColumns", "an INSERT has all columns"},
};

/* Calls something for each name in a comma list of the connector. */
typedef void (*Visit)(Import *import, const char *name, void *argument);

static void
each_name(Import *import, const char *property, Visit visit, void *argument)
{
	const char *given = connector_take(import->connector, property);
	char *list = xstrdup(given != NULL ? given : "");
	char *rest = list;
	char *name;

	while ((name = strsep(&rest, ",")) != NULL)
	{
		size_t len;

		name += strspn(name, " \t\r\n");
		len = strcspn(name, " \t\r\n");
		name[len] = '\0';
		if (len > 0)
			visit(import, name, argument);
	}
	free(list);
}

/* The class of a transform; NULL if it has none. */
static const char *
class_of(Import *import, const char *name)
{
	char *prefix = name_format("transforms.%s", name);
	const char *class = connector_take_of(import->connector, prefix, "type");

	free(prefix);
	return class;
}

/* Takes a transform of the chain for the router, if it is one. */
static void
take_router(Import *import, const char *name, void *argument)
{
	const char *class = class_of(import, name);

	(void) argument;
	if (class == NULL || strcmp(class, ROUTER_CLASS) != 0)
		return;
	if (import->router == NULL)
		import->router = name_format("transforms.%s", name);
	else
	{
		import->has_second = true;
		report_decide(import->report, REPORT_OUTBOX,
					  "the connector has a second Event Router, \"%s\": put "
					  "its options behind the tables that it is for, as in "
					  "tables = a.outbox, b.outbox(key=id, topic='b.events')",
					  name);
	}
}

/* Looks for a router that the chain does not name. */
static void
take_unlisted_router(Import *import)
{
	const Connector *connector = import->connector;

	for (size_t i = 0; i < connector->count && import->router == NULL; i++)
	{
		const char *name = connector->properties[i].name;
		size_t len = strlen(name);

		if (strncmp(name, "transforms.", 11) != 0 || len < 16 ||
			strcmp(name + len - 5, ".type") != 0 ||
			strcmp(connector->properties[i].value, ROUTER_CLASS) != 0)
			continue;
		connector->properties[i].used = true;
		import->router = name_format("%.*s", (int) (len - 5), name);
		report_note(import->report, REPORT_WRONG,
					"transforms does not list %s, so Connect ignores the "
					"router and the connector publishes changes as they are; "
					"the router is taken as meant",
					import->router + 11);
	}
}

bool
transforms_find_router(Import *import, Error *err)
{
	each_name(import, "transforms", take_router, NULL);
	if (import->router == NULL)
		take_unlisted_router(import);
	if (import->router != NULL)
		return true;
	return error_set(err,
					 "connector \"%s\" has no Event Router (%s) among its "
					 "transforms: it publishes change data, which pg_outbox "
					 "does not",
					 import->connector->name, ROUTER_CLASS);
}

/* Who is called for a header. */
typedef struct HeaderVisitor
{
	TransformsAddHeader add;
	void *argument;
} HeaderVisitor;

/* Reports the header of one InsertHeader. */
static void
visit_header(Import *import, const char *name, void *argument)
{
	const HeaderVisitor *visitor = argument;
	const char *class = class_of(import, name);
	char *prefix;
	const char *header;
	const char *text;

	if (class == NULL || strstr(class, "InsertHeader") == NULL)
		return;
	prefix = name_format("transforms.%s", name);
	header = connector_take_of(import->connector, prefix, "header");
	text = connector_take_of(import->connector, prefix, "value.literal");
	if (header != NULL && text != NULL)
		visitor->add(visitor->argument, header, text);
	free(prefix);
}

void
transforms_each_header(Import *import, TransformsAddHeader add, void *argument)
{
	HeaderVisitor visitor = {add, argument};

	each_name(import, "transforms", visit_header, &visitor);
}

/* Marks all properties of a transform, but those of the router, which are named
 * one by one. */
static void
use_all(Import *import, const char *name)
{
	char *prefix = name_format("transforms.%s.", name);
	const Connector *connector = import->connector;

	for (size_t i = 0; i < connector->count; i++)
	{
		if (strncmp(connector->properties[i].name, prefix, strlen(prefix)) == 0)
			connector->properties[i].used = true;
	}
	free(prefix);
}

/* Says what becomes of a transform; *behind is set once the router was there.
 */
static void
explain(Import *import, const char *name, void *argument)
{
	bool *behind = argument;
	const char *class = class_of(import, name);
	const char *advice = "its class is not known here";
	char *prefix = name_format("transforms.%s", name);
	Predicate predicate = predicate_find(import->connector, prefix);
	bool is_router = strcmp(prefix, import->router) == 0;

	free(prefix);
	if (is_router)
	{
		*behind = true;
		return;
	}
	use_all(import, name);
	if (class == NULL)
	{
		report_note(import->report, REPORT_WRONG,
					"transforms lists %s, which has no type", name);
		return;
	}
	if (strstr(class, "InsertHeader") != NULL ||
		strcmp(class, ROUTER_CLASS) == 0)
		return;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		if (strstr(class, known[i].part) != NULL)
		{
			advice = known[i].advice;
			break;
		}
	}
	report_note(import->report, REPORT_CANNOT,
				"transform %s %s the router (%s%s%s): %s", name,
				*behind ? "behind" : "before", class,
				predicate.name != NULL ? ", with predicate " : "",
				predicate.name != NULL ? predicate.name : "", advice);
}

void
import_transforms(Import *import)
{
	bool behind = false;

	each_name(import, "transforms", explain, &behind);
}
