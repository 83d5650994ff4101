/*-------------------------------------------------------------------------
 *
 * filter.c
 *	  The condition on a row's columns in option "where".
 *
 * The grammar is SQL's; from the weakest on:
 *
 *	condition:	condition OR condition | condition AND condition
 *				| NOT condition | ( condition )
 *				| column = constant | column <> constant | column != constant
 *				| column [NOT] IN ( constant, ... )
 *				| column IS [NOT] NULL | column
 *	constant:	'text' | number | TRUE | FALSE
 *
 * As in SQL, what is compared with NULL is unknown, and a row of which the
 * condition is unknown does not match.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "filter.h"
#include "scan.h"

/* Conditions nested deeper than this are refused. */
#define MAX_DEPTH 100

/* What is being read. */
typedef struct FilterParser
{
	const char *option;
	const char *source;
	const char *p;
	int depth;
} FilterParser;

static Filter *parse_or(FilterParser *parser);

/* Raises the ERROR of a malformed condition. */
static void
malformed(const FilterParser *parser, const char *expected)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"%s\": %s expected at \"%s\" in \"%s\"",
					parser->option, expected, parser->p, parser->source),
			 errhint("Allowed are columns, =, <>, IN, IS NULL, AND, OR, NOT, "
					 "parentheses, and constants: 'text', numbers, true and "
					 "false.")));
}

/* Makes a condition. */
static Filter *
make_filter(FilterKind kind, Filter *left, Filter *right)
{
	Filter *filter = palloc0(sizeof(Filter));

	filter->kind = kind;
	filter->left = left;
	filter->right = right;
	return filter;
}

/* Makes NOT of a condition, or leaves it as it is. */
static Filter *
negate(Filter *filter, bool negative)
{
	return negative ? make_filter(FILTER_NOT, filter, NULL) : filter;
}

/* Reads digits, perhaps behind a minus. */
static char *
scan_number(const char **cursor)
{
	const char *start = *cursor;
	const char *p = start;

	if (*p == '-')
		p++;
	if (!isdigit((unsigned char) *p))
		return NULL;
	while (isdigit((unsigned char) *p))
		p++;
	*cursor = p;
	return pnstrdup(start, p - start);
}

/* Reads a constant. */
static FilterConstant *
parse_constant(FilterParser *parser)
{
	FilterConstant *constant = palloc0(sizeof(FilterConstant));

	scan_space(&parser->p);
	constant->is_quoted = *parser->p == '\'';
	if (constant->is_quoted)
		constant->text = scan_text(&parser->p);
	else if (scan_keyword(&parser->p, "true"))
		constant->text = "true";
	else if (scan_keyword(&parser->p, "false"))
		constant->text = "false";
	else
		constant->text = scan_number(&parser->p);
	if (constant->text == NULL)
		malformed(parser, "a constant");
	scan_space(&parser->p);
	return constant;
}

/* Reads (constant, ...). */
static List *
parse_constants(FilterParser *parser)
{
	List *constants = NIL;

	if (!scan_symbol(&parser->p, '('))
		malformed(parser, "(");
	do
		constants = lappend(constants, parse_constant(parser));
	while (scan_symbol(&parser->p, ','));
	if (!scan_symbol(&parser->p, ')'))
		malformed(parser, ")");
	return constants;
}

/* Reads what stands behind a column. */
static Filter *
parse_comparison(FilterParser *parser, Filter *filter)
{
	bool negative;

	if (scan_keyword(&parser->p, "is"))
	{
		negative = scan_keyword(&parser->p, "not");
		if (!scan_keyword(&parser->p, "null"))
			malformed(parser, "NULL");
		filter->kind = FILTER_IS_NULL;
		return negate(filter, negative);
	}
	negative = scan_keyword(&parser->p, "not");
	if (negative || scan_keyword(&parser->p, "in"))
	{
		if (negative && !scan_keyword(&parser->p, "in"))
			malformed(parser, "IN");
		filter->kind = FILTER_IN;
		filter->constants = parse_constants(parser);
		return negate(filter, negative);
	}
	negative =
		strncmp(parser->p, "<>", 2) == 0 || strncmp(parser->p, "!=", 2) == 0;
	if (!negative && *parser->p != '=')
		return filter;
	parser->p += negative ? 2 : 1;
	filter->kind = FILTER_IN;
	filter->constants = list_make1(parse_constant(parser));
	return negate(filter, negative);
}

/* Reads a condition in parentheses, or one on a column. */
static Filter *
parse_primary(FilterParser *parser)
{
	Filter *filter;

	if (scan_symbol(&parser->p, '('))
	{
		filter = parse_or(parser);
		if (!scan_symbol(&parser->p, ')'))
			malformed(parser, ")");
		return filter;
	}
	filter = make_filter(FILTER_IS_TRUE, NULL, NULL);
	filter->name = scan_identifier(&parser->p);
	if (filter->name == NULL)
		malformed(parser, "a column");
	scan_space(&parser->p);
	return parse_comparison(parser, filter);
}

/* Reads a condition with NOT before it. */
static Filter *
parse_not(FilterParser *parser)
{
	bool negative = false;

	scan_space(&parser->p);
	while (scan_keyword(&parser->p, "not"))
		negative = !negative;
	return negate(parse_primary(parser), negative);
}

/* Reads conditions with AND between them. */
static Filter *
parse_and(FilterParser *parser)
{
	Filter *filter = parse_not(parser);

	while (scan_keyword(&parser->p, "and"))
		filter = make_filter(FILTER_AND, filter, parse_not(parser));
	return filter;
}

/* Reads conditions with OR between them. */
static Filter *
parse_or(FilterParser *parser)
{
	Filter *filter;

	if (++parser->depth > MAX_DEPTH)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("option \"%s\": parentheses are nested deeper "
							   "than %d",
							   parser->option, MAX_DEPTH)));
	filter = parse_and(parser);
	while (scan_keyword(&parser->p, "or"))
		filter = make_filter(FILTER_OR, filter, parse_and(parser));
	parser->depth--;
	return filter;
}

Filter *
filter_parse(const char *option, const char *value)
{
	FilterParser parser = {option, value, value, 0};
	Filter *filter = parse_or(&parser);

	scan_space(&parser.p);
	if (*parser.p != '\0')
		malformed(&parser, "AND, OR or the end");
	return filter;
}
