/*-------------------------------------------------------------------------
 *
 * connector/reader.c
 *	  Reads the file of a connector, whatever its format.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "connector/json_reader.h"
#include "connector/properties_reader.h"
#include "connector/reader.h"
#include "connector/yaml_reader.h"

typedef enum Format
{
	FORMAT_UNKNOWN,
	FORMAT_JSON,
	FORMAT_YAML,
	FORMAT_PROPERTIES
} Format;

/* The format that the ending of a name stands for. */
static Format
format_of_name(const char *path)
{
	static const struct
	{
		const char *ending;
		Format format;
	} endings[] = {{".json", FORMAT_JSON},
				   {".yaml", FORMAT_YAML},
				   {".yml", FORMAT_YAML},
				   {".properties", FORMAT_PROPERTIES}};
	const char *ending = strrchr(path, '.');

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
	{
		if (ending != NULL && strcasecmp(ending, endings[i].ending) == 0)
			return endings[i].format;
	}
	return FORMAT_UNKNOWN;
}

/*
 * The format that a text looks like, by its first line that is no comment: a
 * name with "=" behind it, or with ":".
 */
static Format
format_of_text(const char *text)
{
	text += strspn(text, " \t\r\n");
	if (*text == '{' || *text == '[')
		return FORMAT_JSON;
	while (*text == '#' || *text == '!')
	{
		text += strcspn(text, "\n");
		text += strspn(text, " \t\r\n");
	}
	return strncmp(text, "---", 3) == 0 || text[strcspn(text, "=:\n")] == ':'
			   ? FORMAT_YAML
			   : FORMAT_PROPERTIES;
}

/* Reads a text in its format; "line: reason" in err if it cannot. */
static bool
read_format(Format format, const char *text, size_t len, ConnectorList *list,
			Error *err)
{
	switch (format)
	{
		case FORMAT_JSON:
			return json_read(text, len, list, err);
		case FORMAT_YAML:
			return yaml_read(text, len, list, err);
		case FORMAT_PROPERTIES:
		case FORMAT_UNKNOWN:
			break;
	}
	properties_read(text, len, list);
	return true;
}

bool
reader_read_text(const char *path, const char *text, size_t len,
				 ConnectorList *list, Error *err)
{
	Format format = format_of_name(path);
	Error reason;

	if (memchr(text, '\0', len) != NULL)
		return error_set(err, "%s: not a text file", path);
	if (text[strspn(text, " \t\r\n")] == '\0')
		return error_set(err, "%s: empty", path);
	if (format == FORMAT_UNKNOWN)
		format = format_of_text(text);
	if (!read_format(format, text, len, list, &reason))
		return error_set(err, "%s:%s", path, reason.text);
	if (list->count == 0)
		return error_set(err,
						 "%s: no connector in it: none has a "
						 "\"connector.class\", nor is it a KafkaConnector of "
						 "Strimzi",
						 path);
	return true;
}

/* Reads all of a stream, up to one byte more than is allowed. */
static char *
read_all(FILE *stream, size_t *len)
{
	char *text = xmalloc(READER_MAX_BYTES + 2);

	*len = fread(text, 1, READER_MAX_BYTES + 1, stream);
	text[*len] = '\0';
	return text;
}

bool
reader_read_file(const char *path, ConnectorList *list, Error *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *stream = is_stdin ? stdin : fopen(path, "re");
	char *text;
	size_t len;
	bool ok;

	if (stream == NULL)
		return error_set(err, "%s: cannot be read: %s", path, strerror(errno));
	text = read_all(stream, &len);
	if (ferror(stream))
		ok = error_set(err, "%s: cannot be read: %s", path, strerror(errno));
	else if (len > READER_MAX_BYTES)
		ok = error_set(err,
					   "%s: larger than 1 MB, which no configuration of a "
					   "connector is",
					   path);
	else
		ok = reader_read_text(path, text, len, list, err);
	if (!is_stdin)
		fclose(stream);
	free(text);
	return ok;
}
