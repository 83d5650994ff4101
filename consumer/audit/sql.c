/*-------------------------------------------------------------------------
 *
 * audit/sql.c
 *	  The decoder's options as SQL over the columns of a table.
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "audit/sql.h"
#include "audit/words.h"
#include "base/memory.h"

/* Writes text between quotes, doubled inside. */
static void
write_quoted(FILE *out, const char *text, char quote)
{
	fputc(quote, out);
	for (; *text != '\0'; text++)
	{
		if (*text == quote)
			fputc(quote, out);
		fputc(*text, out);
	}
	fputc(quote, out);
}

void
audit_sql_name(FILE *out, const char *name)
{
	write_quoted(out, name, '"');
}

void
audit_sql_text(FILE *out, const char *text)
{
	write_quoted(out, text, '\'');
}

/* The column of a name, or NULL. */
static const AuditColumn *
find_column(const AuditColumns *columns, const char *name)
{
	for (size_t i = 0; i < columns->count; i++)
	{
		if (strcmp(columns->items[i].name, name) == 0)
			return &columns->items[i];
	}
	return NULL;
}

/* Says that an option cannot be read. */
static bool
malformed(const char *option, const char *at, Error *err)
{
	return error_set(err, "option \"%s\": cannot be read at \"%s\"", option,
					 at);
}

/* Reads a|b and finds the first that the table has. */
static const AuditColumn *
read_alternatives(const char **cursor, const char *option,
				  const AuditColumns *columns, Error *err)
{
	const AuditColumn *column = NULL;
	const char *start = *cursor;

	do
	{
		char *name;

		words_space(cursor);
		name = words_identifier(cursor);
		if (name == NULL)
		{
			malformed(option, *cursor, err);
			return NULL;
		}
		if (column == NULL)
			column = find_column(columns, name);
		free(name);
	} while (words_symbol(cursor, '|'));
	words_space(cursor);
	if (column == NULL)
		error_set(err, "table %s has no column %.*s, which option \"%s\" needs",
				  columns->table, (int) (*cursor - start), start, option);
	return column;
}

const AuditColumn *
audit_sql_find(const char *option, const char *value,
			   const AuditColumns *columns, Error *err)
{
	const AuditColumn *column = read_alternatives(&value, option, columns, err);

	if (column != NULL && *value != '\0')
	{
		malformed(option, value, err);
		return NULL;
	}
	return column;
}

bool
audit_sql_value(FILE *out, const char *option, const AuditColumn *column,
				const AuditColumns *columns, Error *err)
{
	static const char *const times[] = {"timestamp", "timestamptz", "time",
										"timetz", NULL};

	for (int i = 0; times[i] != NULL; i++)
	{
		if (strcmp(column->type, times[i]) == 0)
			return error_set(err,
							 "column \"%s\" of table %s, which option \"%s\" "
							 "names, has type %s: audit compares no times",
							 column->name, columns->table, option,
							 column->type);
	}
	if (strcmp(column->type, "bytea") == 0)
	{
		fputs("translate(encode(", out);
		audit_sql_name(out, column->name);
		fputs(", 'base64'), E'\\n', '')", out);
		return true;
	}
	audit_sql_name(out, column->name);
	fputs("::text", out);
	return true;
}

/* Reads $schema or $table, and writes what it stands for. */
static bool
write_variable(FILE *out, const char **cursor, const AuditColumns *columns)
{
	const char *p = *cursor;
	const char *text = NULL;
	char *name;

	if (*p++ != '$' || *p == '"' || (name = words_identifier(&p)) == NULL)
		return false;
	if (strcmp(name, "schema") == 0)
		text = columns->schema_name;
	else if (strcmp(name, "table") == 0)
		text = columns->table_name;
	free(name);
	if (text == NULL)
		return false;
	audit_sql_text(out, text);
	*cursor = p;
	return true;
}

/* Reads and writes what is in braces. */
static bool
write_braces(FILE *out, const char **cursor, const char *option,
			 const AuditColumns *columns, Error *err)
{
	const AuditColumn *column;
	const char *p = *cursor + strlen("${");

	words_space(&p);
	if (!write_variable(out, &p, columns))
	{
		column = read_alternatives(&p, option, columns, err);
		if (column == NULL ||
			!audit_sql_value(out, option, column, columns, err))
			return false;
	}
	words_space(&p);
	if (*p != '}')
		return malformed(option, p, err);
	*cursor = p + 1;
	return true;
}

/* Reads one character, and writes it as text. */
static void
write_character(FILE *out, const char **cursor)
{
	char text[2] = {*(*cursor)++, '\0'};

	audit_sql_text(out, text);
}

/* Reads and writes the text up to the next $. */
static void
write_literal(FILE *out, const char **cursor)
{
	size_t len = strcspn(*cursor, "$");
	char *text;

	if (len == 0)
	{
		write_character(out, cursor);
		return;
	}
	text = strndup(*cursor, len);
	if (text == NULL)
		xalloc_failed();
	audit_sql_text(out, text);
	free(text);
	*cursor += len;
}

bool
audit_sql_template(FILE *out, const char *option, const char *value,
				   const AuditColumns *columns, Error *err)
{
	const char *p = value;

	fputs("(''", out);
	while (*p != '\0')
	{
		fputs(" || ", out);
		if (strncmp(p, "${", 2) == 0)
		{
			if (!write_braces(out, &p, option, columns, err))
				return false;
		}
		else if (!write_variable(out, &p, columns))
			write_literal(out, &p);
	}
	fputc(')', out);
	return true;
}

/* Reads a group of the replacement, of which there is only one: all. */
static bool
read_group(const char **cursor)
{
	static const char *const forms[] = {"${routedByValue}", "$0", "$1", NULL};

	for (int i = 0; forms[i] != NULL; i++)
	{
		size_t len = strlen(forms[i]);

		if (strncmp(*cursor, forms[i], len) == 0)
		{
			*cursor += len;
			return true;
		}
	}
	return false;
}

bool
audit_sql_route(FILE *out, const char *route_by, const char *regex,
				const char *replacement, const AuditColumns *columns,
				Error *err)
{
	const AuditColumn *column =
		audit_sql_find("route_by", route_by, columns, err);

	if (column == NULL)
		return false;
	if (strcmp(regex, "(?<routedByValue>.*)") != 0 &&
		strcmp(regex, "(.*)") != 0)
		return error_set(err, "which topics option \"route_regex\" makes is "
							  "for the decoder alone to know: name them with "
							  "--topics REGEX");
	fputs("(''", out);
	for (const char *p = replacement; *p != '\0';)
	{
		fputs(" || ", out);
		if (read_group(&p))
		{
			if (!audit_sql_value(out, "route_by", column, columns, err))
				return false;
			continue;
		}
		if (*p == '$')
			return malformed("route_replacement", p, err);
		if (*p == '\\' && p[1] != '\0')
			p++;
		write_character(out, &p);
	}
	fputc(')', out);
	return true;
}

/* Reads and writes a keyword of conditions, as it is. */
static bool
write_keyword(FILE *out, const char **cursor)
{
	static const char *const words[] = {"and",  "or",   "not",   "in", "is",
										"null", "true", "false", NULL};

	for (int i = 0; words[i] != NULL; i++)
	{
		if (words_keyword(cursor, words[i]))
		{
			fprintf(out, " %s ", words[i]);
			return true;
		}
	}
	return false;
}

/* Reads and writes an operator, a parenthesis or a number. */
static bool
write_sign(FILE *out, const char **cursor)
{
	size_t len = 0;

	if (strncmp(*cursor, "<>", 2) == 0 || strncmp(*cursor, "!=", 2) == 0)
		len = 2;
	else if (**cursor != '\0' && strchr("=(),", **cursor) != NULL)
		len = 1;
	else
	{
		len = **cursor == '-';
		while (isdigit((unsigned char) (*cursor)[len]))
			len++;
		if (len == 1 && **cursor == '-')
			return false;
	}
	fprintf(out, " %.*s ", (int) len, *cursor);
	*cursor += len;
	return len > 0;
}

bool
audit_sql_condition(FILE *out, const char *value, Error *err)
{
	const char *p = value;

	for (words_space(&p); *p != '\0'; words_space(&p))
	{
		char *word;

		if (write_keyword(out, &p))
			continue;
		if ((word = words_text(&p)) != NULL)
			audit_sql_text(out, word);
		else if ((word = words_identifier(&p)) != NULL)
			audit_sql_name(out, word);
		else if (!write_sign(out, &p))
			return malformed("where", p, err);
		free(word);
	}
	return true;
}

/* Reads over what is no column: $position, 'text'. */
static bool
skip_source(const char **cursor)
{
	char *word;

	if (**cursor == '$')
		(*cursor)++;
	word = **cursor == '\'' ? words_text(cursor) : words_identifier(cursor);
	free(word);
	return word != NULL;
}

/* The names of a|b, as they are given; NULL if there are none. */
static char *
read_names(const char **cursor)
{
	const char *start = *cursor;
	const char *end = start;
	char *names;

	do
	{
		char *name = words_identifier(cursor);

		if (name == NULL)
			return NULL;
		free(name);
		end = *cursor;
	} while (words_symbol(cursor, '|'));
	names = strndup(start, (size_t) (end - start));
	if (names == NULL)
		xalloc_failed();
	return names;
}

/* Tells whether two lists of names begin with the same one. */
static bool
begin_alike(const char *one, const char *other)
{
	char *first = words_identifier(&one);
	char *second = words_identifier(&other);
	bool alike = first != NULL && second != NULL && strcmp(first, second) == 0;

	free(first);
	free(second);
	return alike;
}

/* Reads what a header is called; NULL for those that an object spreads. */
static char *
read_alias(const char **cursor)
{
	size_t len = strcspn(*cursor, ",() \t\r\n\"'");
	char *alias;

	if (**cursor == '"')
		return words_identifier(cursor);
	alias = **cursor == '*' ? NULL : strndup(*cursor, len);
	*cursor += len;
	return alias;
}

/*
 * Reads one header; *alias is its name if it holds the id, else NULL.  False if
 * it cannot be read.
 */
static bool
read_header(const char **cursor, const char *id, char **alias)
{
	char *names = NULL;
	const char *p;
	bool is_id;

	*alias = NULL;
	words_space(cursor);
	if (**cursor == '$' || **cursor == '\'')
	{
		if (!skip_source(cursor))
			return false;
	}
	else if ((names = read_names(cursor)) == NULL)
		return false;
	is_id =
		names != NULL && (begin_alike(names, "id") || begin_alike(names, id));
	p = names;
	if (words_symbol(cursor, ':'))
		*alias = read_alias(cursor);
	else if (is_id)
		*alias = words_identifier(&p);
	free(names);
	if (!is_id)
	{
		free(*alias);
		*alias = NULL;
	}
	return true;
}

bool
audit_sql_header(const char *headers, const char *id, char **header, Error *err)
{
	const char *p = headers;

	*header = NULL;
	words_space(&p);
	while (*p != '\0' && *header == NULL)
	{
		if (!read_header(&p, id, header))
			return malformed("headers", p, err);
		if (!words_symbol(&p, ','))
			break;
	}
	words_space(&p);
	if (*header != NULL)
		return true;
	if (*p != '\0')
		return malformed("headers", p, err);
	return error_set(err, "option \"headers\" names no header with the id, by "
						  "which audit knows an event: add id");
}
