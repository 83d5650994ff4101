/*-------------------------------------------------------------------------
 *
 * test_small.c
 *	  Tests of base/lsn.c, base/position.c, base/error.c, base/log.c,
 *	  config/nearest.c, kafka/errors.c, postgres/hosts.c and relay/backoff.c.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/lsn.h"
#include "base/position.h"
#include "base/utf8.h"
#include "config/nearest.h"
#include "kafka/errors.h"
#include "postgres/hosts.h"
#include "relay/backoff.h"

static void
lsns_are_read_as_postgresql_prints_them(void **state)
{
	static const struct
	{
		const char *text;
		Lsn lsn;
	} good[] = {
		{"0/0", 0},
		{"0/1D959AF0", 0x1D959AF0},
		{"A/B", 0xA0000000BULL},
		{"ffffffff/FFFFFFFF", UINT64_MAX},
		{"00000001/00000002", 0x100000002ULL},
	};
	static const char *const bad[] = {"",     "/",           "0",
									  "0/",   "/0",          "0/G",
									  "0/0 ", " 0/0",        "0/-1",
									  "0//",  "123456789/0", "0/123456789",
									  "0x1/0"};
	Lsn lsn;

	(void) state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
	{
		assert_true(lsn_parse(good[i].text, strlen(good[i].text), &lsn));
		assert_int_equal(lsn, good[i].lsn);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(lsn_parse(bad[i], strlen(bad[i]), &lsn));
	/* The length counts, not a terminating zero. */
	assert_true(lsn_parse("0/12", 3, &lsn));
	assert_int_equal(lsn, 1);
}

static void
positions_are_read_as_the_log_has_them(void **state)
{
	static const char *const bad[] = {"",
									  "0/1",
									  "0/1/",
									  "0/1/-1",
									  "0/1/x",
									  "0/1/2/3",
									  "/1/2",
									  "0/1/2 ",
									  "0/1/4294967296",
									  "0/1/ 2",
									  "0/1/99999999999"};
	const char *list = " 0/1/2 ,\t0/1/3,A/B/4294967295";
	Position position;

	(void) state;
	assert_int_equal(position_list_next(&list, &position), POSITION_LIST_ITEM);
	assert_int_equal(position_compare(position, (Position){1, 2}), 0);
	assert_int_equal(position_list_next(&list, &position), POSITION_LIST_ITEM);
	assert_true(position_compare(position, (Position){1, 2}) > 0);
	assert_true(position_compare(position, (Position){2, 0}) < 0);
	assert_int_equal(position_list_next(&list, &position), POSITION_LIST_ITEM);
	assert_int_equal(position.lsn, 0xA0000000BULL);
	assert_int_equal(position.seq, UINT32_MAX);
	assert_int_equal(position_list_next(&list, &position), POSITION_LIST_END);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(position_parse(bad[i], strlen(bad[i]), &position));
	list = "0/1/2,";
	assert_int_equal(position_list_next(&list, &position),
					 POSITION_LIST_INVALID);
	list = "0/1/2 0/1/3";
	assert_int_equal(position_list_next(&list, &position),
					 POSITION_LIST_INVALID);
}

/* Tells whether an error that comes now would be logged. */
static bool
due(KafkaErrors *errors, rd_kafka_resp_err_t code, int64_t second)
{
	return kafka_errors_is_due(errors, code, true, second * 1000);
}

static void
errors_of_kafka_are_logged_once_and_then_rarely(void **state)
{
	KafkaErrors errors = {0};
	int64_t waited_ms = 0;
	int logged = 0;

	(void) state;
	assert_false(kafka_errors_delivered(&errors, 1000, &waited_ms));
	assert_true(due(&errors, RD_KAFKA_RESP_ERR__TRANSPORT, 2));
	assert_false(due(&errors, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, 3));
	assert_false(due(&errors, RD_KAFKA_RESP_ERR__RESOLVE, 20));
	/* What has to be repaired elsewhere is logged for itself. */
	assert_true(due(&errors, RD_KAFKA_RESP_ERR__AUTHENTICATION, 21));
	assert_true(due(&errors, RD_KAFKA_RESP_ERR__SSL, 21));
	assert_false(due(&errors, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, 22));
	assert_true(kafka_errors_delivered(&errors, 30000, &waited_ms));
	assert_int_equal(waited_ms, 28000);
	assert_false(kafka_errors_delivered(&errors, 30000, &waited_ms));

	/* One broker is down, the others deliver: that is not over and over. */
	for (int64_t second = 31; second < 631; second++)
	{
		logged += due(&errors, RD_KAFKA_RESP_ERR__TRANSPORT, second);
		kafka_errors_delivered(&errors, second * 1000, &waited_ms);
	}
	assert_between(logged, 2, 4);

	/* But an outage in which nothing is delivered is logged at once. */
	assert_false(due(&errors, RD_KAFKA_RESP_ERR__TRANSPORT, 632));
	assert_true(due(&errors, RD_KAFKA_RESP_ERR__TRANSPORT, 640));
	assert_false(due(&errors, RD_KAFKA_RESP_ERR__TRANSPORT, 641));
	/* As is the first after a time of quiet. */
	kafka_errors_delivered(&errors, 650000, &waited_ms);
	assert_true(kafka_errors_is_due(&errors, RD_KAFKA_RESP_ERR__TRANSPORT,
									false, 2000000));
}

static void
an_old_librdkafka_is_named_where_scram_fails(void **state)
{
	static const char failed[] = "SASL authentication error: Authentication "
								 "failed during authentication due to invalid "
								 "credentials with SASL mechanism "
								 "SCRAM-SHA-512";
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__AUTHENTICATION;

	(void) state;
	assert_string_equal(kafka_errors_hint(code, failed, 0x020600ff),
						". Hint: if the password is right, the brokers are of "
						"Kafka 4, whose SCRAM needs librdkafka 2.6.1 or later");
	assert_string_equal(kafka_errors_hint(code, failed, 0x020601ff), "");
	assert_string_equal(kafka_errors_hint(code, "Authentication failed: PLAIN",
										  0x020002ff),
						"");
	assert_string_equal(kafka_errors_hint(RD_KAFKA_RESP_ERR__TRANSPORT,
										  "SCRAM: Connection refused",
										  0x020002ff),
						"");
}

static void
the_nearest_name_is_the_one_that_was_meant(void **state)
{
	static const char *const known[] = {"slot", "dead_letter_topic",
										"status_interval", "inflight_bytes",
										NULL};

	(void) state;
	assert_string_equal(nearest_name("slto", known), "slot");
	assert_string_equal(nearest_name("slots", known), "slot");
	assert_string_equal(nearest_name("statusinterval", known),
						"status_interval");
	assert_null(nearest_name("frobnicate", known));
	assert_null(nearest_name("x", known));
	assert_null(nearest_name("", known));
	assert_null(nearest_name("a name that is much longer than any known name "
							 "could ever be, and so is not compared",
							 known));
}

/* Tells what a rotated list has to be. */
static void
assert_rotated(const char *list, unsigned first, const char *expected)
{
	char *rotated = hosts_rotate(list, first);

	assert_string_equal(rotated, expected);
	free(rotated);
}

static void
hosts_go_round_and_round(void **state)
{
	char *list;

	(void) state;
	assert_rotated("a,b,c", 0, "a,b,c");
	assert_rotated("a,b,c", 1, "b,c,a");
	assert_rotated("a,b,c", 2, "c,a,b");
	assert_rotated("a,b,c", 3, "a,b,c");
	assert_rotated("a,b,c", 4294967295, "a,b,c");
	assert_rotated("only", 7, "only");
	assert_rotated("", 1, "");
	assert_rotated(",", 1, ",");
	assert_rotated("a,,c", 1, ",c,a");
	assert_int_equal(hosts_count("a,,c"), 3);
	assert_int_equal(hosts_count(""), 1);
	list = hosts_repeat("ab", 3);
	assert_string_equal(list, "ab,ab,ab");
	free(list);
}

static void
waits_double_up_to_the_longest(void **state)
{
	Backoff a;
	Backoff b;
	bool differ = false;

	(void) state;
	backoff_init(&a, 100, 1000, 1);
	backoff_init(&b, 100, 1000, 2);
	for (int64_t step = 100; step < 20000; step *= 2)
	{
		int64_t wait = backoff_next(&a);
		int64_t most = step < 1000 ? step : 1000;

		assert_between(wait, most / 2, most);
		differ |= wait != backoff_next(&b);
	}
	assert_true(differ);
	backoff_reset(&a);
	assert_between(backoff_next(&a), 50, 100);
}

static void
an_error_is_one_line(void **state)
{
	Error err;
	char much[4096];

	(void) state;
	assert_false(error_set(&err, "a %d\r\n\tb: \tc\n", 1));
	assert_string_equal(err.text, "a 1 b: c");
	/* Its own text may be part of the new one. */
	error_set(&err, "before: %s", err.text);
	assert_string_equal(err.text, "before: a 1 b: c");
	error_set(&err, "\n\t");
	assert_string_equal(err.text, "");
	memset(much, 'x', sizeof(much));
	error_set(&err, "%.*s", (int) sizeof(much), much);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void
text_for_people_is_utf8(void **state)
{
	char text[] = "a\xff\xc3\xa4 \xed\xa0\x80 \xf0\x9f\x98\x80 \xe2\x82";
	Error err;

	(void) state;
	utf8_clean(text);
	assert_string_equal(text, "a?\xc3\xa4 ??? \xf0\x9f\x98\x80 ??");
	error_set(&err, "key %.1s", "\xc3\xa4");
	assert_string_equal(err.text, "key ?");
}

/* What log_write() puts on standard error, without the time. */
static char *
logged(LogLevel level, const char *message, const LogField *fields, size_t n)
{
	static char text[8192];
	int ends[2];
	int saved = dup(STDERR_FILENO);
	ssize_t len;

	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	log_write(level, message, fields, n);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(ends[1]);
	len = read(ends[0], text, sizeof(text) - 1);
	close(ends[0]);
	assert_true(len >= 0);
	text[len] = '\0';
	return len > 27 ? text + 27 : text;
}

/* Nobody reads: lines are dropped, and later counted, but nothing waits. */
static void
a_full_pipe_stops_nobody(void **state)
{
	static char text[128 * 1024];
	int ends[2];
	int saved = dup(STDERR_FILENO);
	ssize_t len;

	(void) state;
	alarm(60);
	assert_int_equal(pipe(ends), 0);
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	while (write(ends[1], text, 4096) > 0)
		;
	fcntl(ends[1], F_SETFL, 0);
	dup2(ends[1], STDERR_FILENO);
	log_error("first");
	log_error("second");
	len = read(ends[0], text, sizeof(text));
	log_error("third");
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(ends[1]);
	assert_true(len > 0);
	len = read(ends[0], text, sizeof(text) - 1);
	close(ends[0]);
	alarm(0);
	assert_true(len > 0);
	text[len] = '\0';
	assert_null(strstr(text, "first"));
	assert_non_null(strstr(text, "were dropped"));
	assert_non_null(strstr(text, "lines=2\n"));
	assert_non_null(strstr(text, "msg=third\n"));
}

static void
log_lines_are_logfmt(void **state)
{
	const LogField fields[] = {
		LOG_TEXT("plain", "a/b.c"),
		LOG_TEXT("spaced", "a b"),
		LOG_TEXT("quoted", "say \"a=b\" \\\n\x01"),
		LOG_TEXT("empty", ""),
		LOG_TEXT("none", NULL),
		LOG_INT("n", -5),
		LOG_LSN("at", 0x100000002),
	};

	(void) state;
	assert_string_equal(
		logged(LOG_LEVEL_INFO, "two words", fields, 7),
		" level=info msg=\"two words\" plain=a/b.c spaced=\"a b\" "
		"quoted=\"say \\\"a=b\\\" \\\\\\n\\u0001\" empty=\"\" n=-5 "
		"at=1/2\n");
	assert_string_equal(logged(LOG_LEVEL_DEBUG, "quiet", NULL, 0), "");
	log_set_level(LOG_LEVEL_DEBUG);
	assert_string_equal(logged(LOG_LEVEL_DEBUG, "loud", NULL, 0),
						" level=debug msg=loud\n");
	log_set_level(LOG_LEVEL_INFO);
}

static void
log_lines_may_be_json(void **state)
{
	const LogField fields[] = {
		LOG_TEXT("quoted", "say \"a/b\" \\\n\x01"),
		LOG_TEXT("none", NULL),
		LOG_INT("n", -5),
		LOG_LSN("at", 0x100000002),
	};

	(void) state;
	log_set_format(LOG_FORMAT_JSON);
	assert_non_null(
		strstr(logged(LOG_LEVEL_INFO, "two words", fields, 4),
			   "\",\"level\":\"info\",\"msg\":\"two words\",\"quoted\":\"say "
			   "\\\"a/b\\\" \\\\\\n\\u0001\",\"n\":-5,\"at\":\"1/2\"}\n"));
	log_set_format(LOG_FORMAT_LOGFMT);
}

static void
long_log_lines_are_cut_and_still_end(void **state)
{
	char much[10000];
	char *line;

	(void) state;
	memset(much, 'x', sizeof(much) - 1);
	much[sizeof(much) - 1] = '\0';
	line = logged(LOG_LEVEL_ERROR, much, NULL, 0);
	assert_between(strlen(line), 4000, 4096);
	assert_int_equal(line[strlen(line) - 1], '\n');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lsns_are_read_as_postgresql_prints_them),
		cmocka_unit_test(positions_are_read_as_the_log_has_them),
		cmocka_unit_test(errors_of_kafka_are_logged_once_and_then_rarely),
		cmocka_unit_test(an_old_librdkafka_is_named_where_scram_fails),
		cmocka_unit_test(the_nearest_name_is_the_one_that_was_meant),
		cmocka_unit_test(hosts_go_round_and_round),
		cmocka_unit_test(waits_double_up_to_the_longest),
		cmocka_unit_test(an_error_is_one_line),
		cmocka_unit_test(text_for_people_is_utf8),
		cmocka_unit_test(log_lines_are_logfmt),
		cmocka_unit_test(a_full_pipe_stops_nobody),
		cmocka_unit_test(log_lines_may_be_json),
		cmocka_unit_test(long_log_lines_are_cut_and_still_end),
	};

	return cmocka_run_group_tests_name("small", tests, NULL, NULL);
}
