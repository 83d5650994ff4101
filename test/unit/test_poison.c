/*-------------------------------------------------------------------------
 *
 * test_poison.c
 *	  Tests of what becomes of events and topics that Kafka does not take:
 *	  relay/poison.c, relay/dead_letter.c, base/outage.c, config/topic_spec.c.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "base/outage.h"
#include "config/topic_spec.h"
#include "relay/dead_letter.h"
#include "relay/poison.h"

static void
refused_events_are_known_until_they_are_confirmed(void **state)
{
	Poison *poison = poison_new();

	(void) state;
	assert_null(poison_find(poison, 10, 0));
	poison_add(poison, 10, 0, "first");
	poison_add(poison, 10, 1, "second")->without_value = true;
	poison_add(poison, 20, 0, "third");
	assert_string_equal(poison_find(poison, 10, 0)->reason.text, "first");
	assert_true(poison_find(poison, 10, 1)->without_value);
	assert_null(poison_find(poison, 20, 1));
	poison_forget(poison, 9);
	assert_non_null(poison_find(poison, 10, 0));
	poison_forget(poison, 10);
	assert_null(poison_find(poison, 10, 0));
	assert_null(poison_find(poison, 10, 1));
	assert_string_equal(poison_find(poison, 20, 0)->reason.text, "third");
	poison_free(poison);
}

/* The value of a header, or "none". */
static const char *
header(const DeadLetter *letter, const char *name)
{
	static char value[100];

	for (size_t i = 0; i < letter->record.n_headers; i++)
	{
		const NamedSlice *found = &letter->record.headers[i];

		if (found->name.len != strlen(name) ||
			memcmp(found->name.data, name, found->name.len) != 0)
			continue;
		snprintf(value, sizeof(value), "%.*s", (int) found->value.len,
				 found->value.data);
		return value;
	}
	return "none";
}

static void
a_dead_letter_says_what_it_was(void **state)
{
	static Envelope event = {.kind = ENVELOPE_ERROR,
							 .lsn = 0x100000002,
							 .topic = {"a b", 3},
							 .key = {"k", 1},
							 .partition = 7,
							 .ts = 5,
							 .seq = 3,
							 .headers = {{{"id", 2}, {"1", 1}}},
							 .n_headers = 1,
							 .payload = {"p", 1},
							 .relation = {"public.outbox", 13}};
	static DeadLetter letter;

	(void) state;
	dead_letter_make(&letter, &event, "dead", "why");
	assert_memory_equal(letter.record.topic.data, "dead", 4);
	assert_int_equal(letter.record.partition, KAFKA_ANY_PARTITION);
	assert_memory_equal(letter.record.value.data, "p", 1);
	assert_string_equal(header(&letter, "id"), "1");
	assert_string_equal(header(&letter, "pg_outbox.error"), "why");
	assert_string_equal(header(&letter, "pg_outbox.topic"), "a b");
	assert_string_equal(header(&letter, "pg_outbox.relation"), "public.outbox");
	assert_string_equal(header(&letter, "pg_outbox.lsn"), "1/2");
	assert_string_equal(header(&letter, "pg_outbox.seq"), "3");

	/* As many headers as a line may have are all kept. */
	event.kind = ENVELOPE_EVENT;
	event.n_headers = PROTOCOL_MAX_HEADERS;
	event.topic = (Slice){NULL, 0};
	dead_letter_make(&letter, &event, "dead", "why");
	assert_int_equal(letter.record.n_headers, PROTOCOL_MAX_HEADERS + 3);
	assert_memory_equal(letter.record.headers, event.headers,
						sizeof(event.headers));
	assert_string_equal(header(&letter, "pg_outbox.seq"), "3");
	assert_string_equal(header(&letter, "pg_outbox.topic"), "none");
	assert_string_equal(header(&letter, "pg_outbox.relation"), "none");
}

static void
an_outage_is_told_ever_more_rarely(void **state)
{
	Outage outage = {0};
	int64_t minute = 60000;
	int64_t last = 1000;
	int64_t step = 0;

	(void) state;
	assert_int_equal(outage_lasted(&outage, 1000), 0);
	assert_true(outage_is_due(&outage, 1000));
	assert_false(outage_is_due(&outage, 1000));
	for (int64_t now = 1000; now < 1000 + 600 * minute; now += 1000)
	{
		if (!outage_is_due(&outage, now))
			continue;
		assert_true(now - last >= step);
		step = now - last;
		last = now;
	}
	assert_int_equal(step, 60 * minute);
	assert_int_equal(outage_lasted(&outage, 61000), minute);
	outage_end(&outage);
	assert_int_equal(outage_lasted(&outage, 61000), 0);
	assert_true(outage_is_due(&outage, 61000));
}

static void
topics_are_specified(void **state)
{
	static const char *const bad[] = {"",       "x",     "0",  "-1",  "3:",
									  "3:0",    "3:1:1", "3,", "3,x", "3,=1",
									  "100001", "3:101", NULL};
	TopicSpec spec;
	Error err;

	(void) state;
	assert_true(topic_spec_parse(&spec, "12", &err));
	assert_int_equal(spec.partitions, 12);
	assert_int_equal(spec.replication, -1);
	assert_int_equal(spec.n_properties, 0);
	topic_spec_free(&spec);
	assert_true(topic_spec_parse(&spec, "3:2,a.b=c,d=", &err));
	assert_int_equal(spec.partitions, 3);
	assert_int_equal(spec.replication, 2);
	assert_int_equal(spec.n_properties, 2);
	assert_string_equal(spec.names[0], "a.b");
	assert_string_equal(spec.values[0], "c");
	assert_string_equal(spec.values[1], "");
	topic_spec_free(&spec);
	for (int i = 0; bad[i] != NULL; i++)
	{
		assert_false(topic_spec_parse(&spec, bad[i], &err));
		assert_non_null(strstr(err.text, "PARTITIONS"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused_events_are_known_until_they_are_confirmed),
		cmocka_unit_test(a_dead_letter_says_what_it_was),
		cmocka_unit_test(an_outage_is_told_ever_more_rarely),
		cmocka_unit_test(topics_are_specified),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
