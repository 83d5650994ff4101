/*-------------------------------------------------------------------------
 *
 * template.h
 *	  A template: text with ${column} in it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_TEMPLATE_H
#define PG_OUTBOX_TEMPLATE_H

#include "nodes/pg_list.h"

/* What a part of a template is. */
typedef enum TemplatePartKind
{
	TEMPLATE_LITERAL,
	TEMPLATE_COLUMN,
	TEMPLATE_SCHEMA, /* the schema's name of the table that "tables" names */
	TEMPLATE_TABLE   /* its own name */
} TemplatePartKind;

typedef struct TemplatePart
{
	TemplatePartKind kind;
	char *literal;
	List *columns; /* names (char *): the first that the table has serves */
} TemplatePart;

/*
 * Splits the value of an option into parts (TemplatePart *), palloc'd; of an
 * empty one NIL.  Raises an ERROR that names the option if a ${ is not closed
 * or names no column, or if the template is of a topic and a literal has bytes
 * that no topic may have.
 */
extern List *template_parse(const char *option, const char *value,
							bool is_topic);

/* Whether a value has ${ in it, so that it is a template. */
extern bool is_template(const char *value);

/* Whether a byte may be in the name of a topic (Kafka's Topic.java). */
extern bool is_topic_byte(unsigned char c);

#endif /* PG_OUTBOX_TEMPLATE_H */
