/*-------------------------------------------------------------------------
 *
 * test_state.c
 *	  Tests of the position that exactly-once delivery keeps: the record in
 *	  Kafka, and what it means on a server of the same or another history.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "kafka/state_record.h"
#include "postgres/timeline.h"
#include "relay/resume.h"

/* A history file as PostgreSQL writes it: two failovers. */
static const char history[] = "1\t0/3000000\tno recovery target specified\n"
							  "\n"
							  "# a comment\n"
							  "2\t0/5000158\tno recovery target specified\n";

static StateRecord
record(Lsn lsn, uint32_t timeline, uint32_t events)
{
	return (StateRecord){.lsn = lsn, .timeline = timeline, .events = events};
}

static void
assert_record(StateRecord found, StateRecord expected)
{
	assert_int_equal(found.lsn, expected.lsn);
	assert_int_equal(found.timeline, expected.timeline);
	assert_int_equal(found.events, expected.events);
}

static void
what_is_written_can_be_read(void **state)
{
	static const struct
	{
		StateRecord record;
		const char *value;
	} cases[] = {
		{{0x1A2B, 0, 1}, "{\"lsn\":\"0/1A2B\",\"timeline\":1}"},
		{{0xA0000000BULL, 7, 3}, "{\"lsn\":\"A/B\",\"timeline\":3,\"seq\":7}"},
		{{UINT64_MAX, UINT32_MAX, UINT32_MAX},
		 "{\"lsn\":\"FFFFFFFF/FFFFFFFF\",\"timeline\":4294967295,"
		 "\"seq\":4294967295}"},
	};
	char value[STATE_VALUE_SIZE];
	StateRecord found;
	Error err;

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		state_record_write(&cases[i].record, value);
		assert_string_equal(value, cases[i].value);
		assert_true(state_record_read(&found, value, strlen(value), &err));
		assert_record(found, cases[i].record);
	}
}

static void
members_of_a_later_version_are_passed_over(void **state)
{
	static const char value[] =
		" {\"more\":[1], \"timeline\":2, \"lsn\":\"0/10\"}\n";
	StateRecord found;
	Error err;

	(void) state;
	assert_true(state_record_read(&found, value, strlen(value), &err));
	assert_record(found, record(0x10, 2, 0));
}

static void
a_broken_value_is_refused(void **state)
{
	static const struct
	{
		const char *value;
		const char *reason;
	} cases[] = {
		{"", "it is not a JSON object"},
		{"0/1A2B", "it is not a JSON object"},
		{"17", "it is not a JSON object"},
		{"{\"lsn\":\"0/1A2B\"", "it is not a JSON object"},
		{"{}", "\"lsn\" is not a position like \"0/1A2B\""},
		{"{\"lsn\":17,\"timeline\":1}",
		 "\"lsn\" is not a position like \"0/1A2B\""},
		{"{\"lsn\":\"0/0\",\"timeline\":1}",
		 "\"lsn\" is not a position like \"0/1A2B\""},
		{"{\"lsn\":\"0/1A2B\\u0000\",\"timeline\":1}",
		 "\"lsn\" is not a position like \"0/1A2B\""},
		{"{\"lsn\":\"0/1A2B\"}", "\"timeline\" is missing"},
		{"{\"lsn\":\"0/1A2B\",\"timeline\":0}",
		 "\"timeline\" is not a number from 1 to 4294967295"},
		{"{\"lsn\":\"0/1A2B\",\"timeline\":\"1\"}",
		 "\"timeline\" is not a number from 1 to 4294967295"},
		{"{\"lsn\":\"0/1A2B\",\"timeline\":4294967296}",
		 "\"timeline\" is not a number from 1 to 4294967295"},
		{"{\"lsn\":\"0/1A2B\",\"timeline\":1,\"seq\":0}",
		 "\"seq\" is not a number from 1 to 4294967295"},
		{"{\"lsn\":\"0/1A2B\",\"timeline\":1,\"seq\":1.5}",
		 "\"seq\" is not a number from 1 to 4294967295"},
	};
	StateRecord found;
	Error err;

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		assert_false(state_record_read(&found, cases[i].value,
									   strlen(cases[i].value), &err));
		assert_string_equal(err.text, cases[i].reason);
	}
}

static void
a_key_names_system_and_slot(void **state)
{
	char key[STATE_KEY_SIZE];
	char system[32];

	(void) state;
	state_record_key("7300000000000000001", "pg_outbox", key);
	assert_string_equal(key, "7300000000000000001/pg_outbox");
	assert_false(
		state_record_is_foreign(key, strlen(key), key, system, sizeof(system)));
	assert_true(state_record_is_foreign("73/pg_outbox", 12, key, system,
										sizeof(system)));
	assert_string_equal(system, "73");
	/* Another slot is nobody's concern here. */
	assert_false(
		state_record_is_foreign("73/other", 8, key, system, sizeof(system)));
	assert_false(
		state_record_is_foreign("pg_outbox", 9, key, system, sizeof(system)));
	assert_false(state_record_is_foreign("", 0, key, system, sizeof(system)));
}

static void
a_history_file_tells_where_timelines_ended(void **state)
{
	Lsn end;

	(void) state;
	assert_int_equal(timeline_find_end(history, 1, &end), TIMELINE_ENDED);
	assert_int_equal(end, 0x3000000);
	assert_int_equal(timeline_find_end(history, 2, &end), TIMELINE_ENDED);
	assert_int_equal(end, 0x5000158);
	assert_int_equal(timeline_find_end(history, 3, &end), TIMELINE_ABSENT);
	assert_int_equal(timeline_find_end("", 1, &end), TIMELINE_ABSENT);
	/* By hand: spaces, no reason, no line feed at the end. */
	assert_int_equal(timeline_find_end(" 4 A/B", 4, &end), TIMELINE_ENDED);
	assert_int_equal(end, 0xA0000000BULL);
}

static void
what_is_no_history_file_is_told(void **state)
{
	static const char *const broken[] =
		{"x\t0/1\n",     "1\n",          "1\t\n",
		 "1\t0\n",       "-1\t0/1\n",    "0\t0/1\n",
		 "1 0/1\n1 0/2", "2 0/1\n1 0/2", "99999999999999999999\t0/1\n",
		 "1\n\t0/1\n"};
	Lsn end;

	(void) state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		assert_int_equal(timeline_find_end(broken[i], 9, &end),
						 TIMELINE_BROKEN);
}

static void
a_position_holds_as_far_as_the_history_is_the_same(void **state)
{
	static const struct
	{
		StateRecord found;
		ResumeServer server;
		ResumeKind kind;
		StateRecord position;
	} cases[] = {
		/* nothing was found */
		{{0, 0, 0}, {1, "", 0x100}, RESUME_NO_STATE, {0, 0, 1}},
		/* the same timeline */
		{{0x100, 0, 1}, {1, "", 0x100}, RESUME_STATE, {0x100, 0, 1}},
		{{0x100, 7, 1}, {1, "", 0x200}, RESUME_STATE, {0x100, 7, 1}},
		{{0x101, 7, 1}, {1, "", 0x100}, RESUME_AHEAD_OF_SERVER, {0, 0, 1}},
		/* a later one, before and behind the end of the state's */
		{{0x3000000, 0, 1},
		 {3, history, 0x6000000},
		 RESUME_STATE,
		 {0x3000000, 0, 3}},
		{{0x3000000, 5, 1},
		 {3, history, 0x6000000},
		 RESUME_STATE,
		 {0x3000000, 5, 3}},
		{{0x3000001, 0, 1},
		 {3, history, 0x6000000},
		 RESUME_TIMELINE_END,
		 {0x3000000, 0, 3}},
		{{0x9000000, 5, 2},
		 {3, history, 0x6000000},
		 RESUME_TIMELINE_END,
		 {0x5000158, 0, 3}},
		/* no part of the history */
		{{0x100, 0, 2}, {1, "", 0x200}, RESUME_OTHER_HISTORY, {0, 0, 1}},
		{{0x100, 0, 2},
		 {3, "1\t0/50\tx\n", 0x200},
		 RESUME_OTHER_HISTORY,
		 {0, 0, 3}},
		{{0x100, 0, 1}, {2, "broken", 0x200}, RESUME_OTHER_HISTORY, {0, 0, 2}},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		StateRecord position;

		assert_int_equal(resume_decide(&cases[i].found, &cases[i].server,
									   &position),
						 cases[i].kind);
		assert_record(position, cases[i].position);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_can_be_read),
		cmocka_unit_test(members_of_a_later_version_are_passed_over),
		cmocka_unit_test(a_broken_value_is_refused),
		cmocka_unit_test(a_key_names_system_and_slot),
		cmocka_unit_test(a_history_file_tells_where_timelines_ended),
		cmocka_unit_test(what_is_no_history_file_is_told),
		cmocka_unit_test(a_position_holds_as_far_as_the_history_is_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
