/*-------------------------------------------------------------------------
 *
 * fuzz_connector.c
 *	  Fuzz target: files of connectors, and the configuration made of them.
 *
 * The first byte says what the file is called, the rest is its text.
 *
 *-------------------------------------------------------------------------
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/convert.h"
#include "connector/reader.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold of a line of the configuration; see config/values.c. */
static void
check_line(const char *line, size_t len)
{
	bool is_more = strncmp(line, "  ", 2) == 0;
	const char *equals = memchr(line, '=', len);

	if (len > 198 || (line[0] == ' ' && !is_more))
		abort();
	if (len == 0 || line[0] == ';' || line[0] == '[' || is_more)
		return;
	/* A setting: key = value, without a comment in it. */
	if (equals == NULL || memmem(line, len, " ;", 2) != NULL)
		abort();
}

/* What must hold of a configuration, whatever the connector. */
static void
check_output(const char *text)
{
	while (*text != '\0')
	{
		size_t len = strcspn(text, "\n");

		check_line(text, len);
		if (text[len] == '\0')
			abort();
		text += len + 1;
	}
}

/* Makes a configuration of a connector. */
static void
convert(Connector *connector)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	Error err;

	if (convert_print(connector, out, &err))
		fflush(out);
	fclose(out);
	check_output(text);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"a.json", "a.yaml", "a.properties",
										"a"};
	ConnectorList list = {0};
	char *text;
	Error err;

	if (size == 0)
		return 0;
	text = malloc(size);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	if (reader_read_text(names[data[0] % 4], text, size - 1, &list, &err))
	{
		for (size_t i = 0; i < list.count && i < 3; i++)
			convert(&list.items[i]);
	}
	connector_list_free(&list);
	free(text);
	return 0;
}
