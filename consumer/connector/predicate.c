/*-------------------------------------------------------------------------
 *
 * connector/predicate.c
 *	  The predicate of a transform: which topics it is for.
 *
 *-------------------------------------------------------------------------
 */
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "connector/names.h"
#include "connector/predicate.h"

/* Longer expressions are not tried. */
#define MAX_REGEX 256

Predicate
predicate_find(Connector *connector, const char *prefix)
{
	const char *name = connector_take_of(connector, prefix, "predicate");
	const char *negate = connector_take_of(connector, prefix, "negate");
	Predicate predicate = {.name = name};
	char *own;

	connector_take(connector, "predicates");
	if (name == NULL)
		return predicate;
	own = name_format("predicates.%s", name);
	predicate.negated = negate != NULL && strcasecmp(negate, "true") == 0;
	predicate.class = connector_take_of(connector, own, "type");
	predicate.pattern = connector_take_of(connector, own, "pattern");
	free(own);
	if (predicate.class == NULL ||
		strstr(predicate.class, "TopicNameMatches") == NULL)
		predicate.pattern = NULL;
	return predicate;
}

/*
 * Java's expression and POSIX's mean the same as far as they have no
 * backslashes before letters, lookarounds or lazy and possessive quantifiers.
 */
static bool
is_common(const char *regex)
{
	for (const char *p = regex; *p != '\0'; p++)
	{
		if (*p == '\\' && strchr(".-_$", *++p) == NULL)
			return false;
		/* Repetitions of repetitions may need any amount of memory. */
		if (*p == '\0' || *p == '{' || (*p == '(' && p[1] == '?') ||
			(strchr("*+?}", *p) != NULL && p[1] != '\0' &&
			 strchr("*+?", p[1]) != NULL))
			return false;
	}
	return strlen(regex) <= MAX_REGEX;
}

PredicateAnswer
predicate_is_for(const Predicate *predicate, const char *topic)
{
	PredicateAnswer answer = PREDICATE_UNKNOWN;
	char *whole;
	regex_t regex;

	if (predicate->name == NULL)
		return PREDICATE_YES;
	if (predicate->pattern == NULL || !is_common(predicate->pattern))
		return PREDICATE_UNKNOWN;
	whole = name_format("^(%s)$", predicate->pattern);
	if (regcomp(&regex, whole, REG_EXTENDED | REG_NOSUB) == 0)
	{
		bool matches = regexec(&regex, topic, 0, NULL, 0) == 0;

		answer = matches != predicate->negated ? PREDICATE_YES : PREDICATE_NO;
		regfree(&regex);
	}
	free(whole);
	return answer;
}
