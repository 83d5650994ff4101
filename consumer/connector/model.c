/*-------------------------------------------------------------------------
 *
 * connector/model.c
 *	  A connector of Kafka Connect: its name and its properties.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "connector/model.h"

Connector *
connector_add(ConnectorList *list, const char *name, ConnectorHome home)
{
	Connector *connector;

	list->items = xrealloc(list->items, (list->count + 1) * sizeof(Connector));
	connector = &list->items[list->count++];
	*connector = (Connector){.name = xstrdup(name), .home = home};
	return connector;
}

void
connector_list_free(ConnectorList *list)
{
	for (size_t i = 0; i < list->count; i++)
	{
		Connector *connector = &list->items[i];

		for (size_t j = 0; j < connector->count; j++)
		{
			free(connector->properties[j].name);
			free(connector->properties[j].value);
		}
		free(connector->properties);
		free(connector->name);
	}
	free(list->items);
	*list = (ConnectorList){0};
}

Property *
connector_find(const Connector *connector, const char *name)
{
	for (size_t i = 0; i < connector->count; i++)
	{
		if (strcmp(connector->properties[i].name, name) == 0)
			return &connector->properties[i];
	}
	return NULL;
}

void
connector_set(Connector *connector, const char *name, const char *value)
{
	Property *property = connector_find(connector, name);

	if (property != NULL)
	{
		free(property->value);
		property->value = xstrdup(value);
		return;
	}
	connector->properties = xrealloc(connector->properties,
									 (connector->count + 1) * sizeof(Property));
	connector->properties[connector->count++] =
		(Property){.name = xstrdup(name), .value = xstrdup(value)};
}

const char *
connector_take(Connector *connector, const char *name)
{
	Property *property = connector_find(connector, name);

	if (property == NULL)
		return NULL;
	property->used = true;
	return property->value[strspn(property->value, " \t\r\n")] != '\0'
			   ? property->value
			   : NULL;
}

const char *
connector_take_of(Connector *connector, const char *prefix, const char *name)
{
	char *whole = NULL;
	const char *value;

	if (asprintf(&whole, "%s.%s", prefix, name) < 0)
		xalloc_failed();
	value = connector_take(connector, whole);
	free(whole);
	return value;
}

bool
connector_is_true(Connector *connector, const char *name)
{
	const char *value = connector_take(connector, name);

	return value != NULL && strcasecmp(value, "true") == 0;
}
