/*-------------------------------------------------------------------------
 *
 * connector/tables.c
 *	  The tables of a connector: option "tables".
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "connector/names.h"
#include "connector/pattern.h"
#include "connector/predicate.h"
#include "connector/tables.h"

/* A comma list that grows. */
typedef struct Names
{
	char *text;
	size_t count;
} Names;

/* Adds a name to a list. */
static void
add_name(Names *names, const char *name)
{
	char *longer = names->count > 0 ? name_format("%s, %s", names->text, name)
									: xstrdup(name);

	free(names->text);
	names->text = longer;
	names->count++;
}

/* Says what is to know about an entry. */
static void
judge_entry(Import *import, const Pattern *pattern)
{
	Report *report = import->report;

	if (!pattern->has_schema && pattern->literal != NULL)
		report_note(report, REPORT_WRONG,
					"%s in table.include.list has no schema: Debezium compares "
					"schema.table, so it is no table; public is assumed",
					pattern->literal);
	if (pattern->is_wider)
		report_decide(report, REPORT_OUTBOX,
					  "%s stands for more tables than the expression: * is any "
					  "characters",
					  pattern->entry);
	if (pattern->has_upper)
		report_decide(report, REPORT_OUTBOX,
					  "Debezium compares names without regard to case, here %s "
					  "is exact: write it as the table is called",
					  pattern->entry);
}

/* Tells whether the router is for a table. */
static PredicateAnswer
is_routed(const Import *import, const Predicate *predicate,
		  const Pattern *pattern)
{
	PredicateAnswer answer;
	char *topic;

	if (predicate->name != NULL && pattern->literal == NULL)
		return PREDICATE_UNKNOWN;
	topic = name_format("%s.%s", import->prefix,
						pattern->literal != NULL ? pattern->literal : "");
	answer = predicate_is_for(predicate, topic);
	free(topic);
	return answer;
}

/* Tells whether a name has more parts than schema and table. */
static bool
has_database(const Pattern *pattern)
{
	const char *dot =
		pattern->literal != NULL ? strchr(pattern->literal, '.') : NULL;

	return dot != NULL && strchr(dot + 1, '.') != NULL;
}

/* Sorts the tables into outboxes and others. */
static void
sort(Import *import, const Predicate *predicate, const PatternList *patterns,
	 Names *outboxes, Names *others)
{
	for (size_t i = 0; i < patterns->count; i++)
	{
		const Pattern *pattern = &patterns->items[i];
		char *entry;

		if (pattern->entry == NULL)
			continue;
		if (has_database(pattern))
		{
			report_note(import->report, REPORT_WRONG,
						"%s in table.include.list has three parts: Debezium "
						"compares schema.table, so it is no table",
						pattern->literal);
			continue;
		}
		if (!import->has_second &&
			is_routed(import, predicate, pattern) == PREDICATE_NO)
		{
			add_name(others, pattern->entry);
			continue;
		}
		judge_entry(import, pattern);
		entry = name_format(pattern->has_schema        ? "%s"
							: pattern->literal != NULL ? "public.%s"
													   : "*.%s",
							pattern->entry);
		add_name(outboxes, entry);
		free(entry);
	}
}

/* Says what becomes of the tables that are no outbox. */
static void
tell_others(Import *import, const Names *others)
{
	import->has_changes = true;
	report_note(import->report, REPORT_CANNOT,
				"changes of %s: the router's predicate leaves them out, so "
				"they are change data, which pg_outbox does not publish. Keep "
				"the connector for them, without the router and without the "
				"outbox in table.include.list",
				others->text);
}

/* Says that expressions could not be patterns. */
static void
tell_unread(Import *import, const char *list, const PatternList *patterns)
{
	for (size_t i = 0; i < patterns->count; i++)
	{
		if (patterns->items[i].entry != NULL)
			continue;
		report_decide(import->report, REPORT_OUTBOX,
					  "an expression for tables is no list of names with * in "
					  "them: name its tables here. It was: %s",
					  list);
		return;
	}
}

/* The topics that the predicate is for, as a list like table.include.list. */
static char *
tables_of_predicate(const Import *import, const Predicate *predicate)
{
	const char *p = predicate->pattern;
	size_t len = strlen(import->prefix);

	if (p == NULL || predicate->negated)
		return NULL;
	if (len > 0 && strncmp(p, import->prefix, len) == 0)
		p += len;
	else if (strncmp(p, ".*", 2) == 0 &&
			 (p[2] == '.' || p[2] == '\\' || p[2] == '('))
		p += 2;
	else
		return NULL;
	p += strncmp(p, "\\.", 2) == 0 ? 2 : *p == '.' && p[1] != '*' ? 1 : 0;
	/* Of alternatives, each would have the prefix. */
	return strchr(p, '.') != NULL && strchr(p, '|') == NULL ? xstrdup(p) : NULL;
}

/* The list of tables; NULL if there is none.  The caller frees it. */
static char *
find_list(Import *import, const Predicate *predicate)
{
	const char *list = connector_take(import->connector, "table.include.list");
	const char *old = connector_take(import->connector, "table.whitelist");
	char *guess;

	if (list != NULL || old != NULL)
		return xstrdup(list != NULL ? list : old);
	guess = tables_of_predicate(import, predicate);
	if (guess != NULL)
		report_decide(import->report, REPORT_OUTBOX,
					  "the connector captures all tables; these are made of "
					  "the predicate of the router, %s",
					  predicate->name);
	import->has_changes = guess != NULL;
	return guess;
}

/* The connector captures all tables, and all go through the router. */
static void
decide_without_list(Import *import)
{
	const char *schema =
		connector_take(import->connector, "schema.include.list");

	report_decide(import->report, REPORT_OUTBOX,
				  "the connector has no table.include.list, so every table%s%s "
				  "goes through the router: name the outbox",
				  schema != NULL ? " of " : "", schema != NULL ? schema : "");
	report_suggest(import->report, REPORT_OUTBOX, "tables", "public.outbox");
}

void
import_tables(Import *import)
{
	Predicate predicate = predicate_find(import->connector, import->router);
	char *list = find_list(import, &predicate);
	PatternList patterns = {0};
	Names outboxes = {0};
	Names others = {0};

	if (predicate.name != NULL && predicate.class == NULL)
		report_note(import->report, REPORT_WRONG,
					"predicate %s of the router is not defined",
					predicate.name);
	if (list == NULL)
	{
		decide_without_list(import);
		return;
	}
	pattern_read(list, &patterns);
	sort(import, &predicate, &patterns, &outboxes, &others);
	tell_unread(import, list, &patterns);
	if (predicate.name != NULL && predicate.pattern == NULL)
		report_decide(import->report, REPORT_OUTBOX,
					  "the router has predicate %s, of which only "
					  "TopicNameMatches is understood: leave tables out that "
					  "it is not for",
					  predicate.name);
	if (others.count > 0)
		tell_others(import, &others);
	if (outboxes.count > 0)
		report_set(import->report, REPORT_OUTBOX, "tables", outboxes.text,
				   "table.include.list");
	else
		report_suggest(import->report, REPORT_OUTBOX, "tables",
					   "public.outbox");
	pattern_list_free(&patterns);
	free(list);
	free(outboxes.text);
	free(others.text);
}
