/*-------------------------------------------------------------------------
 *
 * java_regex.c
 *	  Translates Java's regular expressions to PostgreSQL's.
 *
 * The Event Router's expressions are Java's (java.util.regex.Pattern), the
 * server's are AREs (src/backend/regex).  Most is written alike.  What is
 * written otherwise is translated: named groups, \b, \x, \Q..\E, the dot,
 * which in Java matches no line break.  What has no counterpart is refused, so
 * that no expression silently means something else.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "java_regex.h"

/* What the dot does not match in Java without the flag DOTALL. */
#define LINE_TERMINATORS "\\n\\r\\u0085\\u2028\\u2029"

/* A translation under way. */
typedef struct Translation
{
	JavaRegex *regex;
	const char *source;
	const char *p;       /* the next byte of it */
	StringInfoData open; /* the parentheses that are open: their kinds */
} Translation;

/* Kinds of parentheses. */
#define PLAIN_GROUP '('
#define LOOKAROUND '='

/* Raises the ERROR of what cannot be translated. */
static void
refuse(const Translation *t, const char *what)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("option \"route_regex\": %s at \"%s\" in \"%s\"",
						   what, t->p, t->source)));
}

/* Copies so many bytes. */
static void
copy(Translation *t, int len)
{
	appendBinaryStringInfo(&t->regex->pattern, t->p, len);
	t->p += len;
}

/* Appends translated text. */
static void
append(Translation *t, const char *text)
{
	appendStringInfoString(&t->regex->pattern, text);
}

int
java_regex_group(const JavaRegex *regex, const char *name, int len)
{
	ListCell *lc;
	int number = 0;

	foreach (lc, regex->groups)
	{
		const char *other = lfirst(lc);

		number++;
		if (strlen(other) == len && strncmp(other, name, len) == 0)
			return number;
	}
	return 0;
}

/* Reads <name> at t->p and moves behind it; false if it is none. */
static bool
scan_name(Translation *t, const char **name, int *len)
{
	const char *p = t->p;

	if (*p++ != '<' || !isalpha((unsigned char) *p))
		return false;
	*name = p;
	while (isalnum((unsigned char) *p))
		p++;
	*len = p - *name;
	if (*p != '>')
		return false;
	t->p = p + 1;
	return true;
}

/* Notes a group that captures; they cannot be told apart in a lookaround. */
static void
add_group(Translation *t, const char *name, int len)
{
	if (len > 0 && java_regex_group(t->regex, name, len) > 0)
		refuse(t, "a group's name is used before");
	if (t->open.len > 0 && strchr(t->open.data, LOOKAROUND) != NULL)
		refuse(t, "a group that captures within a lookaround");
	t->regex->groups = lappend(t->regex->groups, pnstrdup(name, len));
	appendStringInfoChar(&t->open, PLAIN_GROUP);
	append(t, "(");
}

/* Translates an opening parenthesis and what says which kind it is. */
static void
translate_open(Translation *t)
{
	static const char *const lookarounds[] = {"(?=", "(?!", "(?<=", "(?<!"};
	const char *name;
	int len;

	for (int i = 0; i < lengthof(lookarounds); i++)
	{
		if (strncmp(t->p, lookarounds[i], strlen(lookarounds[i])) == 0)
		{
			appendStringInfoChar(&t->open, LOOKAROUND);
			copy(t, strlen(lookarounds[i]));
			return;
		}
	}
	if (strncmp(t->p, "(?:", 3) == 0)
	{
		appendStringInfoChar(&t->open, PLAIN_GROUP);
		copy(t, 3);
	}
	else if (t->p[1] != '?')
	{
		add_group(t, "", 0);
		t->p++;
	}
	else
	{
		t->p += 2;
		if (!scan_name(t, &name, &len))
			refuse(t, "a kind of group that is not supported");
		add_group(t, name, len);
	}
}

/* Translates a closing parenthesis. */
static void
translate_close(Translation *t)
{
	if (t->open.len == 0)
		refuse(t, "an unmatched parenthesis");
	t->open.data[--t->open.len] = '\0';
	copy(t, 1);
}

/* Translates \xhh or \uhhhh, which stand for one character. */
static void
translate_hex(Translation *t, int digits)
{
	for (int i = 0; i < digits; i++)
	{
		if (!isxdigit((unsigned char) t->p[2 + i]))
			refuse(t, "a character's number that is too short");
	}
	/* \x takes any number of digits in an ARE. */
	append(t, digits == 2 ? "\\u00" : "\\u");
	t->p += 2;
	copy(t, digits);
}

/* Translates \Q..\E: characters that stand for themselves. */
static void
translate_quoted(Translation *t)
{
	t->p += 2;
	while (*t->p != '\0' && strncmp(t->p, "\\E", 2) != 0)
	{
		if (!isalnum((unsigned char) *t->p) && !IS_HIGHBIT_SET(*t->p))
			append(t, "\\");
		copy(t, 1);
	}
	if (*t->p != '\0')
		t->p += 2;
}

/* Translates \k<name>. */
static void
translate_reference(Translation *t)
{
	const char *name;
	int len;
	int number = 0;

	t->p += 2;
	if (scan_name(t, &name, &len))
		number = java_regex_group(t->regex, name, len);
	if (number == 0)
		refuse(t, "\\k without a group of that name before it");
	appendStringInfo(&t->regex->pattern, "(?:\\%d)", number);
}

/* Translates an escape that means the same within and without brackets. */
static void
translate_common_escape(Translation *t)
{
	unsigned char c = t->p[1];

	if (c == 'x')
		translate_hex(t, 2);
	else if (c == 'u')
		translate_hex(t, 4);
	else if (IS_HIGHBIT_SET(c))
		t->p++;
	else if ((c != '\0' && strchr("dDwWsStnrfea", c) != NULL) ||
			 (c != '\0' && !isalnum(c)))
		copy(t, 2);
	else
		refuse(t, "an escape that is not supported");
}

/* Translates a backslash and what belongs to it, outside of brackets. */
static void
translate_escape(Translation *t)
{
	switch (t->p[1])
	{
		case 'Q':
			translate_quoted(t);
			return;
		case 'k':
			translate_reference(t);
			return;
		case 'b':
			append(t, "\\y");
			break;
		case 'B':
			append(t, "\\Y");
			break;
		case 'A':
			append(t, "\\A");
			break;
		case 'z':
			append(t, "\\Z");
			break;
		default:
			if (t->p[1] >= '1' && t->p[1] <= '9')
				copy(t, 2);
			else
				translate_common_escape(t);
			return;
	}
	t->p += 2;
}

/* Translates a bracket expression. */
static void
translate_brackets(Translation *t)
{
	copy(t, t->p[1] == '^' ? 2 : 1);
	if (*t->p == ']')
		copy(t, 1);
	while (*t->p != '\0' && *t->p != ']')
	{
		bool class = *t->p == '\\' && t->p[1] != '\0' &&
					 strchr("dDwWsS", t->p[1]) != NULL;

		if (*t->p == '[')
			refuse(t, "brackets within brackets, which are not supported,");
		if (strncmp(t->p, "&&", 2) == 0)
			refuse(t, "an intersection, which is not supported,");
		if (*t->p == '\\')
			translate_common_escape(t);
		else
			copy(t, 1);
		/* Behind a class it begins no range. */
		if (class && *t->p == '-')
			append(t, "\\");
	}
	if (*t->p == '\0')
		refuse(t, "brackets that are not closed");
	copy(t, 1);
}

/* Translates what comes next. */
static void
translate_next(Translation *t)
{
	switch (*t->p)
	{
		case '\\':
			translate_escape(t);
			break;
		case '[':
			translate_brackets(t);
			break;
		case '(':
			translate_open(t);
			break;
		case ')':
			translate_close(t);
			break;
		case '.':
			append(t, "[^" LINE_TERMINATORS "]");
			t->p++;
			break;
		default:
			copy(t, 1);
			break;
	}
}

void
java_regex_translate(JavaRegex *regex, const char *source)
{
	static const char ignore_case[] = "(?i)";
	Translation t = {.regex = regex, .source = source, .p = source};

	memset(regex, 0, sizeof(JavaRegex));
	initStringInfo(&regex->pattern);
	initStringInfo(&t.open);
	if (strncmp(t.p, ignore_case, sizeof(ignore_case) - 1) == 0)
	{
		regex->ignore_case = true;
		t.p += sizeof(ignore_case) - 1;
	}
	append(&t, "^(?:");
	while (*t.p != '\0')
		translate_next(&t);
	if (t.open.len > 0)
		refuse(&t, "a parenthesis that is not closed");
	append(&t, ")$");
}
