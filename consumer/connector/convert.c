/*-------------------------------------------------------------------------
 *
 * connector/convert.c
 *	  Makes the relay's configuration of a connector.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/nearest.h"
#include "connector/catalogue.h"
#include "connector/convert.h"
#include "connector/converters.h"
#include "connector/database.h"
#include "connector/kafka.h"
#include "connector/names.h"
#include "connector/router.h"
#include "connector/tables.h"
#include "connector/takeover.h"
#include "connector/transforms.h"

/* The class of the connector. */
#define POSTGRES_CLASS "io.debezium.connector.postgresql.PostgresConnector"

/* Names of connectors, for people; the caller frees it. */
static char *
names_of(const ConnectorList *list)
{
	char *names = xstrdup("");

	for (size_t i = 0; i < list->count; i++)
	{
		char *longer = name_format("%s%s\"%s\"", names, i > 0 ? ", " : "",
								   list->items[i].name);

		free(names);
		names = longer;
	}
	return names;
}

Connector *
convert_choose(const ConnectorList *list, const char *name, Error *err)
{
	char *names;

	if (name == NULL && list->count == 1)
		return &list->items[0];
	for (size_t i = 0; name != NULL && i < list->count; i++)
	{
		if (strcmp(list->items[i].name, name) == 0)
			return &list->items[i];
	}
	names = names_of(list);
	if (name == NULL)
		error_set(err, "%zu connectors: %s; choose one with --connector",
				  list->count, names);
	else
		error_set(err, "no connector \"%s\", but %s", name, names);
	free(names);
	return NULL;
}

/* Tells whether a class is that of the PostgreSQL connector; Connect takes it
 * without its package as well (PluginUtils.java, simpleName, prunedName). */
static bool
is_postgres(const char *class)
{
	return strcmp(class, POSTGRES_CLASS) == 0 ||
		   strcmp(class, "PostgresConnector") == 0 ||
		   strcmp(class, "Postgres") == 0;
}

/* Checks that it is a connector from PostgreSQL to Kafka. */
static bool
check(Connector *connector, Error *err)
{
	const char *class = connector_take(connector, "connector.class");
	const char *sink = connector_take(connector, "sink.type");

	if (class == NULL || !is_postgres(class))
		return error_set(err,
						 "connector \"%s\" is of class %s; import takes over "
						 "from PostgreSQL's, " POSTGRES_CLASS,
						 connector->name, class != NULL ? class : "none");
	if (connector->home == HOME_SERVER &&
		(sink == NULL || strcmp(sink, "kafka") != 0))
		return error_set(err,
						 "debezium.sink.type is %s; pg_outbox publishes to "
						 "Kafka",
						 sink != NULL ? sink : "not set");
	return true;
}

/* The prefix of topics, which Debezium 1 called otherwise. */
static char *
find_prefix(Connector *connector)
{
	const char *prefix = connector_take(connector, "topic.prefix");
	const Property *old = connector_find(connector, "database.server.name");

	return xstrdup(prefix != NULL ? prefix : old != NULL ? old->value : "");
}

/* Takes the connector apart, the parts in the order of the file. */
static void
convert(Import *import)
{
	connector_take(import->connector, "name");
	import_find_converters(import);
	import_database(import);
	import_tables(import);
	import_router(import);
	import_judge_headers(import);
	import_transforms(import);
	import_kafka(import);
	import_takeover(import);
	import_rest(import);
}

bool
convert_print(Connector *connector, FILE *out, Error *err)
{
	Import import = {.connector = connector};
	char *title;
	bool ok = false;

	if (!check(connector, err))
		return false;
	import.report = report_new();
	if (transforms_find_router(&import, err))
	{
		import.prefix = find_prefix(connector);
		convert(&import);
		title = *connector->name != '\0'
					? name_format("Made by pg_outbox import of connector "
								  "\"%s\".",
								  connector->name)
					: xstrdup("Made by pg_outbox import.");
		report_print(import.report, title, out);
		free(title);
		ok = true;
	}
	report_free(import.report);
	free(import.prefix);
	free(import.router);
	return ok;
}
