/*-------------------------------------------------------------------------
 *
 * connector/properties_reader.c
 *	  Reads a connector from Java's properties.
 *
 *-------------------------------------------------------------------------
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "connector/properties_reader.h"

/* A text being read. */
typedef struct Cursor
{
	const char *p;
	const char *end;
} Cursor;

/* Moves over white space other than ends of lines. */
static void
skip_blanks(Cursor *cursor)
{
	while (cursor->p < cursor->end && strchr(" \t\f", *cursor->p) != NULL &&
		   *cursor->p != '\0')
		cursor->p++;
}

/* Whether a line ends here. */
static bool
at_end_of_line(const Cursor *cursor)
{
	return cursor->p == cursor->end || *cursor->p == '\n' || *cursor->p == '\r';
}

/* Moves behind the end of a line. */
static void
skip_line(Cursor *cursor)
{
	while (!at_end_of_line(cursor))
		cursor->p++;
	if (cursor->p < cursor->end && *cursor->p == '\r')
		cursor->p++;
	if (cursor->p < cursor->end && *cursor->p == '\n')
		cursor->p++;
}

/* Writes a character of \uXXXX in UTF-8. */
static void
put_code(unsigned code, FILE *out)
{
	if (code == 0)
		fputc('?', out);
	else if (code < 0x80)
		fputc((int) code, out);
	else if (code < 0x800)
		fprintf(out, "%c%c", (int) (0xc0 | code >> 6),
				(int) (0x80 | (code & 0x3f)));
	else
		fprintf(out, "%c%c%c", (int) (0xe0 | code >> 12),
				(int) (0x80 | (code >> 6 & 0x3f)),
				(int) (0x80 | (code & 0x3f)));
}

/* Reads what follows a backslash. */
static void
take_escape(Cursor *cursor, FILE *out)
{
	static const char letters[] = "tnrf";
	static const char meanings[] = "\t\n\r\f";
	const char *letter;
	char digits[5] = "";

	if (at_end_of_line(cursor))
	{
		skip_line(cursor);
		skip_blanks(cursor);
		return;
	}
	letter = *cursor->p != '\0' ? strchr(letters, *cursor->p) : NULL;
	if (*cursor->p == 'u' && cursor->end - cursor->p > 4)
	{
		memcpy(digits, cursor->p + 1, 4);
		if (strspn(digits, "0123456789abcdefABCDEF") == 4)
		{
			put_code((unsigned) strtoul(digits, NULL, 16), out);
			cursor->p += 5;
			return;
		}
	}
	fputc(letter != NULL ? meanings[letter - letters] : *cursor->p, out);
	cursor->p++;
}

/* Reads a name or a value, up to one of the ends or the line's; the caller
 * frees it. */
static char *
take_word(Cursor *cursor, const char *ends)
{
	char *word = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&word, &size);

	if (out == NULL)
		xalloc_failed();
	while (!at_end_of_line(cursor) &&
		   (*cursor->p == '\0' || strchr(ends, *cursor->p) == NULL))
	{
		if (*cursor->p++ != '\\')
			fputc(cursor->p[-1], out);
		else
			take_escape(cursor, out);
	}
	if (fclose(out) != 0)
		xalloc_failed();
	return word;
}

/* Reads one line, with those that it goes on in. */
static void
take_line(Cursor *cursor, Connector *connector)
{
	char *name;
	char *value;

	skip_blanks(cursor);
	if (at_end_of_line(cursor) || *cursor->p == '#' || *cursor->p == '!')
	{
		skip_line(cursor);
		return;
	}
	name = take_word(cursor, "=: \t\f");
	skip_blanks(cursor);
	if (cursor->p < cursor->end && (*cursor->p == '=' || *cursor->p == ':'))
		cursor->p++;
	skip_blanks(cursor);
	value = take_word(cursor, "");
	connector_set(connector, name, value);
	free(name);
	free(value);
	skip_line(cursor);
}

/* How Debezium Server calls a property of Connect, where it is not the rest of
 * the name. */
static const char *const server_names[][2] = {
	{"debezium.format.key.schemas.enable", "key.converter.schemas.enable"},
	{"debezium.format.value.schemas.enable", "value.converter.schemas.enable"},
	{"debezium.format.header", "header.converter"},
	{"debezium.format.key", "key.converter"},
	{"debezium.format.value", "value.converter"},
};

/* A name of Debezium Server as one of Connect. */
static const char *
connect_name(const char *name)
{
	static const char *const prefixes[] = {"debezium.source.", "debezium."};

	for (size_t i = 0; i < sizeof(server_names) / sizeof(server_names[0]); i++)
	{
		if (strcmp(name, server_names[i][0]) == 0)
			return server_names[i][1];
	}
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
	{
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return name + strlen(prefixes[i]);
	}
	return name;
}

/* Adds a connector of Debezium Server, under the names of Connect. */
static void
add_server(const Connector *read, ConnectorList *list)
{
	static const char everywhere[] = "debezium.format.schemas.enable";
	const Property *schemas = connector_find(read, everywhere);
	Connector *connector = connector_add(list, "", HOME_SERVER);

	/* Its format, where nothing else is said (DebeziumServer.java). */
	connector_set(connector, "key.converter", "json");
	connector_set(connector, "value.converter", "json");
	if (schemas != NULL)
	{
		connector_set(connector, "key.converter.schemas.enable",
					  schemas->value);
		connector_set(connector, "value.converter.schemas.enable",
					  schemas->value);
	}
	for (size_t i = 0; i < read->count; i++)
	{
		if (&read->properties[i] != schemas)
			connector_set(connector, connect_name(read->properties[i].name),
						  read->properties[i].value);
	}
}

void
properties_read(const char *text, size_t len, ConnectorList *list)
{
	Cursor cursor = {text, text + len};
	ConnectorList read = {0};
	Connector *connector = connector_add(&read, "", HOME_STANDALONE);
	const Property *name;

	while (cursor.p < cursor.end)
		take_line(&cursor, connector);
	name = connector_find(connector, "name");
	if (connector_find(connector, "debezium.source.connector.class") != NULL)
		add_server(connector, list);
	else if (connector_find(connector, "connector.class") != NULL)
	{
		Connector *added = connector_add(list, name != NULL ? name->value : "",
										 HOME_STANDALONE);

		for (size_t i = 0; i < connector->count; i++)
			connector_set(added, connector->properties[i].name,
						  connector->properties[i].value);
	}
	connector_list_free(&read);
}
