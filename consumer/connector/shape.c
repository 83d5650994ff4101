/*-------------------------------------------------------------------------
 *
 * connector/shape.c
 *	  The shapes in which connectors stand in JSON and YAML.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "connector/shape.h"

/* The member of an object, if it has that type; else NULL. */
static json_object *
member(json_object *object, const char *name, json_type type)
{
	json_object *found = NULL;

	json_object_object_get_ex(object, name, &found);
	return json_object_is_type(found, type) ? found : NULL;
}

/* The text of a member, or NULL. */
static const char *
text_of(json_object *object, const char *name)
{
	json_object *found = member(object, name, json_type_string);

	return found != NULL ? json_object_get_string(found) : NULL;
}

/* A value as Connect has it: text.  Lists become comma lists; the caller frees.
 */
static char *
flatten(json_object *value)
{
	char *list = xstrdup("");

	if (!json_object_is_type(value, json_type_array))
	{
		free(list);
		return xstrdup(json_object_get_string(value));
	}
	for (size_t i = 0; i < json_object_array_length(value); i++)
	{
		json_object *item = json_object_array_get_idx(value, i);
		char *longer = NULL;

		if (asprintf(&longer, "%s%s%s", list, i > 0 ? "," : "",
					 item != NULL ? json_object_get_string(item) : "") < 0)
			xalloc_failed();
		free(list);
		list = longer;
	}
	return list;
}

/* Takes the properties of an object. */
static void
take_properties(Connector *connector, json_object *object)
{
	json_object_object_foreach(object, name, value)
	{
		char *text;

		if (value == NULL || json_object_is_type(value, json_type_object))
			continue;
		text = flatten(value);
		connector_set(connector, name, text);
		free(text);
	}
}

/* Adds a KafkaConnector of Strimzi. */
static void
add_strimzi(json_object *object, ConnectorList *list)
{
	json_object *metadata = member(object, "metadata", json_type_object);
	json_object *spec = member(object, "spec", json_type_object);
	json_object *config = member(spec, "config", json_type_object);
	const char *name = metadata != NULL ? text_of(metadata, "name") : NULL;
	const char *class = spec != NULL ? text_of(spec, "class") : NULL;
	Connector *connector =
		connector_add(list, name != NULL ? name : "", HOME_STRIMZI);

	if (config != NULL)
		take_properties(connector, config);
	/* It is what counts there. */
	if (class != NULL)
		connector_set(connector, "connector.class", class);
}

/* Adds a connector whose properties are those of an object. */
static void
add_plain(json_object *properties, const char *name, ConnectorList *list)
{
	const char *own = text_of(properties, "name");

	if (name == NULL)
		name = own != NULL ? own : "";
	take_properties(connector_add(list, name, HOME_CONNECT), properties);
}

/* Adds what an object or array has; name is what it is called above, or NULL.
 */
static void
visit(json_object *node, const char *name, int depth, ConnectorList *list)
{
	const char *kind;
	json_object *config;

	if (depth > SHAPE_MAX_DEPTH)
		return;
	if (json_object_is_type(node, json_type_array))
	{
		for (size_t i = 0; i < json_object_array_length(node); i++)
			visit(json_object_array_get_idx(node, i), NULL, depth + 1, list);
		return;
	}
	if (!json_object_is_type(node, json_type_object))
		return;
	kind = text_of(node, "kind");
	config = member(node, "config", json_type_object);
	if (kind != NULL && strcmp(kind, "KafkaConnector") == 0)
		add_strimzi(node, list);
	else if (json_object_object_get_ex(node, "connector.class", NULL))
		add_plain(node, name, list);
	else if (config != NULL &&
			 json_object_object_get_ex(config, "connector.class", NULL))
		add_plain(config,
				  text_of(node, "name") != NULL ? text_of(node, "name") : name,
				  list);
	else
	{
		json_object_object_foreach(node, key, value)
			visit(value, strcmp(key, "info") == 0 ? name : key, depth + 1,
				  list);
	}
}

void
shape_read(json_object *document, ConnectorList *list)
{
	visit(document, NULL, 0, list);
}
