/*-------------------------------------------------------------------------
 *
 * test_envelope.c
 *	  Tests of both envelope readers: what they take, what they refuse, and
 *	  that they agree.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <time.h>

#include "envelope/lenient.h"
#include "envelope/reader.h"
#include "envelope/strict.h"
#include "envelope/text.h"

#define EVENT \
	"{\"topic\":\"Task.events\",\"key\":\"k\",\"ts\":1764000000123," \
	"\"lsn\":\"0/1D959AF0\",\"seq\":7,\"headers\":{\"id\":\"59a4\"," \
	"\"eventType\":\"TaskCreated\"}"

/* Lines as the decoder writes them. */
static const char *const good_lines[] = {
	EVENT ",\"payload\":{\"a\": 1}}",
	EVENT ",\"payload\":{\"n\": 123456789012345678901234567890, "
		  "\"u\": \"\\u00e9\"}}",
	EVENT ",\"payload\":null}",
	EVENT ",\"payload\":\"}\\\"{\"}",
	EVENT ",\"payload\":-1.50e+400}",
	EVENT ",\"payload\":[[[]],{\"}\": \"]\\\\\"}]}",
	EVENT ",\"payload\": {\"a\" :1} }",
	EVENT ",\"encoding\":\"none\",\"payload\":null}",
	EVENT ",\"encoding\":\"text\",\"payload\":\"\"}",
	EVENT ",\"encoding\":\"text\",\"payload\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t"
		  "\\u0000\\u00e9\\u20AC é😀\"}",
	EVENT ",\"encoding\":\"base64\",\"payload\":\"\"}",
	EVENT ",\"encoding\":\"base64\",\"payload\":\"AAH/\"}",
	EVENT ",\"encoding\":\"base64\",\"payload\":\"AAE=\"}",
	EVENT ",\"encoding\":\"base64\",\"payload\":\"AA==\"}",
	"{\"topic\":\"t\",\"key\":null,\"partition\":2147483647,\"ts\":-5,"
	"\"lsn\":\"FFFFFFFF/FFFFFFFF\",\"seq\":4294967295,\"headers\":{},"
	"\"payload\":1}",
	"{\"topic\":\"t\",\"key\":\"\",\"partition\":0,\"ts\":0,\"lsn\":\"0/1\","
	"\"seq\":0,\"headers\":{\"a\":null,\"\":\"\",\"\\\"\":\"\\n\"},"
	"\"payload\":1}",
	"{\"commit\":\"0/1D959AF0\",\"xid\":733,\"events\":1}",
	"{\"commit\":\"0/1\",\"xid\":4294967295,\"events\":4294967295}",
	"{\"position\":\"0/1DA00000\"}",
	"{\"error\":\"topic is not a legal name\",\"relation\":\"public.outbox\","
	"\"topic\":\"a b\",\"key\":\"k\",\"ts\":5,\"lsn\":\"0/1\",\"seq\":0,"
	"\"headers\":{\"id\":\"1\"},\"payload\":{}}",
	"{\"error\":\"too large\",\"relation\":\"message\",\"lsn\":\"0/1\","
	"\"seq\":3,\"bytes\":300000000,\"encoding\":\"none\",\"payload\":null}",
	"{\"topic\":\"t\",\"key\":\"é\\\\é\",\"ts\":0,\"lsn\":\"0/1\",\"seq\":0,"
	"\"headers\":{\"ß\":\"\xc2\x80߿ࠀ\xef\xbf\xbf\","
	"\"𐀀\":\"\xf4\x8f\xbf\xbf\"},\"payload\":1}",
	"{\"topic\":\"t\",\"key\":\"AP8=\",\"key_encoding\":\"base64\","
	"\"partition\":1,"
	"\"ts\":1,\"lsn\":\"0/1\",\"seq\":0,\"headers\":{},\"payload\":1}",
	"{\"error\":\"e\",\"relation\":\"r\",\"key\":\"\",\"key_encoding\":"
	"\"base64\","
	"\"lsn\":\"0/1\",\"seq\":0,\"payload\":1}",
	"{\"topic\":\"t\",\"key\":\"k\",\"ts\":5,\"committed\":1764000000123,"
	"\"lsn\":\"0/1\",\"seq\":0,\"headers\":{},\"payload\":1}",
};

#define N_GOOD (sizeof(good_lines) / sizeof(good_lines[0]))

/* Lines that are none, whichever reader is asked. */
static const char *const bad_lines[] = {
	"",
	"{}",
	"[]",
	"null",
	"{\"unknown\":1}",
	EVENT "}",
	EVENT ",\"payload\":}",
	EVENT ",\"payload\":{}}}",
	EVENT ",\"payload\":{}} ,",
	EVENT ",\"payload\":[}}",
	EVENT ",\"payload\":1 2}",
	EVENT ",\"payload\":{\"a\":1},\"more\":1}",
	EVENT ",\"more\":1,\"payload\":{}}",
	EVENT ",\"encoding\":\"none\",\"payload\":1}",
	EVENT ",\"encoding\":\"none\",\"payload\":\"null\"}",
	EVENT ",\"encoding\":\"hex\",\"payload\":\"00\"}",
	EVENT ",\"encoding\":\"text\",\"payload\":{}}",
	EVENT ",\"encoding\":\"text\",\"payload\":\"a\"b\"}",
	EVENT ",\"encoding\":\"text\",\"payload\":\"\\ud83d\"}",
	EVENT ",\"encoding\":\"text\",\"payload\":\"\\ude00\\ud83d\"}",
	EVENT ",\"encoding\":\"text\",\"payload\":\"\\x\"}",
	EVENT ",\"encoding\":\"text\",\"payload\":\"\\u00g0\"}",
	EVENT ",\"encoding\":\"text\",\"payload\":\"\t\"}",
	EVENT ",\"encoding\":\"text\",\"payload\":\"\xff\"}",
	EVENT ",\"encoding\":\"text\",\"payload\":\"\xc0\x80\"}",
	EVENT ",\"encoding\":\"text\",\"payload\":\"\xed\xa0\x80\"}",
	EVENT ",\"encoding\":\"text\",\"payload\":\"\xf4\x90\x80\x80\"}",
	EVENT ",\"encoding\":\"text\",\"payload\":\"\xe2\x82\"}",
	"{\"topic\":\"t\",\"key\":\"AP8\",\"key_encoding\":\"base64\",\"ts\":1,"
	"\"lsn\":\"0/1\",\"seq\":0,\"headers\":{},\"payload\":1}",
	"{\"topic\":\"t\",\"key\":null,\"key_encoding\":\"base64\",\"ts\":1,"
	"\"lsn\":\"0/1\",\"seq\":0,\"headers\":{},\"payload\":1}",
	"{\"topic\":\"t\",\"key\":\"00\",\"key_encoding\":\"hex\",\"ts\":1,"
	"\"lsn\":\"0/1\",\"seq\":0,\"headers\":{},\"payload\":1}",
	EVENT ",\"encoding\":\"base64\",\"payload\":\"AAE\"}",
	EVENT ",\"encoding\":\"base64\",\"payload\":\"AA=A\"}",
	EVENT ",\"encoding\":\"base64\",\"payload\":\"A===\"}",
	EVENT ",\"encoding\":\"base64\",\"payload\":\"AB==\"}",
	EVENT ",\"encoding\":\"base64\",\"payload\":\"AA==AA==\"}",
	EVENT ",\"encoding\":\"base64\",\"payload\":\"AA \\n\"}",
	"{\"topic\":null,\"key\":\"k\",\"ts\":1,\"lsn\":\"0/1\",\"seq\":0,"
	"\"headers\":{},\"payload\":1}",
	"{\"topic\":\"t\",\"ts\":1,\"lsn\":\"0/1\",\"seq\":0,\"headers\":{},"
	"\"payload\":1}",
	"{\"topic\":\"t\",\"key\":1,\"ts\":1,\"lsn\":\"0/1\",\"seq\":0,"
	"\"headers\":{},\"payload\":1}",
	"{\"topic\":\"t\",\"key\":\"k\",\"lsn\":\"0/1\",\"seq\":0,\"headers\":{},"
	"\"payload\":1}",
	"{\"topic\":\"t\",\"key\":\"k\",\"ts\":1,\"lsn\":\"x\",\"seq\":0,"
	"\"headers\":{},\"payload\":1}",
	"{\"topic\":\"t\",\"key\":\"k\",\"ts\":1,\"lsn\":\"0/1\",\"seq\":-1,"
	"\"headers\":{},\"payload\":1}",
	"{\"topic\":\"t\",\"key\":\"k\",\"ts\":1,\"lsn\":\"0/1\","
	"\"seq\":4294967296,\"headers\":{},\"payload\":1}",
	"{\"topic\":\"t\",\"key\":\"k\",\"ts\":99999999999999999999,"
	"\"lsn\":\"0/1\",\"seq\":0,\"headers\":{},\"payload\":1}",
	"{\"topic\":\"t\",\"key\":\"k\",\"ts\":1.5,\"lsn\":\"0/1\",\"seq\":0,"
	"\"headers\":{},\"payload\":1}",
	"{\"topic\":\"t\",\"key\":\"k\",\"partition\":-1,\"ts\":1,"
	"\"lsn\":\"0/1\",\"seq\":0,\"headers\":{},\"payload\":1}",
	"{\"topic\":\"t\",\"key\":\"k\",\"partition\":2147483648,\"ts\":1,"
	"\"lsn\":\"0/1\",\"seq\":0,\"headers\":{},\"payload\":1}",
	"{\"topic\":\"t\",\"key\":\"k\",\"ts\":1,\"lsn\":\"0/1\",\"seq\":0,"
	"\"headers\":{\"a\":1},\"payload\":1}",
	"{\"topic\":\"t\",\"key\":\"k\",\"ts\":1,\"lsn\":\"0/1\",\"seq\":0,"
	"\"headers\":{\"a\":\"\\é\"},\"payload\":1}",
	"{\"topic\":\"t\",\"key\":\"k\",\"ts\":1,\"lsn\":\"0/1\",\"seq\":0,"
	"\"headers\":{\"a\":\"\xc3\"},\"payload\":1}",
	"{\"topic\":\"t\",\"key\":\"k\",\"ts\":1,\"lsn\":\"0/1\",\"seq\":0,"
	"\"headers\":{\"é\":é},\"payload\":1}",
	"{\"topic\":\"t\",\"key\":\"k\",\"ts\":1,\"lsn\":\"0/1\",\"seq\":0,"
	"\"payload\":1}",
	"{\"topic\":\"t\",\"topic\":\"u\",\"key\":\"k\",\"ts\":1,\"lsn\":\"0/1\","
	"\"seq\":0,\"headers\":{},\"payload\":1}",
	"{\"commit\":\"0/1\",\"xid\":733}",
	"{\"commit\":\"0/1\",\"xid\":733,\"events\":1,\"payload\":1}",
	"{\"commit\":\"0/1\",\"xid\":733,\"events\":1}}",
	"{\"commit\":\"0/1\",\"xid\":733,\"events\":01}",
	"{\"position\":1}",
	"{\"position\":\"0/1\",\"position\":\"0/1\"}",
	"{\"error\":\"e\",\"lsn\":\"0/1\",\"seq\":0,\"payload\":null}",
	"{\"error\":\"e\",\"relation\":\"r\",\"seq\":0,\"payload\":null}",
};

static EnvelopeReader *reader;
static EnvelopeReader *other_reader;

typedef bool (*ReadFunction)(EnvelopeReader *, const char *, size_t, Envelope *,
							 Error *);

/* Reads a line from memory of exactly its size, so that a tool sees overruns.
 */
static bool
read_line(ReadFunction read, EnvelopeReader *with, const char *line, size_t len,
		  Envelope *out)
{
	static char *copy = NULL;
	static char *other_copy = NULL;
	char **place = with == reader ? &copy : &other_copy;
	Error err;

	free(*place);
	*place = malloc(len > 0 ? len : 1);
	memcpy(*place, line, len);
	return read(with, *place, len, out, &err);
}

/* Both slices are null, or of the same bytes. */
static void
assert_same_slice(Slice a, Slice b)
{
	assert_int_equal(a.data == NULL, b.data == NULL);
	assert_int_equal(a.len, b.len);
	if (a.len > 0)
		assert_memory_equal(a.data, b.data, a.len);
}

/* Both envelopes say the same. */
static void
assert_same(const Envelope *a, const Envelope *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->lsn, b->lsn);
	assert_int_equal(a->partition, b->partition);
	assert_int_equal(a->ts, b->ts);
	assert_int_equal(a->committed, b->committed);
	assert_int_equal(a->seq, b->seq);
	assert_int_equal(a->bytes, b->bytes);
	assert_int_equal(a->xid, b->xid);
	assert_int_equal(a->events, b->events);
	assert_same_slice(a->topic, b->topic);
	assert_same_slice(a->key, b->key);
	assert_same_slice(a->payload, b->payload);
	assert_same_slice(a->error, b->error);
	assert_same_slice(a->relation, b->relation);
	assert_int_equal(a->n_headers, b->n_headers);
	for (size_t i = 0; i < a->n_headers; i++)
	{
		assert_same_slice(a->headers[i].name, b->headers[i].name);
		assert_same_slice(a->headers[i].value, b->headers[i].value);
	}
}

/* Reads a line that must be one. */
static Envelope
read_good(const char *line)
{
	Envelope out;
	Error err;

	if (!envelope_read_strict(reader, line, strlen(line), &out, &err))
		fail_msg("%s\nis refused: %s", line, err.text);
	return out;
}

static void
assert_slice(Slice slice, const char *expected, size_t len)
{
	assert_non_null(slice.data);
	assert_int_equal(slice.len, len);
	assert_memory_equal(slice.data, expected, len);
}

static void
an_event_is_read_member_by_member(void **state)
{
	Envelope out = read_good(good_lines[1]);

	(void) state;
	assert_int_equal(out.kind, ENVELOPE_EVENT);
	assert_slice(out.topic, "Task.events", 11);
	assert_slice(out.key, "k", 1);
	assert_int_equal(out.partition, ENVELOPE_NO_PARTITION);
	assert_int_equal(out.ts, 1764000000123);
	assert_int_equal(out.committed, -1);
	assert_int_equal(out.lsn, 0x1D959AF0);
	assert_int_equal(out.seq, 7);
	assert_int_equal(out.n_headers, 2);
	assert_slice(out.headers[0].name, "id", 2);
	assert_slice(out.headers[0].value, "59a4", 4);
	assert_slice(out.headers[1].name, "eventType", 9);
	assert_slice(out.headers[1].value, "TaskCreated", 11);
	assert_slice(out.payload,
				 "{\"n\": 123456789012345678901234567890, \"u\": "
				 "\"\\u00e9\"}",
				 52);
}

static void
payloads_are_decoded_by_their_encoding(void **state)
{
	(void) state;
	assert_slice(read_good(good_lines[2]).payload, "null", 4);
	assert_slice(read_good(good_lines[6]).payload, " {\"a\" :1} ", 10);
	assert_null(read_good(good_lines[7]).payload.data);
	assert_slice(read_good(good_lines[8]).payload, "", 0);
	assert_slice(read_good(good_lines[9]).payload, "\"\\/\b\f\n\r\t\0é€ é😀",
				 21);
	assert_slice(read_good(good_lines[10]).payload, "", 0);
	assert_slice(read_good(good_lines[11]).payload, "\x00\x01\xff", 3);
	assert_slice(read_good(good_lines[12]).payload, "\x00\x01", 2);
	assert_slice(read_good(good_lines[13]).payload, "\x00", 1);
}

static void
keys_may_be_any_bytes(void **state)
{
	Envelope out =
		read_good("{\"topic\":\"t\",\"key\":\"AP8=\",\"key_encoding\":"
				  "\"base64\",\"ts\":1,"
				  "\"lsn\":\"0/1\",\"seq\":0,\"headers\":{},\"payload\":1}");

	(void) state;
	assert_slice(out.key, "\0\xff", 2);
}

static void
null_and_empty_are_not_the_same(void **state)
{
	Envelope out = read_good(good_lines[14]);

	(void) state;
	assert_null(out.key.data);
	assert_int_equal(out.partition, INT32_MAX);
	assert_int_equal(out.ts, -5);
	out = read_good(good_lines[15]);
	assert_slice(out.key, "", 0);
	assert_int_equal(out.n_headers, 3);
	assert_null(out.headers[0].value.data);
	assert_slice(out.headers[1].name, "", 0);
	assert_slice(out.headers[1].value, "", 0);
	assert_slice(out.headers[2].name, "\"", 1);
	assert_slice(out.headers[2].value, "\n", 1);
}

static void
other_lines_are_read(void **state)
{
	Envelope out = read_good(good_lines[16]);

	(void) state;
	assert_int_equal(out.kind, ENVELOPE_COMMIT);
	assert_int_equal(out.lsn, 0x1D959AF0);
	assert_int_equal(out.xid, 733);
	assert_int_equal(out.events, 1);
	out = read_good(good_lines[18]);
	assert_int_equal(out.kind, ENVELOPE_POSITION);
	assert_int_equal(out.lsn, 0x1DA00000);
	out = read_good(good_lines[20]);
	assert_int_equal(out.kind, ENVELOPE_ERROR);
	assert_slice(out.error, "too large", 9);
	assert_slice(out.relation, "message", 7);
	assert_null(out.topic.data);
	assert_int_equal(out.bytes, 300000000);
	assert_int_equal(out.ts, -1);
	out = read_good(good_lines[N_GOOD - 1]);
	assert_int_equal(out.ts, 5);
	assert_int_equal(out.committed, 1764000000123);
}

static void
both_readers_agree_on_good_lines(void **state)
{
	(void) state;
	for (size_t i = 0; i < N_GOOD; i++)
	{
		size_t len = strlen(good_lines[i]);
		Envelope strict;
		Envelope lenient;

		assert_true(read_line(envelope_read_strict, reader, good_lines[i], len,
							  &strict));
		if (!read_line(envelope_read_lenient, other_reader, good_lines[i], len,
					   &lenient))
			fail_msg("refused by the lenient reader: %s", good_lines[i]);
		assert_same(&strict, &lenient);
	}
}

static void
neither_takes_a_line_that_was_cut(void **state)
{
	Envelope out;

	(void) state;
	for (size_t i = 0; i < N_GOOD; i++)
	{
		for (size_t len = 0; len < strlen(good_lines[i]); len++)
		{
			assert_false(read_line(envelope_read_strict, reader, good_lines[i],
								   len, &out));
			assert_false(read_line(envelope_read_lenient, reader, good_lines[i],
								   len, &out));
		}
	}
}

static void
neither_takes_what_is_no_envelope(void **state)
{
	Envelope out;

	(void) state;
	for (size_t i = 0; i < sizeof(bad_lines) / sizeof(bad_lines[0]); i++)
	{
		if (read_line(envelope_read, reader, bad_lines[i], strlen(bad_lines[i]),
					  &out))
			fail_msg("taken: %s", bad_lines[i]);
	}
}

static void
the_lenient_reader_takes_other_spellings(void **state)
{
	static const char *const lines[] = {
		" { \"seq\" : 7 , \"key\":\"\\u006b\", \"headers\": {\"id\":\"59a4\", "
		"\"eventType\":\"Task\\u0043reated\"},\"topic\":\"Task.events\", "
		"\"lsn\":\"0/1D959AF0\",\"ts\":1764000000123,\"payload\":{\"a\": 1}}",
		"{\"events\":1,\"xid\":733, \"commit\":\"0/1D959AF0\"}",
		"{ \"position\" : \"0/1DA00000\" }",
	};
	static const size_t same_as[] = {0, 16, 18};
	Envelope strict;
	Envelope lenient;
	Error err;

	(void) state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
	{
		size_t len = strlen(lines[i]);

		assert_false(
			read_line(envelope_read_strict, reader, lines[i], len, &strict));
		if (!envelope_read(other_reader, lines[i], len, &lenient, &err))
			fail_msg("%s: %s", lines[i], err.text);
		strict = read_good(good_lines[same_as[i]]);
		assert_same(&strict, &lenient);
	}
}

static void
headers_have_a_limit(void **state)
{
	static char line[64 * PROTOCOL_MAX_HEADERS];
	Envelope out;
	Error err;

	(void) state;
	for (int n = PROTOCOL_MAX_HEADERS; n <= PROTOCOL_MAX_HEADERS + 1; n++)
	{
		int len = snprintf(line, sizeof(line),
						   "{\"topic\":\"t\",\"key\":\"k\",\"ts\":1,"
						   "\"lsn\":\"0/1\",\"seq\":0,\"headers\":{");

		for (int i = 0; i < n; i++)
			len += snprintf(line + len, sizeof(line) - (size_t) len,
							"%s\"h%d\":\"v\"", i > 0 ? "," : "", i);
		len += snprintf(line + len, sizeof(line) - (size_t) len,
						"},\"payload\":1}");
		assert_int_equal(envelope_read(reader, line, (size_t) len, &out, &err),
						 n <= PROTOCOL_MAX_HEADERS);
	}
}

static void
errors_name_the_place_and_no_payload(void **state)
{
	const char *line =
		EVENT ",\"encoding\":\"text\",\"payload\":\"secret\\x\"}";
	Envelope out;
	Error err;

	(void) state;
	assert_false(envelope_read(reader, line, strlen(line), &out, &err));
	assert_null(strstr(err.text, "secret"));
	assert_string_equal(err.text, "the stream is broken: invalid escape at "
								  "byte 157 of a line");
}

/* Tells whether json-c can be given a line, as envelope_escape() says. */
static bool
can_be_escaped(const char *line, size_t len)
{
	char text[ENVELOPE_ESCAPED * 512];

	return envelope_escape(line, line + len, text) != NULL;
}

/*
 * Tells whether two headers have one name, of which json-c keeps only the last,
 * and the strict reader both, as Kafka does.
 */
static bool
has_twins(const Envelope *envelope)
{
	for (size_t i = 0; i < envelope->n_headers; i++)
	{
		const Slice *name = &envelope->headers[i].name;

		for (size_t j = 0; j < i; j++)
		{
			if (name->len == envelope->headers[j].name.len &&
				memcmp(name->data, envelope->headers[j].name.data, name->len) ==
					0)
				return true;
		}
	}
	return false;
}

/*
 * Whatever is changed in a line: what the strict reader takes, both take, but
 * for characters that json-c cannot read.
 */
static void
altered_lines_are_read_alike_or_refused(void **state)
{
	unsigned seed = (unsigned) time(NULL);
	static const char interesting[] = "\"\\{}[]:,0123456789eE+-. ntu/\xc3\xa9";

	(void) state;
	print_message("seed %u\n", seed);
	srand(seed);
	for (int round = 0; round < 200000; round++)
	{
		char line[512];
		const char *good = good_lines[rand() % (int) N_GOOD];
		size_t len = strlen(good);
		Envelope strict;
		Envelope lenient;

		memcpy(line, good, len);
		for (int n = rand() % 3; n >= 0; n--)
		{
			size_t at = (size_t) rand() % len;

			line[at] =
				rand() % 4 == 0
					? (char) rand()
					: interesting[(size_t) rand() % (sizeof(interesting) - 1)];
		}
		if (!read_line(envelope_read_strict, reader, line, len, &strict))
		{
			read_line(envelope_read_lenient, other_reader, line, len, &lenient);
			continue;
		}
		if (has_twins(&strict))
			continue;
		if (read_line(envelope_read_lenient, other_reader, line, len, &lenient))
			assert_same(&strict, &lenient);
		else if (can_be_escaped(line, len))
			fail_msg("only strict takes: %.*s", (int) len, line);
	}
}

/* The strict reader has no part of json-c, so it takes these as well. */
static void
characters_that_json_c_cannot_read(void **state)
{
	const char *line = "{\"topic\":\"t\",\"key\":\"\xf0\x9d\xa0\x80\",\"ts\":1,"
					   "\"lsn\":\"0/1\",\"seq\":0,\"headers\":{},"
					   "\"payload\":1}";
	Envelope out;

	(void) state;
	out = read_good(line);
	assert_slice(out.key, "\xf0\x9d\xa0\x80", 4);
	assert_false(read_line(envelope_read_lenient, other_reader, line,
						   strlen(line), &out));
}

static int
setup(void **state)
{
	(void) state;
	reader = envelope_reader_new();
	other_reader = envelope_reader_new();
	return 0;
}

static int
teardown(void **state)
{
	(void) state;
	envelope_reader_free(reader);
	envelope_reader_free(other_reader);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_is_read_member_by_member),
		cmocka_unit_test(payloads_are_decoded_by_their_encoding),
		cmocka_unit_test(keys_may_be_any_bytes),
		cmocka_unit_test(null_and_empty_are_not_the_same),
		cmocka_unit_test(other_lines_are_read),
		cmocka_unit_test(both_readers_agree_on_good_lines),
		cmocka_unit_test(neither_takes_a_line_that_was_cut),
		cmocka_unit_test(neither_takes_what_is_no_envelope),
		cmocka_unit_test(the_lenient_reader_takes_other_spellings),
		cmocka_unit_test(headers_have_a_limit),
		cmocka_unit_test(errors_name_the_place_and_no_payload),
		cmocka_unit_test(altered_lines_are_read_alike_or_refused),
		cmocka_unit_test(characters_that_json_c_cannot_read),
	};

	return cmocka_run_group_tests_name("envelope", tests, setup, teardown);
}
