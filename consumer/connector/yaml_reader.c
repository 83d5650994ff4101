/*-------------------------------------------------------------------------
 *
 * connector/yaml_reader.c
 *	  Reads connectors from YAML, as Strimzi's.
 *
 * A document becomes what json-c has for the same in JSON; scalars are text, as
 * Connect has them.
 *
 *-------------------------------------------------------------------------
 */
#include <json-c/json.h>
#include <string.h>
#include <yaml.h>

#include "connector/shape.h"
#include "connector/yaml_reader.h"

/* Nodes that a document may come to: an alias may stand for very many. */
#define MAX_NODES 20000

/* How deep they may be nested, which an alias may be in itself. */
#define MAX_NESTING 32

static json_object *convert(yaml_document_t *document, int index, int depth,
							int *budget);

/* A mapping as an object; NULL if it has too much in it. */
static json_object *
convert_mapping(yaml_document_t *document, const yaml_node_t *node, int depth,
				int *budget)
{
	json_object *object = json_object_new_object();

	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
		 pair < node->data.mapping.pairs.top; pair++)
	{
		const yaml_node_t *key = yaml_document_get_node(document, pair->key);
		json_object *value = convert(document, pair->value, depth, budget);

		if (*budget < 0)
		{
			json_object_put(value);
			break;
		}
		if (key == NULL || key->type != YAML_SCALAR_NODE)
			json_object_put(value);
		else
			json_object_object_add(object,
								   (const char *) key->data.scalar.value,
								   value);
	}
	return object;
}

/* A sequence as an array. */
static json_object *
convert_sequence(yaml_document_t *document, const yaml_node_t *node, int depth,
				 int *budget)
{
	json_object *array = json_object_new_array();

	for (const yaml_node_item_t *item = node->data.sequence.items.start;
		 item < node->data.sequence.items.top && *budget >= 0; item++)
		json_object_array_add(array, convert(document, *item, depth, budget));
	return array;
}

/* Tells whether a plain scalar is null. */
static bool
is_null(const yaml_node_t *node)
{
	const char *text = (const char *) node->data.scalar.value;

	return node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
		   (*text == '\0' || strcmp(text, "~") == 0 ||
			strcmp(text, "null") == 0);
}

/* A node; *budget falls below 0 if there is too much. */
static json_object *
convert(yaml_document_t *document, int index, int depth, int *budget)
{
	const yaml_node_t *node = yaml_document_get_node(document, index);

	if (--*budget < 0 || node == NULL)
		return NULL;
	if (depth > MAX_NESTING)
	{
		*budget = -1;
		return NULL;
	}
	switch (node->type)
	{
		case YAML_MAPPING_NODE:
			return convert_mapping(document, node, depth + 1, budget);
		case YAML_SEQUENCE_NODE:
			return convert_sequence(document, node, depth + 1, budget);
		case YAML_SCALAR_NODE:
			return is_null(node) ? NULL
								 : json_object_new_string(
									   (const char *) node->data.scalar.value);
		case YAML_NO_NODE:
			break;
	}
	return NULL;
}

/* Tells whether a line, counted from 0, has a tab in it. */
static bool
has_tab(const char *text, size_t len, size_t line)
{
	const char *end = text + len;

	for (; line > 0 && text < end; text++)
		line -= *text == '\n';
	while (text < end && *text != '\n' && *text != '\t')
		text++;
	return text < end && *text == '\t';
}

/* Says what libyaml does not understand. */
static bool
complain(const yaml_parser_t *parser, const char *text, size_t len, Error *err)
{
	size_t line = parser->problem_mark.line;

	if (has_tab(text, len, line))
		return error_set(err,
						 "%zu: a tab, which YAML does not allow for "
						 "indentation; write spaces",
						 line + 1);
	return error_set(err, "%zu: no YAML: %s", line + 1,
					 parser->problem != NULL ? parser->problem : "no memory");
}

/* Takes one document; *more is false after the last. */
static bool
read_document(yaml_parser_t *parser, ConnectorList *list, bool *more,
			  Error *err)
{
	yaml_document_t document;
	json_object *root;
	int budget = MAX_NODES;

	if (!yaml_parser_load(parser, &document))
		return false;
	*more = yaml_document_get_root_node(&document) != NULL;
	root = *more ? convert(&document, 1, 0, &budget) : NULL;
	if (budget >= 0)
		shape_read(root, list);
	else
		error_set(err, "%zu: more in it than a connector has",
				  parser->mark.line + 1);
	json_object_put(root);
	yaml_document_delete(&document);
	return budget >= 0;
}

bool
yaml_read(const char *text, size_t len, ConnectorList *list, Error *err)
{
	yaml_parser_t parser;
	bool more = true;
	bool ok = true;

	if (!yaml_parser_initialize(&parser))
		return error_set(err, "no memory");
	yaml_parser_set_input_string(&parser, (const unsigned char *) text, len);
	while (ok && more)
		ok = read_document(&parser, list, &more, err);
	if (!ok && parser.error != YAML_NO_ERROR)
		complain(&parser, text, len, err);
	yaml_parser_delete(&parser);
	return ok;
}
