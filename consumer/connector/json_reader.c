/*-------------------------------------------------------------------------
 *
 * connector/json_reader.c
 *	  Reads connectors from JSON.
 *
 *-------------------------------------------------------------------------
 */
#include <json-c/json.h>
#include <string.h>

#include "base/memory.h"
#include "connector/json_reader.h"
#include "connector/shape.h"

/* How deep objects and arrays may be nested. */
#define MAX_NESTING 32

/* The number of the line in which a byte is, from 1. */
static int
line_of(const char *text, size_t len, size_t offset)
{
	int line = 1;

	for (size_t i = 0; i < len && i < offset; i++)
		line += text[i] == '\n';
	return line;
}

/* Tells whether only white space follows. */
static bool
is_blank(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
	{
		if (strchr(" \t\r\n", text[i]) == NULL)
			return false;
	}
	return true;
}

bool
json_read(const char *text, size_t len, ConnectorList *list, Error *err)
{
	json_tokener *tokener = json_tokener_new_ex(MAX_NESTING);
	json_object *document;
	enum json_tokener_error error;
	size_t end;
	bool ok = false;

	if (tokener == NULL)
		xalloc_failed();
	document = json_tokener_parse_ex(tokener, text, (int) len);
	error = json_tokener_get_error(tokener);
	end = json_tokener_get_parse_end(tokener);
	if (error == json_tokener_continue)
		error_set(err, "%d: no JSON: it ends too early",
				  line_of(text, len, len));
	else if (error != json_tokener_success)
		error_set(err, "%d: no JSON: %s", line_of(text, len, end),
				  json_tokener_error_desc(error));
	else if (!is_blank(text + end, len - end))
		error_set(err, "%d: something follows the JSON",
				  line_of(text, len, end));
	else
		ok = true;
	if (ok)
		shape_read(document, list);
	json_object_put(document);
	json_tokener_free(tokener);
	return ok;
}
