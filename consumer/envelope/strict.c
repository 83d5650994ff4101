/*-------------------------------------------------------------------------
 *
 * envelope/strict.c
 *	  Reads the decoder's lines: the strict reader.
 *
 * It knows the one order and spelling that the decoder writes, compares
 * members as whole literals and copies nothing that is not escaped.  What it
 * does not understand goes to the lenient reader, in envelope/lenient.c.
 *
 *-------------------------------------------------------------------------
 */
#include <limits.h>
#include <string.h>

#include "envelope/strict.h"
#include "envelope/text.h"

/* Where the reader stands in a line. */
typedef struct Cursor
{
	EnvelopeReader *reader;
	const char *start;
	const char *p;
	const char *end;
	Error *err;
} Cursor;

/* Notes what is wrong, and where. */
static bool
fail(Cursor *c, const char *what)
{
	return error_set(c->err, "the stream is broken: %s at byte %zu of a line",
					 what, (size_t) (c->p - c->start));
}

/* Steps over a literal if it comes next. */
static inline bool
accept_bytes(Cursor *c, const char *literal, size_t len)
{
	if ((size_t) (c->end - c->p) < len || memcmp(c->p, literal, len) != 0)
		return false;
	c->p += len;
	return true;
}

#define ACCEPT(c, literal) accept_bytes((c), (literal), sizeof(literal) - 1)

/* Reads a string, whose opening quote comes next. */
static bool
read_string(Cursor *c, Slice *out)
{
	const char *error;

	if (!ACCEPT(c, "\""))
		return fail(c, "expected a string");
	error = envelope_read_string(c->reader, &c->p, c->end, out);
	return error == NULL || fail(c, error);
}

/* Reads a string or null. */
static bool
read_nullable(Cursor *c, Slice *out)
{
	if (!ACCEPT(c, "null"))
		return read_string(c, out);
	*out = (Slice){NULL, 0};
	return true;
}

/* Reads a number of decimal digits from 0 to max. */
static bool
read_number(Cursor *c, uint64_t max, uint64_t *out)
{
	const char *first = c->p;
	uint64_t value = 0;

	while (c->p < c->end && *c->p >= '0' && *c->p <= '9')
	{
		uint64_t digit = (uint64_t) (*c->p - '0');

		if (value > (max - digit) / 10)
			return fail(c, "number too large");
		value = value * 10 + digit;
		c->p++;
	}
	if (c->p == first || (*first == '0' && c->p - first > 1))
		return fail(c, "expected a number");
	*out = value;
	return true;
}

/* Reads a number of 32 bits. */
static bool
read_uint32(Cursor *c, uint32_t max, uint32_t *out)
{
	uint64_t value;

	if (!read_number(c, max, &value))
		return false;
	*out = (uint32_t) value;
	return true;
}

/* Reads a number of 64 bits with a sign. */
static bool
read_int64(Cursor *c, int64_t *out)
{
	bool negative = ACCEPT(c, "-");
	uint64_t value;

	if (!read_number(c, INT64_MAX, &value))
		return false;
	if (negative && value == 0)
		return fail(c, "expected a number");
	*out = negative ? -(int64_t) value : (int64_t) value;
	return true;
}

/* Reads an LSN, in quotes. */
static bool
read_lsn(Cursor *c, Lsn *out)
{
	Slice text;

	if (!read_string(c, &text))
		return false;
	return lsn_parse(text.data, text.len, out) || fail(c, "expected an LSN");
}

/* Reads the headers after their opening brace. */
static bool
read_headers(Cursor *c, Envelope *out)
{
	if (ACCEPT(c, "}"))
		return true;
	do
	{
		NamedSlice *header = &out->headers[out->n_headers];

		if (out->n_headers == PROTOCOL_MAX_HEADERS)
			return fail(c, "too many headers");
		if (!read_string(c, &header->name))
			return false;
		if (!ACCEPT(c, ":"))
			return fail(c, "expected a colon");
		if (!read_nullable(c, &header->value))
			return false;
		out->n_headers++;
	} while (ACCEPT(c, ","));
	return ACCEPT(c, "}") || fail(c, "expected the end of the headers");
}

/* Reads encoding and payload, which end the line. */
static bool
read_payload(Cursor *c, Envelope *out)
{
	EnvelopeEncoding encoding = ENCODING_JSON;
	const char *error;

	if (ACCEPT(c, ",\"encoding\":\"none\""))
		encoding = ENCODING_NONE;
	else if (ACCEPT(c, ",\"encoding\":\"text\""))
		encoding = ENCODING_TEXT;
	else if (ACCEPT(c, ",\"encoding\":\"base64\""))
		encoding = ENCODING_BASE64;
	if (!ACCEPT(c, ",\"payload\":"))
		return fail(c, "expected \"payload\"");
	if (c->p == c->end || c->end[-1] != '}')
		return fail(c, "the payload does not end");
	error = envelope_decode_payload(c->reader, encoding, c->p, c->end - 1,
									&out->payload);
	return error == NULL || fail(c, error);
}

/* Reads the key, and whether it is any bytes, as base64. */
static bool
read_key(Cursor *c, Envelope *out)
{
	if (!read_nullable(c, &out->key))
		return false;
	if (!ACCEPT(c, ",\"key_encoding\":\"base64\""))
		return true;
	return (out->key.data != NULL &&
			envelope_decode_base64(c->reader, out->key, &out->key)) ||
		   fail(c, "the key is not valid base64");
}

/*
 * Reads everything after the topic.  An error line is sure to have a position
 * and a payload only.
 */
static bool
read_rest(Cursor *c, Envelope *out, bool is_error)
{
	uint32_t partition;

	if (ACCEPT(c, ",\"key\":"))
	{
		if (!read_key(c, out))
			return false;
	}
	else if (!is_error)
		return fail(c, "expected \"key\"");
	if (ACCEPT(c, ",\"partition\":"))
	{
		if (!read_uint32(c, INT32_MAX, &partition))
			return false;
		out->partition = (int32_t) partition;
	}
	if (ACCEPT(c, ",\"ts\":"))
	{
		if (!read_int64(c, &out->ts))
			return false;
	}
	else if (!is_error)
		return fail(c, "expected \"ts\"");
	if (ACCEPT(c, ",\"committed\":") && !read_int64(c, &out->committed))
		return false;
	if (!ACCEPT(c, ",\"lsn\":"))
		return fail(c, "expected \"lsn\"");
	if (!read_lsn(c, &out->lsn))
		return false;
	if (!ACCEPT(c, ",\"seq\":"))
		return fail(c, "expected \"seq\"");
	if (!read_uint32(c, UINT32_MAX, &out->seq))
		return false;
	if (ACCEPT(c, ",\"headers\":{"))
	{
		if (!read_headers(c, out))
			return false;
	}
	else if (!is_error)
		return fail(c, "expected \"headers\"");
	if (is_error && ACCEPT(c, ",\"bytes\":") && !read_int64(c, &out->bytes))
		return false;
	return read_payload(c, out);
}

/* Reads an event line after its first name. */
static bool
read_event(Cursor *c, Envelope *out)
{
	out->kind = ENVELOPE_EVENT;
	return read_string(c, &out->topic) && read_rest(c, out, false);
}

/* Reads an error line after its first name. */
static bool
read_error(Cursor *c, Envelope *out)
{
	out->kind = ENVELOPE_ERROR;
	if (!read_string(c, &out->error))
		return false;
	if (!ACCEPT(c, ",\"relation\":"))
		return fail(c, "expected \"relation\"");
	if (!read_string(c, &out->relation))
		return false;
	if (ACCEPT(c, ",\"topic\":") && !read_string(c, &out->topic))
		return false;
	return read_rest(c, out, true);
}

/* Checks that a line without payload ends here. */
static bool
read_end(Cursor *c)
{
	if (!ACCEPT(c, "}") || c->p != c->end)
		return fail(c, "expected the end of the line");
	return true;
}

/* Reads a commit line after its first name. */
static bool
read_commit(Cursor *c, Envelope *out)
{
	out->kind = ENVELOPE_COMMIT;
	if (!read_lsn(c, &out->lsn))
		return false;
	if (!ACCEPT(c, ",\"xid\":"))
		return fail(c, "expected \"xid\"");
	if (!read_uint32(c, UINT32_MAX, &out->xid))
		return false;
	if (!ACCEPT(c, ",\"events\":"))
		return fail(c, "expected \"events\"");
	return read_uint32(c, UINT32_MAX, &out->events) && read_end(c);
}

/* Reads a position line after its first name. */
static bool
read_position(Cursor *c, Envelope *out)
{
	out->kind = ENVELOPE_POSITION;
	return read_lsn(c, &out->lsn) && read_end(c);
}

bool
envelope_read_strict(EnvelopeReader *reader, const char *line, size_t len,
					 Envelope *out, Error *err)
{
	Cursor c = {reader, line, line, line + len, err};

	envelope_begin(reader, len);
	envelope_clear(out);
	if (ACCEPT(&c, "{\"topic\":"))
		return read_event(&c, out);
	if (ACCEPT(&c, "{\"commit\":"))
		return read_commit(&c, out);
	if (ACCEPT(&c, "{\"position\":"))
		return read_position(&c, out);
	if (ACCEPT(&c, "{\"error\":"))
		return read_error(&c, out);
	return fail(&c, "unknown kind of line");
}
