/*-------------------------------------------------------------------------
 *
 * fuzz_options.c
 *	  Fuzz target: options as START_REPLICATION has them, with the tables and
 *	  their own options, templates, headers, the value's members, the
 *	  condition, the regular expression and its replacement in them.
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

/* What must hold of the options of any events. */
static void
check_events(const EventOptions *events)
{
	ListCell *lc;

	if (events->max_event_bytes < 1 ||
		(events->router == NULL && events->topic == NIL))
		abort();
	foreach (lc, events->headers)
	{
		const HeaderOption *header = lfirst(lc);

		if (header->name == NULL ||
			(header->columns == NIL &&
			 (header->kind == HEADER_COLUMN || header->kind == HEADER_SPREAD)))
			abort();
	}
	foreach (lc, events->value)
	{
		const MemberOption *member = lfirst(lc);

		if (member->name == NULL || member->columns == NIL)
			abort();
	}
}

/* Reads the options, and checks what must hold of any that were taken. */
static void
parse(void *argument)
{
	Options options;
	ListCell *lc;

	options_parse(&options, elements(argument));
	if (options.shard < 0 || options.shard >= options.n_shards)
		abort();
	check_events(&options.events);
	foreach (lc, options.tables)
	{
		const TableEntry *entry = lfirst(lc);

		check_events(entry->events);
		/* A name without * stands for itself. */
		if (pattern_name(entry->table) != NULL &&
			!pattern_matches(entry->table, pattern_name(entry->table)))
			abort();
		pattern_matches(entry->schema, entry->source);
	}
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
