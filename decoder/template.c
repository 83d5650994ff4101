/*-------------------------------------------------------------------------
 *
 * template.c
 *	  The topic template: text with ${column} in it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "identifier.h"
#include "template.h"

bool
is_topic_byte(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		   (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

/* Reads the names in ${a|b} at *cursor and moves it behind the brace. */
static List *
parse_columns(const char *option, const char *value, const char **cursor)
{
	List *columns = NIL;
	const char *p = *cursor + strlen("${");

	for (;;)
	{
		char *name;

		skip_space(&p);
		name = scan_identifier(&p);
		if (name == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s\": no column name at \"%s\" in "
							"\"%s\"",
							option, p, value),
					 errhint("A column is written ${column}, or ${a|b} for "
							 "the first of two that the table has.")));
		columns = lappend(columns, name);
		skip_space(&p);
		if (*p == '}')
			break;
		if (*p != '|')
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("option \"%s\": ${ is not closed in \"%s\"",
								   option, value)));
		p++;
	}
	*cursor = p + 1;
	return columns;
}

/* Reads the text at *cursor up to the next column. */
static char *
parse_literal(const char *option, const char *value, const char **cursor)
{
	const char *start = *cursor;
	const char *p = start;

	while (*p != '\0' && strncmp(p, "${", 2) != 0)
	{
		if (!is_topic_byte(*p))
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
template_parse(const char *option, const char *value)
{
	List *parts = NIL;
	const char *p = value;

	while (*p != '\0')
	{
		TemplatePart *part = palloc0(sizeof(TemplatePart));

		if (strncmp(p, "${", 2) == 0)
			part->columns = parse_columns(option, value, &p);
		else
			part->literal = parse_literal(option, value, &p);
		parts = lappend(parts, part);
	}
	if (parts == NIL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("option \"%s\" is empty", option)));
	return parts;
}
