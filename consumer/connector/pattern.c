/*-------------------------------------------------------------------------
 *
 * connector/pattern.c
 *	  Regular expressions for names of tables, as patterns of option "tables".
 *
 * Debezium matches schema.table as a whole, and splits the list at commas that
 * have no backslash before them (Strings.java, setOfRegex).
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "connector/names.h"
#include "connector/pattern.h"

/* More expressions than this are not made of groups. */
#define MAX_PATTERNS 200

/* An expression being read. */
typedef struct Reading
{
	const char *p;
	FILE *entry; /* what is made of it */
	FILE *piece; /* the present piece of a name */
	char *text;  /* of piece */
	size_t size;
	FILE *literal; /* the whole without quotes */
	bool has_star; /* anywhere */
	Pattern *pattern;
} Reading;

/* Opens a stream to memory. */
static FILE *
open_text(char **text, size_t *size)
{
	FILE *stream = open_memstream(text, size);

	if (stream == NULL)
		xalloc_failed();
	return stream;
}

/* Ends a piece of a name, in quotes if it needs them. */
static void
end_piece(Reading *reading)
{
	char *quoted;

	fclose(reading->piece);
	if (reading->size > 0)
	{
		quoted = name_quote(reading->text);
		fputs(quoted, reading->entry);
		free(quoted);
	}
	free(reading->text);
	reading->piece = open_text(&reading->text, &reading->size);
}

/* Takes a character that stands for itself. */
static void
take_literal(Reading *reading, char c)
{
	if (isupper((unsigned char) c))
		reading->pattern->has_upper = true;
	fputc(c, reading->piece);
	fputc(c, reading->literal);
}

/* Takes what stands for any characters. */
static void
take_star(Reading *reading)
{
	end_piece(reading);
	fputc('*', reading->entry);
	reading->has_star = true;
}

/* Takes a dot, which separates schema and table if none did. */
static void
take_dot(Reading *reading)
{
	if (reading->pattern->has_schema)
	{
		take_literal(reading, '.');
		return;
	}
	end_piece(reading);
	fputc('.', reading->entry);
	fputc('.', reading->literal);
	reading->pattern->has_schema = true;
}

/* Moves over a quantifier; false if there is none. */
static bool
skip_quantifier(Reading *reading)
{
	size_t len = 0;

	if (*reading->p == '*' || *reading->p == '+')
		len = 1;
	else if (*reading->p == '{')
		len = strcspn(reading->p, "}") + 1;
	if (len == 0 || len > strlen(reading->p))
		return false;
	reading->p += len;
	return true;
}

/*
 * Takes a class of characters with what repeats it: [a-z]+, \d{4}.  The pattern
 * is wider.  False if nothing repeats it, which a pattern cannot say.
 */
static bool
take_class(Reading *reading, size_t len)
{
	reading->p += len;
	if (!skip_quantifier(reading))
		return false;
	reading->pattern->is_wider = true;
	take_star(reading);
	return true;
}

/* Takes what follows a backslash. */
static bool
take_escape(Reading *reading)
{
	char c = reading->p[1];

	if (c == 'd' || c == 'w' || c == 'S')
		return take_class(reading, 2);
	if (c == '\0' || isalnum((unsigned char) c))
		return false;
	if (c == '.')
		take_dot(reading);
	else
		take_literal(reading, c);
	reading->p += 2;
	return true;
}

/* Takes the next part of the expression; false if it can be no pattern. */
static bool
take_part(Reading *reading)
{
	char c = *reading->p;

	if (c == '\\')
		return take_escape(reading);
	if (c == '[')
	{
		size_t len = strcspn(reading->p, "]");

		return reading->p[len] == ']' && take_class(reading, len + 1);
	}
	if (c == '.' && (reading->p[1] == '*' || reading->p[1] == '+'))
	{
		reading->p += 2;
		take_star(reading);
		return true;
	}
	if (c == '.')
		take_dot(reading);
	else if (isalnum((unsigned char) c) || strchr("_-", c) != NULL ||
			 (unsigned char) c >= 0x80)
		take_literal(reading, c);
	else
		return false;
	reading->p++;
	/* A quantifier would repeat the character. */
	return *reading->p == '\0' || strchr("*+?{", *reading->p) == NULL;
}

/* Adds a pattern, unless there is the same already. */
static void
append(Pattern pattern, PatternList *patterns)
{
	for (size_t i = 0; i < patterns->count && pattern.entry != NULL; i++)
	{
		const char *other = patterns->items[i].entry;

		if (other != NULL && strcmp(other, pattern.entry) == 0)
		{
			free(pattern.entry);
			free(pattern.literal);
			return;
		}
	}
	patterns->items =
		xrealloc(patterns->items, (patterns->count + 1) * sizeof(Pattern));
	patterns->items[patterns->count++] = pattern;
}

/* Adds an expression without groups. */
static void
add_plain(const char *regex, PatternList *patterns)
{
	Pattern pattern = {0};
	char *entry = NULL;
	char *literal = NULL;
	size_t entry_size;
	size_t literal_size;
	Reading reading = {.p = regex, .pattern = &pattern};
	bool ok = true;

	patterns->tried++;
	reading.entry = open_text(&entry, &entry_size);
	reading.literal = open_text(&literal, &literal_size);
	reading.piece = open_text(&reading.text, &reading.size);
	while (ok && *reading.p != '\0')
		ok = take_part(&reading);
	end_piece(&reading);
	fclose(reading.piece);
	free(reading.text);
	fclose(reading.entry);
	fclose(reading.literal);
	if (ok && *entry != '\0' && *entry != '.' &&
		entry[strlen(entry) - 1] != '.')
		pattern.entry = xstrdup(entry);
	if (pattern.entry != NULL && !reading.has_star)
		pattern.literal = xstrdup(literal);
	free(entry);
	free(literal);
	append(pattern, patterns);
}

/*
 * Finds the first group that may be written out, and its end: (a|b), (?:a|b),
 * (.*).  Without one, the expression itself if it has alternatives.
 */
static const char *
find_group(const char *regex, const char **end, const char **inner)
{
	const char *start = strchr(regex, '(');

	if (start == NULL)
	{
		*inner = regex;
		*end = regex + strlen(regex);
		return strchr(regex, '|') != NULL ? regex : NULL;
	}
	*inner = strncmp(start, "(?:", 3) == 0 ? start + 3 : start + 1;
	*end = *inner + strcspn(*inner, "()");
	return **end == ')' ? start : NULL;
}

static void add_regex(const char *regex, PatternList *patterns);

/* Adds what stands before a group, one of its alternatives, and what stands
 * behind it. */
static void
add_joined(const char *regex, const char *group, const char *alternative,
		   size_t len, const char *behind, PatternList *patterns)
{
	char *one = name_format("%.*s%.*s%s", (int) (group - regex), regex,
							(int) len, alternative, behind);

	add_regex(one, patterns);
	free(one);
}

/* Adds an expression, its alternatives as entries of their own. */
static void
add_regex(const char *regex, PatternList *patterns)
{
	const char *end;
	const char *inner;
	const char *start = find_group(regex, &end, &inner);
	const char *behind;

	if (start == NULL || patterns->tried >= MAX_PATTERNS)
	{
		add_plain(regex, patterns);
		return;
	}
	behind = *end == ')' ? end + 1 : end;
	if (*behind == '?')
		add_joined(regex, start, "", 0, ++behind, patterns);
	if (*behind != '\0' && strchr("*+?{", *behind) != NULL)
	{
		add_plain(regex, patterns);
		return;
	}
	while (inner <= end)
	{
		size_t len = strcspn(inner, "|)");

		if (inner + len > end)
			len = (size_t) (end - inner);
		add_joined(regex, start, inner, len, behind, patterns);
		inner += len + 1;
	}
}

/* Adds an item of the list, without the anchors that it has anyway. */
static void
add_item(const char *start, size_t len, PatternList *patterns)
{
	char *item;

	while (len > 0 && isspace((unsigned char) *start))
	{
		start++;
		len--;
	}
	while (len > 0 && isspace((unsigned char) start[len - 1]))
		len--;
	if (len > 0 && *start == '^')
	{
		start++;
		len--;
	}
	if (len > 0 && start[len - 1] == '$')
		len--;
	if (len == 0)
		return;
	item = name_format("%.*s", (int) len, start);
	add_regex(item, patterns);
	free(item);
}

void
pattern_read(const char *list, PatternList *patterns)
{
	const char *start = list;
	const char *p = list;

	for (;; p++)
	{
		if (*p == '\\' && p[1] != '\0')
		{
			p++;
			continue;
		}
		if (*p != ',' && *p != '\0')
			continue;
		add_item(start, (size_t) (p - start), patterns);
		if (*p == '\0')
			return;
		start = p + 1;
	}
}

void
pattern_list_free(PatternList *patterns)
{
	for (size_t i = 0; i < patterns->count; i++)
	{
		free(patterns->items[i].entry);
		free(patterns->items[i].literal);
	}
	free(patterns->items);
	*patterns = (PatternList){0};
}
