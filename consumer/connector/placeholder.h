/*-------------------------------------------------------------------------
 *
 * connector/placeholder.h
 *	  Values that stand elsewhere: ${file:PATH:KEY}, ${env:NAME}.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CONNECTOR_PLACEHOLDER_H
#define PG_OUTBOX_CONNECTOR_PLACEHOLDER_H

#include <stdbool.h>

typedef enum PlaceholderKind
{
	PLACEHOLDER_FILE,      /* ${file:PATH:KEY}, properties */
	PLACEHOLDER_DIRECTORY, /* ${directory:PATH:KEY}, a file for each key */
	PLACEHOLDER_ENV,       /* ${env:NAME}, ${strimzienv:NAME}, ${NAME} */
	PLACEHOLDER_SECRET,    /* ${secrets:NAMESPACE/SECRET:KEY} of Kubernetes */
	PLACEHOLDER_OTHER      /* of another provider */
} PlaceholderKind;

typedef struct Placeholder
{
	PlaceholderKind kind;
	char whole[256];   /* the placeholder itself, as it stands */
	char provider[64]; /* empty: none */
	char path[256];    /* empty: none is named */
	char key[256];
	bool is_all; /* nothing stands around it */
} Placeholder;

/* Finds the first placeholder of a value; false if it has none, or one that is
 * longer than its parts above. */
extern bool placeholder_find(const char *value, Placeholder *found);

#endif /* PG_OUTBOX_CONNECTOR_PLACEHOLDER_H */
