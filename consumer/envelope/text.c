/*-------------------------------------------------------------------------
 *
 * envelope/text.c
 *	  What both envelope readers share: strings, payloads, the arena.
 *
 *-------------------------------------------------------------------------
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "envelope/text.h"

static const char hex_digits[] = "0123456789abcdef";

#define ARENA_MIN 4096

/* An arena larger than this is given back after a line that needed it. */
#define ARENA_KEEP (1024 * 1024)

void
envelope_begin(EnvelopeReader *reader, size_t len)
{
	/* Twice: base64 may be unescaped first, and then decoded. */
	size_t need = 2 * len;

	reader->used = 0;
	if (reader->size >= need &&
		(reader->size <= ARENA_KEEP || need > ARENA_KEEP))
		return;
	free(reader->arena);
	reader->size = need < ARENA_MIN ? ARENA_MIN : need;
	reader->arena = xmalloc(reader->size);
}

void
envelope_clear(Envelope *out)
{
	/* Not the headers: only the first n_headers mean anything. */
	out->lsn = 0;
	out->topic = out->key = out->payload = (Slice){NULL, 0};
	out->error = out->relation = (Slice){NULL, 0};
	out->partition = ENVELOPE_NO_PARTITION;
	out->ts = -1;
	out->committed = -1;
	out->bytes = -1;
	out->seq = out->xid = out->events = 0;
	out->n_headers = 0;
}

/* Steps over characters that stand for themselves. */
static const char *
skip_plain(const char *p, const char *end)
{
	while (p < end)
	{
		unsigned char byte = (unsigned char) *p;
		size_t len;

		if (byte == '"' || byte == '\\' || byte < ' ')
			break;
		if (byte < 0x80)
		{
			p++;
			continue;
		}
		len =
			utf8_length((const unsigned char *) p, (const unsigned char *) end);
		if (len == 0)
			break;
		p += len;
	}
	return p;
}

/* Reads four hexadecimal digits; false if there are fewer. */
static bool
read_hex4(const char **p, const char *end, uint32_t *out)
{
	*out = 0;
	if (end - *p < 4)
		return false;
	for (int i = 0; i < 4; i++)
	{
		char c = *(*p)++;
		const char *digit =
			c == '\0' ? NULL
					  : strchr(hex_digits, c >= 'A' && c <= 'F' ? c + 32 : c);

		if (digit == NULL)
			return false;
		*out = *out << 4 | (uint32_t) (digit - hex_digits);
	}
	return true;
}

/* Writes a code point as UTF-8 and returns where it ends. */
static char *
write_utf8(char *to, uint32_t code)
{
	if (code < 0x80)
		*to++ = (char) code;
	else if (code < 0x800)
	{
		*to++ = (char) (0xC0 | code >> 6);
		*to++ = (char) (0x80 | (code & 0x3F));
	}
	else if (code < 0x10000)
	{
		*to++ = (char) (0xE0 | code >> 12);
		*to++ = (char) (0x80 | (code >> 6 & 0x3F));
		*to++ = (char) (0x80 | (code & 0x3F));
	}
	else
	{
		*to++ = (char) (0xF0 | code >> 18);
		*to++ = (char) (0x80 | (code >> 12 & 0x3F));
		*to++ = (char) (0x80 | (code >> 6 & 0x3F));
		*to++ = (char) (0x80 | (code & 0x3F));
	}
	return to;
}

/* Reads \uXXXX behind its u, two of them for a surrogate pair; NULL if not. */
static char *
read_unicode_escape(const char **p, const char *end, char *to)
{
	uint32_t code;
	uint32_t low;

	if (!read_hex4(p, end, &code) || (code >= 0xDC00 && code <= 0xDFFF))
		return NULL;
	if (code >= 0xD800 && code <= 0xDBFF)
	{
		if (end - *p < 2 || (*p)[0] != '\\' || (*p)[1] != 'u')
			return NULL;
		*p += 2;
		if (!read_hex4(p, end, &low) || low < 0xDC00 || low > 0xDFFF)
			return NULL;
		code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
	}
	return write_utf8(to, code);
}

/* Reads one escape behind its backslash to *to; NULL if it is invalid. */
static char *
read_escape(const char **p, const char *end, char *to)
{
	static const char names[] = "\"\\/bfnrt";
	static const char values[] = "\"\\/\b\f\n\r\t";
	const char *name;

	if (*p == end || **p == '\0')
		return NULL;
	if (**p == 'u')
	{
		(*p)++;
		return read_unicode_escape(p, end, to);
	}
	name = strchr(names, *(*p)++);
	if (name == NULL)
		return NULL;
	*to++ = values[name - names];
	return to;
}

/* Unescapes into the arena what begins at start and is plain up to *p. */
static const char *
unescape(EnvelopeReader *reader, const char *start, const char **p,
		 const char *end, Slice *out)
{
	char *first = reader->arena + reader->used;
	char *to = first;

	for (;;)
	{
		memcpy(to, start, (size_t) (*p - start));
		to += *p - start;
		if (*p == end)
			return "a string does not end";
		if (**p == '"')
			break;
		if (**p != '\\')
			return "invalid byte in a string";
		(*p)++;
		to = read_escape(p, end, to);
		if (to == NULL)
			return "invalid escape";
		start = *p;
		*p = skip_plain(*p, end);
	}
	(*p)++;
	*out = (Slice){first, (size_t) (to - first)};
	reader->used += out->len;
	return NULL;
}

const char *
envelope_read_string(EnvelopeReader *reader, const char **p, const char *end,
					 Slice *out)
{
	const char *start = *p;

	*p = skip_plain(*p, end);
	if (*p == end || **p != '"')
		return unescape(reader, start, p, end, out);
	*out = (Slice){start, (size_t) (*p - start)};
	(*p)++;
	return NULL;
}

/* The code point of a UTF-8 sequence of len bytes, at least two. */
static uint32_t
read_utf8(const unsigned char *p, size_t len)
{
	uint32_t code = p[0] & (0x7Fu >> len);

	for (size_t i = 1; i < len; i++)
		code = code << 6 | (p[i] & 0x3Fu);
	return code;
}

/* Writes \uXXXX and returns where it ends. */
static char *
write_escape(char *to, uint32_t code)
{
	*to++ = '\\';
	*to++ = 'u';
	for (int shift = 12; shift >= 0; shift -= 4)
		*to++ = hex_digits[code >> shift & 0xF];
	return to;
}

char *
envelope_escape(const char *p, const char *end, char *to)
{
	while (p < end)
	{
		const unsigned char *sequence = (const unsigned char *) p;
		uint32_t code;
		size_t len;

		if (*sequence < 0x80)
		{
			/* What is escaped already goes along with its backslash. */
			if (*sequence == '\\' && end - p > 1 && sequence[1] < 0x80)
				*to++ = *p++;
			else if (*sequence == '\\')
				return NULL;
			*to++ = *p++;
			continue;
		}
		len = utf8_length(sequence, (const unsigned char *) end);
		if (len == 0)
			return NULL;
		p += len;
		code = read_utf8(sequence, len);
		if (code >= 0x10000)
		{
			/* json-c takes the character of such a pair for a surrogate. */
			if ((code & 0xF800) == 0xD800)
				return NULL;
			to = write_escape(to, 0xD800 + ((code - 0x10000) >> 10));
			code = 0xDC00 + (code & 0x3FF);
		}
		to = write_escape(to, code);
	}
	return to;
}

const char *
envelope_skip_string(const char *p, const char *end)
{
	const char *quote;

	while ((quote = memchr(p, '"', (size_t) (end - p))) != NULL)
	{
		const char *before = quote;

		while (before > p && before[-1] == '\\')
			before--;
		if ((quote - before) % 2 == 0)
			return quote + 1;
		p = quote + 1;
	}
	return NULL;
}

/*
 * Returns whether [p, end) is all of one object or array: as many brackets of
 * either kind are closed as were opened, and not before its end.
 */
static bool
is_whole_container(const char *p, const char *end)
{
	ptrdiff_t objects = 0;
	ptrdiff_t arrays = 0;

	while (p < end)
	{
		switch (*p++)
		{
			case '"':
				p = envelope_skip_string(p, end);
				if (p == NULL)
					return false;
				continue;
			case '{':
				objects++;
				continue;
			case '[':
				arrays++;
				continue;
			case '}':
				objects--;
				break;
			case ']':
				arrays--;
				break;
			default:
				continue;
		}
		if (objects < 0 || arrays < 0)
			return false;
		if (objects == 0 && arrays == 0)
			return p == end;
	}
	return false;
}

/* Returns whether a byte is white space that a line may have. */
static inline bool
is_space(char c)
{
	return c == ' ' || c == '\t';
}

/*
 * Returns whether [p, end) is one whole JSON value, judged by its brackets and
 * quotes: a value that was cut or has something after it is not.  White
 * space around it is a json column's own, and so belongs to the payload.
 */
static bool
is_whole_value(const char *p, const char *end)
{
	while (p < end && is_space(*p))
		p++;
	while (p < end && is_space(end[-1]))
		end--;
	if (p == end)
		return false;
	if (*p == '{' || *p == '[')
		return is_whole_container(p, end);
	if (*p == '"')
		return envelope_skip_string(p + 1, end) == end;
	for (; p < end; p++)
	{
		bool of_scalar = (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') ||
						 *p == 'E' || *p == '+' || *p == '-' || *p == '.';

		if (!of_scalar)
			return false;
	}
	return true;
}

/* The value of a base64 digit, or -1. */
static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

bool
envelope_decode_base64(EnvelopeReader *reader, Slice text, Slice *out)
{
	char *first = reader->arena + reader->used;
	char *to = first;

	if (text.len % 4 != 0)
		return false;
	for (size_t i = 0; i < text.len; i += 4)
	{
		bool last = i + 4 == text.len;
		int padding = 0;
		uint32_t bits = 0;

		if (last && text.data[i + 3] == '=')
			padding = text.data[i + 2] == '=' ? 2 : 1;
		for (size_t j = 0; j < 4; j++)
		{
			int value =
				(int) j >= 4 - padding ? 0 : base64_value(text.data[i + j]);

			if (value < 0)
				return false;
			bits = bits << 6 | (uint32_t) value;
		}
		/* The bits that the padding leaves over must be zero. */
		if ((bits & ((1u << 8 * padding) - 1)) != 0)
			return false;
		*to++ = (char) (bits >> 16);
		if (padding < 2)
			*to++ = (char) (bits >> 8);
		if (padding < 1)
			*to++ = (char) bits;
	}
	*out = (Slice){first, (size_t) (to - first)};
	reader->used += out->len;
	return true;
}

/* Reads the string that a payload must be; NULL, or what is wrong. */
static const char *
read_payload_string(EnvelopeReader *reader, const char *p, const char *end,
					Slice *out)
{
	const char *error;

	if (p == end || *p++ != '"')
		return "the payload is not a string";
	error = envelope_read_string(reader, &p, end, out);
	if (error != NULL)
		return error;
	return p == end ? NULL : "the payload does not end with its string";
}

const char *
envelope_decode_payload(EnvelopeReader *reader, EnvelopeEncoding encoding,
						const char *p, const char *end, Slice *out)
{
	const char *error;
	Slice text;

	switch (encoding)
	{
		case ENCODING_JSON:
			*out = (Slice){p, (size_t) (end - p)};
			return is_whole_value(p, end)
					   ? NULL
					   : "the payload is not one whole value";
		case ENCODING_TEXT:
			return read_payload_string(reader, p, end, out);
		case ENCODING_BASE64:
			error = read_payload_string(reader, p, end, &text);
			if (error != NULL)
				return error;
			return envelope_decode_base64(reader, text, out)
					   ? NULL
					   : "the payload is not valid base64";
		case ENCODING_NONE:
			*out = (Slice){NULL, 0};
			return end - p == 4 && memcmp(p, "null", 4) == 0
					   ? NULL
					   : "the payload is not null";
	}
	return "unknown encoding";
}
