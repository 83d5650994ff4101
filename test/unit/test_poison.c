/*-------------------------------------------------------------------------
 *
 * test_poison.c
 *	  Tests of what becomes of events and topics that Kafka does not take:
 *	  relay/poison.c, relay/skip.c, relay/dead_letter.c, base/outage.c,
 *	  config/topic_spec.c.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "base/outage.h"
#include "config/topic_spec.h"
#include "relay/dead_letter.h"
#include "relay/poison.h"
#include "relay/skip.h"

/* A refusal with this reason. */
static KafkaRefusal
refusal(const char *reason)
{
	KafkaRefusal made = {.code = "CODE"};

	error_set(&made.reason, "%s", reason);
	return made;
}

/* Adds an event that was refused. */
static PoisonEvent *
add(Poison *poison, Lsn lsn, uint32_t seq, const char *reason)
{
	KafkaRefusal made = refusal(reason);

	return poison_add(poison, (Position){lsn, seq}, &made);
}

/* Why the event at a position was refused; NULL if it was not. */
static const char *
reason_at(Poison *poison, Lsn lsn, uint32_t seq)
{
	const PoisonEvent *event = poison_find(poison, (Position){lsn, seq});

	return event ? event->refusal.reason.text : NULL;
}

static void
refused_events_are_known_until_they_are_confirmed(void **state)
{
	Poison *poison = poison_new();

	(void) state;
	assert_null(reason_at(poison, 10, 0));
	add(poison, 20, 0, "third");
	add(poison, 10, 0, "first");
	add(poison, 10, 1, "second")->cut = DEAD_LETTER_CUT_VALUE;
	assert_string_equal(reason_at(poison, 10, 0), "first");
	assert_string_equal(reason_at(poison, 10, 1), "second");
	assert_null(reason_at(poison, 20, 1));
	/* A second refusal says why now, and keeps what is known otherwise. */
	add(poison, 10, 1, "again");
	assert_string_equal(reason_at(poison, 10, 1), "again");
	assert_int_equal(poison_find(poison, (Position){10, 1})->cut,
					 DEAD_LETTER_CUT_VALUE);
	poison_confirmed(poison, 9);
	assert_non_null(reason_at(poison, 10, 0));
	poison_confirmed(poison, 10);
	assert_null(reason_at(poison, 10, 0));
	assert_null(reason_at(poison, 10, 1));
	assert_string_equal(reason_at(poison, 20, 0), "third");
	poison_reset(poison);
	assert_null(reason_at(poison, 20, 0));
	poison_free(poison);
}

static void
as_many_are_remembered_as_there_is_room_for(void **state)
{
	Poison *poison = poison_new();
	int known = 0;

	(void) state;
	for (uint32_t i = 0; i < 2000; i++)
	{
		add(poison, 1000, i, "new");
		assert_non_null(reason_at(poison, 1000, i));
	}
	/* From before: those that are furthest behind make room. */
	for (uint32_t i = 0; i < 10; i++)
	{
		add(poison, 1, i, "old");
		for (uint32_t j = 0; j <= i; j++)
			assert_string_equal(reason_at(poison, 1, j), "old");
	}
	assert_null(reason_at(poison, 1000, 1999));
	for (uint32_t i = 0; i < 2000; i++)
		known += reason_at(poison, 1000, i) != NULL;
	assert_true(known >= 400 && known < 600);
	poison_free(poison);
}

static void
care_lasts_until_all_that_was_read_is_confirmed(void **state)
{
	Poison *poison = poison_new();

	(void) state;
	assert_false(poison_is_careful(poison));
	poison_be_careful(poison, 30);
	poison_be_careful(poison, 20);
	assert_true(poison_is_careful(poison));
	poison_confirmed(poison, 10);
	assert_true(poison_is_careful(poison));
	poison_confirmed(poison, 29);
	assert_true(poison_is_careful(poison));
	poison_confirmed(poison, 30);
	assert_false(poison_is_careful(poison));
	poison_be_careful(poison, 50);
	poison_reset(poison);
	assert_false(poison_is_careful(poison));
	poison_free(poison);
}

static void
events_are_skipped_by_position(void **state)
{
	Skip *skip = skip_new("0/10/1, 0/10/3,0/20/0");
	Skip *none = skip_new(NULL);

	(void) state;
	assert_false(skip_matches(skip, (Position){0x10, 0}));
	assert_null(skip_missed(skip, (Position){0x10, 1}));
	assert_true(skip_matches(skip, (Position){0x10, 1}));
	assert_false(skip_matches(skip, (Position){0x10, 2}));
	/* The transaction ends before its fourth event: said once. */
	assert_int_equal(skip_missed(skip, (Position){0x10, UINT32_MAX})->seq, 3);
	assert_null(skip_missed(skip, (Position){0x20, 0}));
	/* It comes again, and is skipped again. */
	assert_true(skip_matches(skip, (Position){0x10, 1}));
	assert_int_equal(skip_missed(skip, (Position){0x21, 0})->lsn, 0x20);
	assert_null(skip_missed(skip, (Position){0x30, 0}));
	assert_false(skip_matches(none, (Position){0x10, 1}));
	assert_null(skip_missed(none, (Position){0x10, 1}));
	skip_free(skip);
	skip_free(none);
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
	dead_letter_make(&letter, &event, "dead", DEAD_LETTER_WHOLE, "why", NULL);
	assert_memory_equal(letter.record.topic.data, "dead", 4);
	assert_int_equal(letter.record.partition, KAFKA_ANY_PARTITION);
	assert_memory_equal(letter.record.value.data, "p", 1);
	assert_string_equal(header(&letter, "id"), "1");
	assert_string_equal(header(&letter, "pg_outbox.error"), "why");
	assert_string_equal(header(&letter, "pg_outbox.topic"), "a b");
	assert_string_equal(header(&letter, "pg_outbox.relation"), "public.outbox");
	assert_string_equal(header(&letter, "pg_outbox.lsn"), "1/2");
	assert_string_equal(header(&letter, "pg_outbox.seq"), "3");

	assert_string_equal(header(&letter, "pg_outbox.timestamp"), "5");
	assert_string_equal(header(&letter, "pg_outbox.code"), "none");
	assert_string_equal(header(&letter, "pg_outbox.cut"), "none");
	/* Its own time: the event's may be why it was refused. */
	assert_int_equal(letter.record.ts, 0);

	/* As many headers as a line may have are all kept. */
	event.kind = ENVELOPE_EVENT;
	event.n_headers = PROTOCOL_MAX_HEADERS;
	event.topic = (Slice){NULL, 0};
	event.ts = -1;
	dead_letter_make(&letter, &event, "dead", DEAD_LETTER_WHOLE, "why", "CODE");
	assert_int_equal(letter.record.n_headers, PROTOCOL_MAX_HEADERS + 4);
	assert_memory_equal(letter.record.headers, event.headers,
						sizeof(event.headers));
	assert_string_equal(header(&letter, "pg_outbox.seq"), "3");
	assert_string_equal(header(&letter, "pg_outbox.code"), "CODE");
	assert_string_equal(header(&letter, "pg_outbox.topic"), "none");
	assert_string_equal(header(&letter, "pg_outbox.relation"), "none");
	assert_string_equal(header(&letter, "pg_outbox.timestamp"), "none");
}

static void
a_dead_letter_is_cut_until_kafka_takes_it(void **state)
{
	static char long_key[1000];
	static Envelope event = {.lsn = 0x100000002,
							 .seq = 3,
							 .key = {long_key, sizeof(long_key)},
							 .headers = {{{"id", 2}, {"1", 1}}},
							 .n_headers = 1,
							 .payload = {"p", 1}};
	static DeadLetter letter;
	KafkaRefusal too_large = {.too_large = true};
	KafkaRefusal invalid = {.invalid = true};
	KafkaRefusal other = {.code = "TOPIC_AUTHORIZATION_FAILED"};
	DeadLetterCut cut = DEAD_LETTER_WHOLE;

	(void) state;
	assert_false(dead_letter_cut(&cut, &event, &other));
	assert_false(dead_letter_cut(&cut, &event, &invalid));
	assert_true(dead_letter_cut(&cut, &event, &too_large));
	dead_letter_make(&letter, &event, "dead", cut, "why", NULL);
	assert_string_equal(header(&letter, "id"), "none");
	assert_string_equal(header(&letter, "pg_outbox.cut"), "headers");
	assert_non_null(letter.record.value.data);
	assert_true(dead_letter_cut(&cut, &event, &too_large));
	dead_letter_make(&letter, &event, "dead", cut, "why", NULL);
	assert_null(letter.record.value.data);
	assert_int_equal(letter.record.key.len, sizeof(long_key));
	assert_true(dead_letter_cut(&cut, &event, &too_large));
	dead_letter_make(&letter, &event, "dead", cut, "why", NULL);
	assert_string_equal(letter.record.key.data, "1/2/3");
	assert_string_equal(header(&letter, "pg_outbox.cut"), "headers,value,key");
	assert_false(dead_letter_cut(&cut, &event, &too_large));

	/* One without a key gets one if its topic wants that. */
	event.key = (Slice){NULL, 0};
	cut = DEAD_LETTER_WHOLE;
	assert_true(dead_letter_cut(&cut, &event, &invalid));
	dead_letter_make(&letter, &event, "dead", cut, "why", NULL);
	assert_string_equal(letter.record.key.data, "1/2/3");
	assert_string_equal(header(&letter, "pg_outbox.cut"), "key");
	assert_string_equal(header(&letter, "id"), "1");
	assert_false(dead_letter_cut(&cut, &event, &invalid));
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
		cmocka_unit_test(as_many_are_remembered_as_there_is_room_for),
		cmocka_unit_test(care_lasts_until_all_that_was_read_is_confirmed),
		cmocka_unit_test(events_are_skipped_by_position),
		cmocka_unit_test(a_dead_letter_says_what_it_was),
		cmocka_unit_test(a_dead_letter_is_cut_until_kafka_takes_it),
		cmocka_unit_test(an_outage_is_told_ever_more_rarely),
		cmocka_unit_test(topics_are_specified),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
