/*-------------------------------------------------------------------------
 *
 * router.h
 *	  Topics by regular expression, as Debezium's outbox Event Router does.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_ROUTER_H
#define PG_OUTBOX_ROUTER_H

#include "lib/stringinfo.h"

#include "bytes.h"

typedef struct Router Router;

/*
 * Compiles a regular expression in Java's syntax and the replacement that goes
 * with it ($1, ${name}); NULL stands for the Event Router's own.  Lives as
 * long as the current memory context.  Raises an ERROR that names the option
 * if one of them is wrong.  Needs no transaction.
 */
extern Router *router_create(const char *regex, const char *replacement);

/*
 * Appends the topic of a value, which is UTF-8: the replacement where the
 * whole value matches, else the value itself.  Returns NULL, or why there is
 * no topic.  Allocates in the current memory context.
 */
extern const char *router_append_topic(Router *router, Bytes value,
									   StringInfo topic);

#endif /* PG_OUTBOX_ROUTER_H */
