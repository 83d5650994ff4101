/*-------------------------------------------------------------------------
 *
 * template.c
 *	  A template: text with ${column} in it.
 *
 * $schema and $table stand for the table's name; they may be in braces as well.
 * A $ before anything else is a character like others.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "scan.h"
#include "template.h"

bool
is_topic_byte(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		   (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

bool
is_template(const char *value)
{
	return strstr(value, "${") != NULL;
}

/* Reads $schema or $table; else it is a literal, and nothing is read. */
static TemplatePartKind
scan_variable(const char **cursor)
{
	const char *p = *cursor;
	const char *name;
	TemplatePartKind kind = TEMPLATE_LITERAL;

	if (*p++ != '$' || *p == '"' || (name = scan_identifier(&p)) == NULL)
		return TEMPLATE_LITERAL;
	if (strcmp(name, "schema") == 0)
		kind = TEMPLATE_SCHEMA;
	else if (strcmp(name, "table") == 0)
		kind = TEMPLATE_TABLE;
	if (kind != TEMPLATE_LITERAL)
		*cursor = p;
	return kind;
}

/* Reads what is in braces at *cursor, and moves it behind them. */
static void
scan_braces(TemplatePart *part, const char *option, const char *value,
			const char **cursor)
{
	const char *p = *cursor + strlen("${");

	scan_space(&p);
	part->kind = scan_variable(&p);
	scan_space(&p);
	if (part->kind == TEMPLATE_LITERAL)
	{
		part->kind = TEMPLATE_COLUMN;
		part->columns = scan_alternatives(&p, '}');
	}
	if (strchr(p, '}') == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("option \"%s\": ${ is not closed in \"%s\"",
							   option, value)));
	if (*p != '}' || (part->kind == TEMPLATE_COLUMN && part->columns == NIL))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\": no column name at \"%s\" in \"%s\"",
						option, p, value),
				 errhint("A column is written ${column}, or ${a|b} for the "
						 "first of two that the table has.")));
	*cursor = p + 1;
}

/* Whether a column or variable begins here. */
static bool
is_special(const char *p)
{
	return strncmp(p, "${", 2) == 0 || scan_variable(&p) != TEMPLATE_LITERAL;
}

/* Reads the text at *cursor up to the next column. */
static char *
scan_literal(const char *option, const char *value, const char **cursor,
			 bool is_topic)
{
	const char *start = *cursor;
	const char *p = start;

	while (*p != '\0' && !is_special(p))
	{
		if (is_topic && !is_topic_byte(*p))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s\": \"%s\" has a character at \"%s\" "
							"that no topic may have",
							option, value, p),
					 errhint("A topic is made of a-z, A-Z, 0-9, \".\", \"_\" "
							 "and \"-\".")));
		p++;
	}
	*cursor = p;
	return pnstrdup(start, p - start);
}

List *
template_parse(const char *option, const char *value, bool is_topic)
{
	List *parts = NIL;
	const char *p = value;

	while (*p != '\0')
	{
		TemplatePart *part = palloc0(sizeof(TemplatePart));

		if (strncmp(p, "${", 2) == 0)
			scan_braces(part, option, value, &p);
		else
		{
			part->kind = scan_variable(&p);
			if (part->kind == TEMPLATE_LITERAL)
				part->literal = scan_literal(option, value, &p, is_topic);
		}
		parts = lappend(parts, part);
	}
	return parts;
}
