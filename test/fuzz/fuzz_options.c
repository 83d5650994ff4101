/*-------------------------------------------------------------------------
 *
 * fuzz_options.c
 *	  Fuzz target: options as START_REPLICATION has them, with the topic's
 *	  template, the regular expression and its replacement in them.
 *
 * The input is a line for each option, name=value.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/parsenodes.h"
#include "nodes/value.h"

#include "java_regex.h"
#include "options.h"
#include "server.h"

extern int LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

/* Makes a list of DefElem of the lines. */
static List *
elements(char *lines)
{
	List *list = NIL;
	char *rest = lines;
	char *line;

	while ((line = strsep(&rest, "\n")) != NULL)
	{
		DefElem *element = palloc0(sizeof(DefElem));
		char *value = strchr(line, '=');

		if (value != NULL)
		{
			String *string = palloc0(sizeof(String));

			*value++ = '\0';
			string->type = T_String;
			string->sval = value;
			element->arg = (Node *) string;
		}
		element->defname = line;
		list = lappend(list, element);
	}
	return list;
}

/* Reads the options, and checks what must hold of any that were taken. */
static void
parse(void *argument)
{
	Options options;

	options_parse(&options, elements(argument));
	if (options.shard < 0 || options.shard >= options.n_shards ||
		options.max_event_bytes < 1 || options.tables == NIL ||
		(options.router == NULL && options.topic == NIL))
		abort();
}

/* A translated expression is anchored, and what it is made of is balanced. */
static void
translate(void *argument)
{
	JavaRegex regex;

	java_regex_translate(&regex, argument);
	if (strncmp(regex.pattern.data, "^(?:", 4) != 0 ||
		strcmp(regex.pattern.data + regex.pattern.len - 2, ")$") != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	server_run(translate, text);
	server_run(parse, text);
	free(text);
	return 0;
}
