/*-------------------------------------------------------------------------
 *
 * properties.c
 *	  Reads text in the form of Java's properties.
 *
 * Quarkus and the Event Router write the context of a trace so, into column
 * tracingspancontext.  The rules are those of java.util.Properties.load():
 * name and value are separated by =, : or white space; # and ! begin a comment;
 * a backslash escapes, or continues a line at its end.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "properties.h"

/* What is being read. */
typedef struct Reader
{
	const char *p;
	const char *end;
	bool broken; /* an escape stands for no character */
} Reader;

static bool
is_line_break(char c)
{
	return c == '\n' || c == '\r';
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\f';
}

/* Moves over white space of a line. */
static void
skip_space(Reader *reader)
{
	while (reader->p < reader->end && is_space(*reader->p))
		reader->p++;
}

/* Moves over a line break behind a backslash, and what begins the next line. */
static void
continue_line(Reader *reader)
{
	char first = *reader->p++;

	if (first == '\r' && reader->p < reader->end && *reader->p == '\n')
		reader->p++;
	skip_space(reader);
}

/* Reads four hexadecimal digits; -1 if they are not. */
static int
read_unit(Reader *reader)
{
	int unit = 0;

	if (reader->end - reader->p < 4)
		return -1;
	for (int i = 0; i < 4; i++)
	{
		char c = *reader->p++;

		if (!isxdigit((unsigned char) c))
			return -1;
		unit = unit * 16 + (isdigit((unsigned char) c)
								? c - '0'
								: tolower((unsigned char) c) - 'a' + 10);
	}
	return unit;
}

/* Appends the character of \uXXXX, perhaps half of a pair; u is read. */
static void
append_unicode(Reader *reader, StringInfo text)
{
	int unit = read_unit(reader);
	unsigned char utf8[MAX_MULTIBYTE_CHAR_LEN];

	if (unit >= 0xD800 && unit <= 0xDBFF && reader->end - reader->p >= 6 &&
		reader->p[0] == '\\' && reader->p[1] == 'u')
	{
		int second;

		reader->p += 2;
		second = read_unit(reader);
		unit = second >= 0xDC00 && second <= 0xDFFF
				   ? 0x10000 + ((unit - 0xD800) << 10) + (second - 0xDC00)
				   : -1;
	}
	if (unit <= 0 || (unit >= 0xD800 && unit <= 0xDFFF))
	{
		reader->broken = true;
		return;
	}
	unicode_to_utf8(unit, utf8);
	appendBinaryStringInfo(text, (char *) utf8, pg_utf_mblen(utf8));
}

/* Appends what is behind a backslash, which is read. */
static void
append_escape(Reader *reader, StringInfo text)
{
	char c;

	if (reader->p == reader->end)
		return;
	if (is_line_break(*reader->p))
	{
		continue_line(reader);
		return;
	}
	c = *reader->p++;
	switch (c)
	{
		case 'u':
			append_unicode(reader, text);
			break;
		case 't':
			appendStringInfoChar(text, '\t');
			break;
		case 'n':
			appendStringInfoChar(text, '\n');
			break;
		case 'r':
			appendStringInfoChar(text, '\r');
			break;
		case 'f':
			appendStringInfoChar(text, '\f');
			break;
		default:
			appendStringInfoChar(text, c);
			break;
	}
}

/* Reads up to the end of the line, or of a name. */
static Bytes
read_part(Reader *reader, bool is_name)
{
	StringInfoData text;
	Bytes part;

	initStringInfo(&text);
	while (reader->p < reader->end && !is_line_break(*reader->p))
	{
		char c = *reader->p;

		if (is_name && (is_space(c) || c == '=' || c == ':'))
			break;
		reader->p++;
		if (c == '\\')
			append_escape(reader, &text);
		else
			appendStringInfoChar(&text, c);
	}
	part.data = text.data;
	part.len = text.len;
	return part;
}

/* Moves over what separates name and value. */
static void
skip_separator(Reader *reader)
{
	skip_space(reader);
	if (reader->p < reader->end && (*reader->p == '=' || *reader->p == ':'))
	{
		reader->p++;
		skip_space(reader);
	}
}

bool
properties_scan(Bytes text, Property property, void *arg)
{
	Reader reader = {text.data, text.data + text.len, false};

	while (reader.p < reader.end)
	{
		Bytes name;
		Bytes value;

		skip_space(&reader);
		if (reader.p == reader.end)
			break;
		if (is_line_break(*reader.p))
		{
			reader.p++;
			continue;
		}
		if (*reader.p == '#' || *reader.p == '!')
		{
			while (reader.p < reader.end && !is_line_break(*reader.p))
				reader.p++;
			continue;
		}
		name = read_part(&reader, true);
		skip_separator(&reader);
		value = read_part(&reader, false);
		if (reader.broken)
			return false;
		property(arg, name, value);
	}
	return true;
}
