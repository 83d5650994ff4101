/*-------------------------------------------------------------------------
 *
 * router.c
 *	  Topics by regular expression, as Debezium's outbox Event Router does.
 *
 * The rules are those of Kafka Connect's RegexRouter and of Java's
 * Matcher.matches() and appendReplacement().  The expression is compiled once,
 * with collation "C": that needs no transaction, which there is none of at
 * START_REPLICATION, and knows letters of ASCII only, as Java does by default.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/pg_collation.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "regex/regex.h"
#include "utils/memutils.h"

#include "java_regex.h"
#include "router.h"
#include "template.h"

/* The Event Router's own (EventRouterConfigDefinition.java). */
#define DEFAULT_REGEX "(?<routedByValue>.*)"
#define DEFAULT_REPLACEMENT "outbox.event.${routedByValue}"

/*
 * Longer values, in bytes, are not matched: some expressions take time that
 * grows much faster than the value.
 */
#define MAX_ROUTED_VALUE 1024

/* One part of the replacement. */
typedef struct ReplacementPart
{
	int group; /* -1: literal; 0: the whole value */
	char literal;
} ReplacementPart;

struct Router
{
	regex_t regex;
	regmatch_t *groups; /* of the last match, the whole first */
	int n_groups;
	List *replacement; /* ReplacementPart * */
};

/* Raises the ERROR of a replacement that is wrong. */
static void
invalid_replacement(const char *source, const char *at, const char *what)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("option \"route_replacement\": %s at \"%s\" in "
						   "\"%s\"",
						   what, at, source)));
}

/* Reads ${name}. */
static int
scan_named_group(const char *source, const char **cursor,
				 const JavaRegex *regex)
{
	const char *name = *cursor + 2;
	const char *end = name;
	int group;

	while (isalnum((unsigned char) *end))
		end++;
	if (*end != '}')
		invalid_replacement(source, *cursor, "${ is not closed");
	group = java_regex_group(regex, name, end - name);
	if (group == 0 || end == name)
		invalid_replacement(source, *cursor, "no group has that name");
	*cursor = end + 1;
	return group;
}

/* Reads $1: as many digits as still are the number of a group. */
static int
scan_numbered_group(const char *source, const char **cursor,
					const JavaRegex *regex)
{
	int n_groups = list_length(regex->groups);
	const char *p = *cursor + 1;
	int group;

	if (!isdigit((unsigned char) *p))
		invalid_replacement(source, *cursor, "$ without a group");
	group = *p++ - '0';
	if (group > n_groups)
		invalid_replacement(source, *cursor, "no group has that number");
	while (isdigit((unsigned char) *p) && group * 10 + (*p - '0') <= n_groups)
		group = group * 10 + (*p++ - '0');
	*cursor = p;
	return group;
}

/* Reads one character that stands for itself, perhaps behind a backslash. */
static char
scan_literal(const char *source, const char **cursor)
{
	const char *p = *cursor;

	if (*p == '\\')
		p++;
	if (!is_topic_byte(*p))
		invalid_replacement(source, *cursor,
							"a character that no topic may "
							"have");
	*cursor = p + 1;
	return *p;
}

/* Splits the replacement into its parts. */
static List *
parse_replacement(const char *source, const JavaRegex *regex)
{
	List *parts = NIL;
	const char *p = source;

	while (*p != '\0')
	{
		ReplacementPart *part = palloc0(sizeof(ReplacementPart));

		if (*p != '$')
		{
			part->group = -1;
			part->literal = scan_literal(source, &p);
		}
		else if (p[1] == '{')
			part->group = scan_named_group(source, &p, regex);
		else
			part->group = scan_numbered_group(source, &p, regex);
		parts = lappend(parts, part);
	}
	return parts;
}

/* Gives back what the compiled expression holds outside of memory contexts. */
static void
free_regex(void *arg)
{
	pg_regfree(arg);
}

/* Raises the ERROR of what the server's compiler does not take. */
static void
invalid_regex(int status, const regex_t *regex, const char *source)
{
	char message[100];

	pg_regerror(status, regex, message, sizeof(message));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_REGULAR_EXPRESSION),
			 errmsg("option \"route_regex\": %s: \"%s\"", message, source)));
}

/* Text as characters; palloc'd. */
static pg_wchar *
wide(const char *utf8, int len, int *wide_len)
{
	pg_wchar *result = palloc((len + 1) * sizeof(pg_wchar));

	*wide_len = pg_encoding_mb2wchar_with_len(PG_UTF8, utf8, result, len);
	return result;
}

/* Compiles the expression into the router. */
static void
compile(Router *router, const JavaRegex *java, const char *source)
{
	int len;
	pg_wchar *pattern = wide(java->pattern.data, java->pattern.len, &len);
	int flags = REG_ADVANCED | (java->ignore_case ? REG_ICASE : 0);
	int status =
		pg_regcomp(&router->regex, pattern, len, flags, C_COLLATION_OID);
	MemoryContextCallback *callback;

	if (status != REG_OKAY)
		invalid_regex(status, &router->regex, source);
	callback = palloc0(sizeof(MemoryContextCallback));
	callback->func = free_regex;
	callback->arg = &router->regex;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
	pfree(pattern);
}

/*
 * A value is compared as UTF-8.  The option is in the database's encoding,
 * and no conversion can be looked up yet.
 */
static void
check_encoding(const char *source)
{
	if (GetDatabaseEncoding() == PG_UTF8)
		return;
	for (const char *p = source; *p != '\0'; p++)
	{
		if (IS_HIGHBIT_SET(*p))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("option \"route_regex\": \"%s\" has a character "
							"that is not ASCII, in a database that is not "
							"UTF-8",
							source),
					 errhint("Write it as \\uXXXX.")));
	}
}

Router *
router_create(const char *regex, const char *replacement)
{
	Router *router = palloc0(sizeof(Router));
	JavaRegex java;

	regex = regex != NULL ? regex : DEFAULT_REGEX;
	check_encoding(regex);
	java_regex_translate(&java, regex);
	router->replacement =
		parse_replacement(replacement != NULL ? replacement
											  : DEFAULT_REPLACEMENT,
						  &java);
	router->n_groups = list_length(java.groups) + 1;
	router->groups = palloc0(router->n_groups * sizeof(regmatch_t));
	compile(router, &java, regex);
	return router;
}

/* Appends characters from start to end as UTF-8. */
static void
append_characters(StringInfo topic, const pg_wchar *text, regmatch_t group)
{
	int n = group.rm_eo - group.rm_so;

	/* A group that took no part in the match is empty, as in Java. */
	if (group.rm_so < 0 || n <= 0)
		return;
	enlargeStringInfo(topic, n * MAX_MULTIBYTE_CHAR_LEN);
	topic->len += pg_encoding_wchar2mb_with_len(PG_UTF8, text + group.rm_so,
												topic->data + topic->len, n);
}

/* Appends the replacement for the last match. */
static void
append_replacement(const Router *router, const pg_wchar *text, StringInfo topic)
{
	ListCell *lc;

	foreach (lc, router->replacement)
	{
		const ReplacementPart *part = lfirst(lc);

		if (part->group < 0)
			appendStringInfoChar(topic, part->literal);
		else
			append_characters(topic, text, router->groups[part->group]);
	}
}

/* Raises the ERROR of a failure that is not the data's: cancel, no memory. */
static void
regex_failed(const Router *router, int status)
{
	char message[100];

	CHECK_FOR_INTERRUPTS();
	pg_regerror(status, &router->regex, message, sizeof(message));
	ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY),
					errmsg("option \"route_regex\": %s", message)));
}

const char *
router_append_topic(Router *router, Bytes value, StringInfo topic)
{
	pg_wchar *text;
	int len;
	int status;

	if (value.len > MAX_ROUTED_VALUE)
		return "value to be routed is too large";
	text = wide(value.data, value.len, &len);
	status = pg_regexec(&router->regex, text, len, 0, NULL, router->n_groups,
						router->groups, 0);
	if (status == REG_OKAY)
		append_replacement(router, text, topic);
	else if (status == REG_NOMATCH)
		appendBinaryStringInfo(topic, value.data, value.len);
	else if (status == REG_ETOOBIG)
		return "value to be routed is too complex for route_regex";
	else
		regex_failed(router, status);
	return NULL;
}
