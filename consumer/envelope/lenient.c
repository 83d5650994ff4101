/*-------------------------------------------------------------------------
 *
 * envelope/lenient.c
 *	  Reads the decoder's lines: the lenient reader.
 *
 * Takes any order and spelling of the members, as long as "payload" is last.
 * json-c reads all but the payload, which it would change (it clamps integers
 * of more than 64 bits).
 *
 *-------------------------------------------------------------------------
 */
#include <json-c/json.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "envelope/lenient.h"
#include "envelope/text.h"

/* Deep enough for a line: the object and its headers. */
#define MAX_DEPTH 4

/* A line split before its payload. */
typedef struct Split
{
	Slice head;     /* the object up to "payload", without the last comma */
	size_t members; /* in it */
	Slice payload;  /* its JSON text; NULL if absent */
} Split;

/* Steps over white space. */
static const char *
skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
		p++;
	return p;
}

/*
 * Ends the split at the payload, which is all from p to the last brace: white
 * space around the value belongs to it.
 */
static bool
split_payload(const char *line, const char *comma, const char *p,
			  const char *end, Split *split)
{
	if (end == p || end[-1] != '}')
		return false;
	split->head = (Slice){line, (size_t) (comma - line)};
	split->payload = (Slice){p, (size_t) (end - 1 - p)};
	return true;
}

/*
 * Finds the member "payload" of the line's object by its brackets and quotes,
 * and counts those before it.
 */
static bool
split_line(const char *line, const char *end, Split *split)
{
	const char *p = skip_space(line, end);
	const char *comma = p;
	int depth = 0;

	*split = (Split){.head = {line, (size_t) (end - line)}};
	while (p < end)
	{
		char c = *p++;

		if (c == '{' || c == '[')
			depth++;
		else if (c == '}' || c == ']')
			depth--;
		else if (c == ',' && depth == 1)
			comma = p - 1;
		else if (c == ':' && depth == 1)
			split->members++;
		else if (c == '"')
		{
			const char *name = p;

			p = envelope_skip_string(p, end);
			if (p == NULL)
				return false;
			if (depth != 1 || p - name != 8 || memcmp(name, "payload", 7) != 0)
				continue;
			p = skip_space(p, end);
			if (p < end && *p == ':')
				return split_payload(line, comma, p + 1, end, split);
		}
	}
	return true;
}

/* What is being read. */
typedef struct Source
{
	EnvelopeReader *reader;
	struct json_object *object;
	size_t taken; /* members that were understood */
	const char *error;
} Source;

/* Notes the first thing that is wrong. */
static void
fail(Source *source, const char *error)
{
	if (source->error == NULL)
		source->error = error;
}

/* Finds a member; its absence is an error if it is required. */
static bool
find(Source *source, const char *name, bool required,
	 struct json_object **value)
{
	if (json_object_object_get_ex(source->object, name, value))
	{
		source->taken++;
		return true;
	}
	if (required)
		fail(source, "a member is missing");
	return false;
}

/* Copies a string into the arena. */
static void
copy_string(Source *source, const char *text, size_t len, Slice *out)
{
	char *copy = source->reader->arena + source->reader->used;

	memcpy(copy, text, len);
	source->reader->used += len;
	*out = (Slice){copy, len};
}

/* Takes a string, or null where that may be. */
static void
take_value(Source *source, struct json_object *value, bool nullable, Slice *out)
{
	*out = (Slice){NULL, 0};
	if (value == NULL && nullable)
		return;
	if (!json_object_is_type(value, json_type_string))
	{
		fail(source, "a member is not a string");
		return;
	}
	copy_string(source, json_object_get_string(value),
				(size_t) json_object_get_string_len(value), out);
}

/* Takes a member that is a string. */
static void
take_string(Source *source, const char *name, bool required, bool nullable,
			Slice *out)
{
	struct json_object *value;

	if (find(source, name, required, &value))
		take_value(source, value, nullable, out);
}

/* Takes a member that is a number from min to max. */
static void
take_number(Source *source, const char *name, bool required, int64_t min,
			int64_t max, int64_t *out)
{
	struct json_object *value;
	int64_t number;

	if (!find(source, name, required, &value))
		return;
	number = json_object_get_int64(value);
	/* json-c clamps larger numbers to the largest one. */
	if (!json_object_is_type(value, json_type_int) || number < min ||
		number > max || number == INT64_MAX || number == INT64_MIN)
		fail(source, "a member is not a number in its range");
	*out = number;
}

/* Takes a member that is a number of 32 bits. */
static void
take_uint32(Source *source, const char *name, uint32_t *out)
{
	int64_t number = 0;

	take_number(source, name, true, 0, UINT32_MAX, &number);
	*out = (uint32_t) number;
}

/* Takes a member that is an LSN. */
static void
take_lsn(Source *source, const char *name, Lsn *out)
{
	Slice text = {NULL, 0};

	take_string(source, name, true, false, &text);
	if (text.data == NULL || !lsn_parse(text.data, text.len, out))
		fail(source, "a member is not an LSN");
}

/* Takes the headers. */
static void
take_headers(Source *source, bool required, Envelope *out)
{
	struct json_object *headers;

	if (!find(source, "headers", required, &headers))
		return;
	if (!json_object_is_type(headers, json_type_object) ||
		json_object_object_length(headers) > PROTOCOL_MAX_HEADERS)
	{
		fail(source, "the headers are not an object, or too many");
		return;
	}
	json_object_object_foreach(headers, name, value)
	{
		NamedSlice *header = &out->headers[out->n_headers++];

		copy_string(source, name, strlen(name), &header->name);
		take_value(source, value, true, &header->value);
	}
}

/* Takes encoding and payload. */
static void
take_payload(Source *source, Slice text, Envelope *out)
{
	static const struct
	{
		const char *name;
		EnvelopeEncoding encoding;
	} encodings[] = {{"text", ENCODING_TEXT},
					 {"base64", ENCODING_BASE64},
					 {"none", ENCODING_NONE}};
	EnvelopeEncoding encoding = ENCODING_JSON;
	Slice name = {NULL, 0};
	bool known;

	take_string(source, "encoding", false, false, &name);
	known = name.data == NULL;
	for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++)
	{
		if (name.len == strlen(encodings[i].name) &&
			memcmp(name.data, encodings[i].name, name.len) == 0)
		{
			encoding = encodings[i].encoding;
			known = true;
		}
	}
	if (!known)
		fail(source, "unknown encoding");
	else if (source->error == NULL)
		source->error =
			envelope_decode_payload(source->reader, encoding, text.data,
									text.data + text.len, &out->payload);
}

/* Takes the key, which may be any bytes, as base64. */
static void
take_key(Source *source, bool required, Envelope *out)
{
	Slice encoding = {NULL, 0};

	take_string(source, "key", required, true, &out->key);
	take_string(source, "key_encoding", false, false, &encoding);
	if (encoding.data == NULL || source->error != NULL)
		return;
	if (encoding.len != strlen("base64") ||
		memcmp(encoding.data, "base64", encoding.len) != 0)
		fail(source, "the key has an unknown encoding");
	else if (out->key.data == NULL ||
			 !envelope_decode_base64(source->reader, out->key, &out->key))
		fail(source, "the key is not valid base64");
}

/* Takes an event or error line. */
static void
take_event(Source *source, Slice payload, Envelope *out)
{
	bool is_error = out->kind == ENVELOPE_ERROR;
	int64_t partition = ENVELOPE_NO_PARTITION;

	if (is_error)
	{
		take_string(source, "error", true, false, &out->error);
		take_string(source, "relation", true, false, &out->relation);
		take_number(source, "bytes", false, INT64_MIN, INT64_MAX, &out->bytes);
	}
	take_string(source, "topic", !is_error, false, &out->topic);
	take_key(source, !is_error, out);
	take_number(source, "partition", false, 0, INT32_MAX, &partition);
	out->partition = (int32_t) partition;
	take_number(source, "ts", !is_error, INT64_MIN, INT64_MAX, &out->ts);
	take_number(source, "committed", false, INT64_MIN, INT64_MAX,
				&out->committed);
	take_lsn(source, "lsn", &out->lsn);
	take_uint32(source, "seq", &out->seq);
	take_headers(source, !is_error, out);
	take_payload(source, payload, out);
}

/* Takes a line apart; its members say which kind it is. */
static void
take_line(Source *source, Slice payload, Envelope *out)
{
	bool has_payload = payload.data != NULL;

	if (json_object_object_get_ex(source->object, "commit", NULL))
	{
		out->kind = ENVELOPE_COMMIT;
		take_lsn(source, "commit", &out->lsn);
		take_uint32(source, "xid", &out->xid);
		take_uint32(source, "events", &out->events);
	}
	else if (json_object_object_get_ex(source->object, "position", NULL))
	{
		out->kind = ENVELOPE_POSITION;
		take_lsn(source, "position", &out->lsn);
	}
	else if (!has_payload)
		fail(source, "unknown kind of line");
	else
	{
		out->kind = json_object_object_get_ex(source->object, "error", NULL)
						? ENVELOPE_ERROR
						: ENVELOPE_EVENT;
		take_event(source, payload, out);
		return;
	}
	if (has_payload)
		fail(source, "a payload in a line that has none");
}

/*
 * Returns whether the text has an escaped surrogate.  json-c replaces an
 * unpaired one by U+FFFD, and the decoder writes none at all.
 */
static bool
has_surrogate_escape(Slice text)
{
	for (size_t i = 0; i + 3 < text.len; i++)
	{
		const char *p = text.data + i;

		if (p[0] == '\\' && p[1] == 'u' && (p[2] == 'd' || p[2] == 'D') &&
			strchr("89abcdefABCDEF", p[3]) != NULL)
			return true;
	}
	return false;
}

/*
 * Parses len bytes of a line, less its last brace if is_open; NULL if that is
 * not a JSON object.
 */
static struct json_object *
parse_object(const char *text, size_t len, bool is_open)
{
	struct json_tokener *tokener = json_tokener_new_ex(MAX_DEPTH);
	struct json_object *object;

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT |
										JSON_TOKENER_VALIDATE_UTF8 |
										JSON_TOKENER_ALLOW_TRAILING_CHARS);
	object = json_tokener_parse_ex(tokener, text, (int) len);
	if (is_open && json_tokener_get_error(tokener) == json_tokener_continue)
		object = json_tokener_parse_ex(tokener, "}", 1);
	else if (json_tokener_get_parse_end(tokener) != len)
	{
		json_object_put(object);
		object = NULL;
	}
	json_tokener_free(tokener);
	if (json_object_is_type(object, json_type_object))
		return object;
	json_object_put(object);
	return NULL;
}

/*
 * Parses the line up to its payload; NULL if that is not a JSON object.  json-c
 * sees ASCII only: 0.18 refuses any other byte of a string when it is strict
 * (its issue 875).
 */
static struct json_object *
parse_head(const Split *split)
{
	struct json_object *object = NULL;
	char *text = xmalloc(ENVELOPE_ESCAPED * split->head.len + 1);
	char *end = envelope_escape(split->head.data,
								split->head.data + split->head.len, text);

	if (end != NULL)
		object = parse_object(text, (size_t) (end - text),
							  split->payload.data != NULL);
	free(text);
	return object;
}

bool
envelope_read_lenient(EnvelopeReader *reader, const char *line, size_t len,
					  Envelope *out, Error *err)
{
	Source source = {.reader = reader};
	Split split;

	envelope_begin(reader, len);
	envelope_clear(out);
	if (!split_line(line, line + len, &split) ||
		split.head.len > INT_MAX / ENVELOPE_ESCAPED ||
		has_surrogate_escape(split.head))
		return error_set(err, "the stream is broken: a line is not JSON");
	source.object = parse_head(&split);
	if (source.object == NULL)
		return error_set(err, "the stream is broken: a line is not a JSON "
							  "object");
	take_line(&source, split.payload, out);
	if (source.taken != split.members)
		fail(&source, "a member is unknown or repeated");
	json_object_put(source.object);
	if (source.error != NULL)
		return error_set(err, "the stream is broken: %s", source.error);
	return true;
}
