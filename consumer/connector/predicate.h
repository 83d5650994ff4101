/*-------------------------------------------------------------------------
 *
 * connector/predicate.h
 *	  The predicate of a transform: which topics it is for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CONNECTOR_PREDICATE_H
#define PG_OUTBOX_CONNECTOR_PREDICATE_H

#include <stdbool.h>

#include "connector/model.h"

typedef enum PredicateAnswer
{
	PREDICATE_YES,
	PREDICATE_NO,
	PREDICATE_UNKNOWN /* of another kind, or not understood */
} PredicateAnswer;

/* What a predicate says. */
typedef struct Predicate
{
	const char *name;    /* NULL: there is none */
	const char *class;   /* NULL: it is not defined */
	const char *pattern; /* of TopicNameMatches; else NULL */
	bool negated;
} Predicate;

/* The predicate of a transform, whose properties begin with prefix; all of its
 * properties count as used.  Text is the connector's. */
extern Predicate predicate_find(Connector *connector, const char *prefix);

/* Tells whether a transform with it is for records of a topic. */
extern PredicateAnswer predicate_is_for(const Predicate *predicate,
										const char *topic);

#endif /* PG_OUTBOX_CONNECTOR_PREDICATE_H */
