/*-------------------------------------------------------------------------
 *
 * json_text.c
 *	  Reads JSON as text, without an ERROR where it is none.
 *
 * The tokens are read by the server's lexer, which returns what is wrong.  Its
 * parser is not used: it is recursive, and raises an ERROR where the nesting is
 * deeper than the stack allows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "compat.h"
#include "json_text.h"

/* What may come next. */
typedef enum Expected
{
	EXPECT_VALUE,
	EXPECT_VALUE_OR_END, /* just behind [ */
	EXPECT_KEY,
	EXPECT_KEY_OR_END, /* just behind { */
	EXPECT_COLON,
	EXPECT_COMMA_OR_END
} Expected;

/* A text that is being read. */
typedef struct Scan
{
	JsonLexContext *lex;
	Expected expected;
	StringInfoData open; /* brackets and braces that are open */
	JsonMember member;
	void *arg;
	Bytes name;        /* of the present member of the outermost object */
	const char *value; /* where its value begins */
} Scan;

/* The token that was read. */
static Bytes
token(const Scan *scan)
{
	Bytes bytes = {scan->lex->token_start,
				   scan->lex->token_terminator - scan->lex->token_start};

	return bytes;
}

/* Tells whether the present token is one of the outermost object. */
static bool
in_outermost_object(const Scan *scan)
{
	return scan->open.len == 1 && scan->open.data[0] == '{';
}

/* Notes the end of a value: perhaps a member is complete. */
static void
end_value(Scan *scan)
{
	Bytes value;

	scan->expected = EXPECT_COMMA_OR_END;
	if (scan->member == NULL || !in_outermost_object(scan))
		return;
	value.data = scan->value;
	value.len = scan->lex->token_terminator - scan->value;
	scan->member(scan->arg, scan->name, value);
}

/* Takes the first token of a value. */
static bool
take_value(Scan *scan, JsonTokenType type)
{
	if (in_outermost_object(scan))
		scan->value = scan->lex->token_start;
	switch (type)
	{
		case JSON_TOKEN_OBJECT_START:
			appendStringInfoChar(&scan->open, '{');
			scan->expected = EXPECT_KEY_OR_END;
			return true;
		case JSON_TOKEN_ARRAY_START:
			appendStringInfoChar(&scan->open, '[');
			scan->expected = EXPECT_VALUE_OR_END;
			return true;
		case JSON_TOKEN_STRING:
		case JSON_TOKEN_NUMBER:
		case JSON_TOKEN_TRUE:
		case JSON_TOKEN_FALSE:
		case JSON_TOKEN_NULL:
			end_value(scan);
			return true;
		default:
			return false;
	}
}

/* Takes the end of the innermost array or object. */
static bool
take_end(Scan *scan, JsonTokenType type)
{
	char opened = type == JSON_TOKEN_OBJECT_END  ? '{'
				  : type == JSON_TOKEN_ARRAY_END ? '['
												 : '\0';

	if (scan->open.len == 0 || scan->open.data[scan->open.len - 1] != opened)
		return false;
	scan->open.len--;
	end_value(scan);
	return true;
}

/* Takes the name of a member. */
static bool
take_key(Scan *scan, JsonTokenType type)
{
	if (type != JSON_TOKEN_STRING)
		return false;
	if (in_outermost_object(scan))
		scan->name = token(scan);
	scan->expected = EXPECT_COLON;
	return true;
}

/* Takes a comma, or the end of what is open. */
static bool
take_comma_or_end(Scan *scan, JsonTokenType type)
{
	if (type != JSON_TOKEN_COMMA)
		return take_end(scan, type);
	if (scan->open.len == 0)
		return false;
	scan->expected =
		scan->open.data[scan->open.len - 1] == '{' ? EXPECT_KEY : EXPECT_VALUE;
	return true;
}

/* Takes a token; false if it may not stand where it does. */
static bool
take_token(Scan *scan)
{
	JsonTokenType type = scan->lex->token_type;

	switch (scan->expected)
	{
		case EXPECT_VALUE:
			return take_value(scan, type);
		case EXPECT_VALUE_OR_END:
			return type == JSON_TOKEN_ARRAY_END ? take_end(scan, type)
												: take_value(scan, type);
		case EXPECT_KEY:
			return take_key(scan, type);
		case EXPECT_KEY_OR_END:
			return type == JSON_TOKEN_OBJECT_END ? take_end(scan, type)
												 : take_key(scan, type);
		case EXPECT_COLON:
			scan->expected = EXPECT_VALUE;
			return type == JSON_TOKEN_COLON;
		case EXPECT_COMMA_OR_END:
			return take_comma_or_end(scan, type);
	}
	return false;
}

bool
json_text_scan(Bytes text, JsonMember member, void *arg)
{
	Scan scan = {0};

	scan.lex = compat_json_lexer(text.data, text.len, PG_UTF8);
	scan.expected = EXPECT_VALUE;
	scan.member = member;
	scan.arg = arg;
	initStringInfo(&scan.open);
	for (;;)
	{
		if (json_lex(scan.lex) != JSON_SUCCESS)
			return false;
		if (scan.lex->token_type == JSON_TOKEN_END)
			return scan.open.len == 0 && scan.expected == EXPECT_COMMA_OR_END;
		if (!take_token(&scan))
			return false;
	}
}

bool
json_text_is_object(Bytes text)
{
	for (int i = 0; i < text.len; i++)
	{
		if (strchr(" \t\r\n", text.data[i]) == NULL)
			return text.data[i] == '{';
	}
	return false;
}

/* The number in four hexadecimal digits, which the lexer has checked. */
static pg_wchar
hex4(const char *digits)
{
	char copy[5] = {digits[0], digits[1], digits[2], digits[3], '\0'};

	return strtoul(copy, NULL, 16);
}

/* Reads \uXXXX at *p, or two that are a pair; false if they are none. */
static bool
unescape_unicode(const char **p, const char *end, pg_wchar *c)
{
	pg_wchar second;

	*c = hex4(*p + 2);
	*p += 6;
	if (!is_utf16_surrogate_first(*c))
		return !is_utf16_surrogate_second(*c);
	if (end - *p < 6 || strncmp(*p, "\\u", 2) != 0)
		return false;
	second = hex4(*p + 2);
	*p += 6;
	if (!is_utf16_surrogate_second(second))
		return false;
	*c = surrogate_pair_to_codepoint(*c, second);
	return true;
}

/* Reads one escape at *p; false if it stands for no character. */
static bool
unescape(const char **p, const char *end, StringInfo out)
{
	static const char names[] = "bfnrt";
	static const char values[] = "\b\f\n\r\t";
	const char *name;
	pg_wchar c;

	if ((*p)[1] != 'u')
	{
		name = strchr(names, (*p)[1]);
		appendStringInfoChar(out,
							 name != NULL ? values[name - names] : (*p)[1]);
		*p += 2;
		return true;
	}
	if (!unescape_unicode(p, end, &c))
		return false;
	enlargeStringInfo(out, MAX_MULTIBYTE_CHAR_LEN);
	unicode_to_utf8(c, (unsigned char *) out->data + out->len);
	/* The length is not that of a string: the character may be U+0000. */
	out->len += pg_utf_mblen((unsigned char *) out->data + out->len);
	return true;
}

bool
json_text_unescape(Bytes string, Bytes *text)
{
	const char *p = string.data + 1;
	const char *end = string.data + string.len - 1;
	StringInfoData out;

	text->data = p;
	text->len = end - p;
	if (memchr(p, '\\', end - p) == NULL)
		return true;
	/* Escapes are longer than what they stand for; there may be millions. */
	out.maxlen = string.len + MAX_MULTIBYTE_CHAR_LEN;
	out.data = palloc(out.maxlen);
	resetStringInfo(&out);
	while (p < end)
	{
		if (*p != '\\')
			appendStringInfoChar(&out, *p++);
		else if (!unescape(&p, end, &out))
			return false;
	}
	text->data = out.data;
	text->len = out.len;
	return true;
}
