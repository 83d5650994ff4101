/*-------------------------------------------------------------------------
 *
 * config/topic_spec.c
 *	  How topics are to be created: PARTITIONS[:REPLICATION[,property=value]...]
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/topic_spec.h"

#define MAX_PARTITIONS 100000
#define MAX_REPLICATION 100

/* Reads a whole number from 1 to max that ends the text. */
static bool
parse_count(const char *text, long max, int *count)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || number < 1 || number > max)
		return false;
	*count = (int) number;
	return true;
}

/* Reads PARTITIONS[:REPLICATION]. */
static bool
parse_counts(TopicSpec *spec, char *text)
{
	char *replication = strchr(text, ':');

	spec->replication = -1;
	if (replication != NULL)
	{
		*replication++ = '\0';
		if (!parse_count(replication, MAX_REPLICATION, &spec->replication))
			return false;
	}
	return parse_count(text, MAX_PARTITIONS, &spec->partitions);
}

/* Reads property=value. */
static bool
parse_property(TopicSpec *spec, char *text)
{
	char *value = strchr(text, '=');

	if (value == NULL || value == text ||
		spec->n_properties == TOPIC_SPEC_MAX_PROPERTIES)
		return false;
	*value++ = '\0';
	spec->names[spec->n_properties] = text;
	spec->values[spec->n_properties++] = value;
	return true;
}

bool
topic_spec_parse(TopicSpec *spec, const char *text, Error *err)
{
	char *rest;
	char *part;
	bool ok;

	memset(spec, 0, sizeof(TopicSpec));
	spec->text = xstrdup(text);
	rest = spec->text;
	ok = parse_counts(spec, strsep(&rest, ","));
	while (ok && (part = strsep(&rest, ",")) != NULL)
		ok = parse_property(spec, part);
	if (ok)
		return true;
	topic_spec_free(spec);
	return error_set(err, "PARTITIONS, PARTITIONS:REPLICATION, or one of these "
						  "followed by ,property=value");
}

void
topic_spec_free(TopicSpec *spec)
{
	free(spec->text);
	memset(spec, 0, sizeof(TopicSpec));
}
