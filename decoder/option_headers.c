/*-------------------------------------------------------------------------
 *
 * option_headers.c
 *	  Reads options "headers" and "value": columns and what they are called.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "option_readers.h"
#include "protocol.h"
#include "scan.h"
#include "template.h"

char *
scan_alias(const char **cursor)
{
	const char *start = *cursor;
	size_t len;

	if (*start == '"')
		return scan_identifier(cursor);
	len = strcspn(start, ",() \t\r\n\"'");
	*cursor += len;
	return len > 0 ? pnstrdup(start, len) : NULL;
}

/* The columns in a|b; a plain name is one that another symbol follows. */
static List *
scan_columns(const char **cursor)
{
	List *columns = NIL;

	do
	{
		char *name = scan_identifier(cursor);

		if (name == NULL)
			return NIL;
		columns = lappend(columns, name);
	} while (scan_symbol(cursor, '|'));
	return columns;
}

/* Reads $position, $commit_time, $xid, $schema or $table. */
static bool
scan_variable(HeaderOption *header, const char **cursor)
{
	const char *start = *cursor;
	const char *name;

	(*cursor)++;
	name = scan_identifier(cursor);
	if (name == NULL)
		return false;
	if (strcmp(name, "position") == 0)
		header->kind = HEADER_POSITION;
	else if (strcmp(name, "commit_time") == 0)
		header->kind = HEADER_COMMIT_TIME;
	else if (strcmp(name, "xid") == 0)
		header->kind = HEADER_XID;
	else if (strcmp(name, "schema") == 0 || strcmp(name, "table") == 0)
	{
		header->kind = HEADER_TEMPLATE;
		header->template =
			template_parse("headers", pnstrdup(start, *cursor - start), false);
	}
	else
		return false;
	return true;
}

/* Reads a text, which is a template if it has ${ in it. */
static bool
scan_constant(HeaderOption *header, const char **cursor)
{
	char *text = scan_text(cursor);
	TemplatePart *part;

	header->kind = HEADER_TEMPLATE;
	if (text == NULL)
		return false;
	for (const char *p = text; *p != '\0'; p++)
	{
		if ((unsigned char) *p < ' ')
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("option \"headers\": a text has a control "
								   "character (code %d) in it",
								   *p)));
	}
	if (is_template(text))
	{
		header->template = template_parse("headers", text, false);
		return true;
	}
	part = palloc0(sizeof(TemplatePart));
	part->literal = text;
	header->template = list_make1(part);
	return true;
}

/* Reads what a header is made of. */
static bool
scan_source(HeaderOption *header, const char **cursor)
{
	if (**cursor == '$')
		return scan_variable(header, cursor);
	if (**cursor == '\'')
		return scan_constant(header, cursor);
	header->columns = scan_columns(cursor);
	return header->columns != NIL;
}

/* Reads source, source:name or column:*; NULL if it is none of these. */
static HeaderOption *
scan_header(const char **cursor)
{
	HeaderOption *header = palloc0(sizeof(HeaderOption));

	scan_space(cursor);
	if (!scan_source(header, cursor))
		return NULL;
	if (!scan_symbol(cursor, ':'))
	{
		header->name =
			header->columns != NIL ? linitial(header->columns) : NULL;
		return header->name != NULL ? header : NULL;
	}
	if (**cursor != '*')
	{
		header->name = scan_alias(cursor);
		return header->name != NULL ? header : NULL;
	}
	header->kind = HEADER_SPREAD;
	(*cursor)++;
	if (header->columns == NIL)
		return NULL;
	header->name = linitial(header->columns);
	return header;
}

/* Raises an ERROR if a header, or an object of headers, is named again. */
static void
check_new_header(const char *option, List *headers, const HeaderOption *header)
{
	bool spread = header->kind == HEADER_SPREAD;
	ListCell *lc;

	foreach (lc, headers)
	{
		const HeaderOption *other = lfirst(lc);

		if ((other->kind == HEADER_SPREAD) == spread &&
			strcmp(other->name, header->name) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s\" names %s \"%s\" twice", option,
							spread ? "column" : "header", header->name)));
	}
}

/* headers: a comma list; empty for none. */
void
read_headers(EventOptions *events, const char *name, const char *value)
{
	const char *allowed =
		"a comma list of column, column:header, column:*, 'text':header, "
		"$position:header, $commit_time:header and $xid:header";
	const char *p = value;

	events->headers = NIL;
	scan_space(&p);
	if (*p == '\0')
		return;
	do
	{
		HeaderOption *header = scan_header(&p);

		if (header == NULL)
			invalid_value(name, value, allowed);
		check_new_header(name, events->headers, header);
		events->headers = lappend(events->headers, header);
		if (list_length(events->headers) > PROTOCOL_MAX_HEADERS)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("option \"%s\" names more than %d headers",
								   name, PROTOCOL_MAX_HEADERS)));
	} while (scan_symbol(&p, ','));

	scan_space(&p);
	if (*p != '\0')
		invalid_value(name, value, allowed);
}

/* Reads column, column:name, column::text or column::text:name. */
static MemberOption *
scan_member(const char **cursor)
{
	MemberOption *member = palloc0(sizeof(MemberOption));

	scan_space(cursor);
	member->columns = scan_columns(cursor);
	if (member->columns == NIL)
		return NULL;
	member->name = linitial(member->columns);
	scan_space(cursor);
	if (strncmp(*cursor, "::", 2) == 0)
	{
		*cursor += 2;
		member->as_text = scan_keyword(cursor, "text");
		if (!member->as_text)
			return NULL;
	}
	if (scan_symbol(cursor, ':'))
		member->name = scan_alias(cursor);
	return member->name != NULL ? member : NULL;
}

/* Raises an ERROR if a member is named again. */
static void
check_new_member(const char *option, List *members, const MemberOption *member)
{
	ListCell *lc;

	foreach (lc, members)
	{
		const MemberOption *other = lfirst(lc);

		if (strcmp(other->name, member->name) == 0)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("option \"%s\" names member \"%s\" twice",
								   option, member->name)));
	}
}

/* value: payload, or row(...) for an object of columns. */
void
read_value(EventOptions *events, const char *name, const char *value)
{
	const char *allowed = "payload, or row(column, column:member, "
						  "column::text:member, ...)";
	const char *p = value;

	events->value = NIL;
	if (scan_keyword(&p, "payload") && *p == '\0')
		return;
	if (!scan_keyword(&p, "row") || !scan_symbol(&p, '('))
		invalid_value(name, value, allowed);
	do
	{
		MemberOption *member = scan_member(&p);

		if (member == NULL)
			invalid_value(name, value, allowed);
		check_new_member(name, events->value, member);
		events->value = lappend(events->value, member);
	} while (scan_symbol(&p, ','));
	if (!scan_symbol(&p, ')') || *p != '\0')
		invalid_value(name, value, allowed);
}
