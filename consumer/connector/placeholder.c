/*-------------------------------------------------------------------------
 *
 * connector/placeholder.c
 *	  Values that stand elsewhere: ${file:PATH:KEY}, ${env:NAME}.
 *
 * Kafka reads ${provider:[path:]key} (ConfigTransformer.java); Debezium Server,
 * Compose and the like read ${NAME}.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "connector/placeholder.h"

/* Copies a part; false if it is too long. */
static bool
copy(char *target, size_t size, const char *start, size_t len)
{
	if (len >= size)
		return false;
	memcpy(target, start, len);
	target[len] = '\0';
	return true;
}

/* The kind that a provider has by its usual name. */
static PlaceholderKind
kind_of(const char *provider)
{
	static const struct
	{
		const char *name;
		PlaceholderKind kind;
	} providers[] = {{"", PLACEHOLDER_ENV},
					 {"env", PLACEHOLDER_ENV},
					 {"strimzienv", PLACEHOLDER_ENV},
					 {"file", PLACEHOLDER_FILE},
					 {"strimzifile", PLACEHOLDER_FILE},
					 {"directory", PLACEHOLDER_DIRECTORY},
					 {"strimzidir", PLACEHOLDER_DIRECTORY},
					 {"secrets", PLACEHOLDER_SECRET},
					 {"configmaps", PLACEHOLDER_SECRET}};

	for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++)
	{
		if (strcmp(provider, providers[i].name) == 0)
			return providers[i].kind;
	}
	return PLACEHOLDER_OTHER;
}

/* Tells whether a word is a name as variables of the environment have. */
static bool
is_variable(const char *word)
{
	return *word != '\0' &&
		   strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") ==
			   strlen(word);
}

/* Takes ${NAME:default} for ${NAME}; the default may be a password. */
static void
drop_default(Placeholder *found)
{
	if (!is_variable(found->provider))
		return;
	found->kind = PLACEHOLDER_ENV;
	snprintf(found->key, sizeof(found->key), "%s", found->provider);
	snprintf(found->whole, sizeof(found->whole), "${%s}", found->provider);
	*found->provider = '\0';
	*found->path = '\0';
}

bool
placeholder_find(const char *value, Placeholder *found)
{
	const char *start = strstr(value, "${");
	const char *end = start != NULL ? strchr(start, '}') : NULL;
	const char *inner;
	const char *colon;
	const char *path_end;

	*found = (Placeholder){0};
	if (end == NULL)
		return false;
	inner = start + 2;
	colon = memchr(inner, ':', (size_t) (end - inner));
	if (colon == NULL)
		colon = inner;
	else if (!copy(found->provider, sizeof(found->provider), inner,
				   (size_t) (colon++ - inner)))
		return false;
	path_end = memchr(colon, ':', (size_t) (end - colon));
	if (path_end != NULL && !copy(found->path, sizeof(found->path), colon,
								  (size_t) (path_end - colon)))
		return false;
	if (path_end != NULL)
		colon = path_end + 1;
	found->kind = kind_of(found->provider);
	found->is_all = start == value && end[1] == '\0';
	if (!copy(found->key, sizeof(found->key), colon, (size_t) (end - colon)) ||
		!copy(found->whole, sizeof(found->whole), start,
			  (size_t) (end + 1 - start)))
		return false;
	drop_default(found);
	return true;
}
