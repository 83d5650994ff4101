/*-------------------------------------------------------------------------
 *
 * template.h
 *	  The topic template: text with ${column} in it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_TEMPLATE_H
#define PG_OUTBOX_TEMPLATE_H

#include "nodes/pg_list.h"

/* One part of a template: either literal text or a column. */
typedef struct TemplatePart
{
	char *literal; /* NULL: a column */
	List *columns; /* names (char *): the first that the table has serves */
} TemplatePart;

/*
 * Splits the value of an option into parts (TemplatePart *), palloc'd.
 * Raises an ERROR that names the option if a ${ is not closed, names no
 * column, or if a literal has bytes that no topic may have.
 */
extern List *template_parse(const char *option, const char *value);

/* Tells whether a byte may be in the name of a topic (Kafka's Topic.java). */
extern bool is_topic_byte(unsigned char c);

#endif /* PG_OUTBOX_TEMPLATE_H */
