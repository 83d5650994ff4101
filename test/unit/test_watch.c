/*-------------------------------------------------------------------------
 *
 * test_watch.c
 *	  Tests of what shows the relay to the outside: latency, counters, journal,
 *	  snapshot, addresses.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/journal.h"
#include "config/address.h"
#include "http/silence.h"
#include "relay/counters.h"
#include "relay/latency.h"
#include "relay/snapshot.h"

/* The bounds that Prometheus gets are exact, whatever the time. */
static void
bounds_are_inclusive(void **state)
{
	(void) state;
	for (int power = 0; power <= LATENCY_MAX_POWER; power++)
	{
		Latency latency = {.count = 0};
		int64_t bound = INT64_C(1) << power;

		latency_add(&latency, bound);
		latency_add(&latency, bound + 1);
		assert_int_equal(latency_at_most(&latency, power), 1);
	}
}

static void
a_percentile_is_an_eighth_off_at_most(void **state)
{
	(void) state;
	for (int64_t ms = 1; ms <= 65536; ms++)
	{
		Latency latency = {.count = 0};
		const Latency none = {.count = 0};
		double median;

		latency_add(&latency, ms);
		median = latency_percentile(&latency, &none, 0.5);
		assert_true(median >= (double) ms && median <= (double) ms * 1.125 + 1);
	}
}

static void
a_percentile_looks_at_what_was_added_since(void **state)
{
	Latency before = {.count = 0};
	Latency latency;

	(void) state;
	for (int i = 0; i < 100; i++)
		latency_add(&before, 5000);
	latency = before;
	for (int i = 0; i < 98; i++)
		latency_add(&latency, 2);
	latency_add(&latency, 1000);
	latency_add(&latency, 1000);
	assert_true(latency_percentile(&latency, &before, 0.5) == 2);
	assert_true(latency_percentile(&latency, &before, 0.99) >= 1000);
	assert_true(latency_percentile(&latency, &latency, 0.5) == 0);
}

/* A clock behind PostgreSQL's, and an event of last year. */
static void
latencies_out_of_range_are_counted(void **state)
{
	Latency latency = {.count = 0};

	(void) state;
	latency_add(&latency, -5);
	latency_add(&latency, INT64_C(1) << 40);
	assert_int_equal(latency.count, 2);
	assert_int_equal(latency_at_most(&latency, 0), 1);
	assert_int_equal(latency_at_most(&latency, LATENCY_MAX_POWER), 1);
}

static void
topics_behind_the_limit_are_counted_together(void **state)
{
	Counters counters;

	(void) state;
	counters_init(&counters, 2);
	counters_published(&counters, "a", 10, 1000, 1003);
	counters_published(&counters, "b", 20, 1000, 1003);
	counters_published(&counters, "c", 30, 1000, 1003);
	counters_published(&counters, "a", 10, 1000, 1004);
	counters_published(&counters, "d", 40, 1000, 1005);
	assert_int_equal(counters.n_topics, 2);
	assert_string_equal(counters.topics[0].name, "a");
	assert_int_equal(counters.topics[0].events, 2);
	assert_int_equal(counters.topics[1].events, 1);
	assert_int_equal(counters.others.events, 2);
	assert_int_equal(counters.published, 5);
	assert_int_equal(counters.published_bytes, 110);
	assert_int_equal(counters.last_event_ms, 1005);
	counters_free(&counters);
}

static void
no_topic_is_told_apart_where_none_is_to_be(void **state)
{
	Counters counters;

	(void) state;
	counters_init(&counters, 0);
	counters_published(&counters, "a", 10, 1000, 1003);
	assert_int_equal(counters.n_topics, 0);
	assert_int_equal(counters.others.events, 1);
	counters_free(&counters);
}

static void
the_journal_keeps_the_last_entries(void **state)
{
	char text[2 * JOURNAL_TEXT];

	(void) state;
	for (int i = 0; i < JOURNAL_ENTRIES + 5; i++)
	{
		snprintf(text, sizeof(text), "entry %d", i);
		journal_add(0, i, text, strlen(text));
	}
	assert_string_equal(journal_at(0)->text, "entry 24");
	assert_string_equal(journal_at(JOURNAL_ENTRIES - 1)->text, "entry 5");
	assert_null(journal_at(JOURNAL_ENTRIES));
}

/* Cut, but not within a character. */
static void
a_long_entry_is_cut_between_characters(void **state)
{
	char text[JOURNAL_TEXT + 2];

	(void) state;
	memset(text, 'x', sizeof(text));
	memcpy(text + JOURNAL_TEXT - 2, "\xc3\xa4", 2);
	journal_add(0, 0, text, sizeof(text));
	assert_int_equal(strlen(journal_at(0)->text), JOURNAL_TEXT - 2);
}

static void
ready_means_progress(void **state)
{
	Counters counters = {.published = 0};
	Snapshot snapshot = {.state = SNAPSHOT_STREAMING, .counters = &counters};
	Error why;

	(void) state;
	assert_true(snapshot_is_ready(&snapshot, 60000, &why));
	/* Kafka is away, and nobody needs it. */
	snapshot.kafka_ms = 100000;
	snapshot.kafka_reason = "connection refused";
	assert_true(snapshot_is_ready(&snapshot, 60000, &why));
	snapshot.has_oldest = true;
	snapshot.oldest_ms = 10000000; /* a backlog, of which it works off */
	snapshot.stuck_ms = 60000;
	assert_true(snapshot_is_ready(&snapshot, 60000, &why));
	snapshot.stuck_ms = 180000;
	assert_false(snapshot_is_ready(&snapshot, 60000, &why));
	assert_string_equal(why.text, "Stalled: the oldest event has been waiting "
								  "for Kafka for 3 min: connection refused.");
	snapshot.has_oldest = false;
	snapshot.stuck_ms = 0;
	snapshot.state = SNAPSHOT_HELD;
	snapshot.reason = "event 3 of the transaction at 0/1A2B";
	assert_false(snapshot_is_ready(&snapshot, 60000, &why));
	snapshot.state = SNAPSHOT_STANDING_BY;
	assert_true(snapshot_is_ready(&snapshot, 60000, &why));
}

static void
the_state_is_a_sentence(void **state)
{
	Counters counters = {.published = 0};
	Snapshot snapshot = {.state = SNAPSHOT_CONNECTING, .counters = &counters};
	Error text;

	(void) state;
	snapshot_sentence(&snapshot, &text);
	assert_string_equal(text.text, "Connecting to PostgreSQL.");
	snapshot.reason = "connection refused";
	snapshot.postgres_ms = 45000;
	snapshot_sentence(&snapshot, &text);
	assert_string_equal(text.text,
						"Waiting for PostgreSQL for 45 s: connection refused.");
	snapshot.state = SNAPSHOT_STREAMING;
	snapshot_sentence(&snapshot, &text);
	assert_string_equal(text.text,
						"Streaming. All events that were read are in Kafka.");
	snapshot.kafka_ms = 180000;
	snapshot.kafka_reason = "all brokers are down";
	snapshot_sentence(&snapshot, &text);
	assert_string_equal(text.text,
						"Waiting for Kafka for 3 min: all brokers are down.");
}

static void
a_silence_is_a_slot_that_stands_still(void **state)
{
	const int64_t enough = 1024 * 1024;
	Silence silence = {0};

	(void) state;
	silence_note(&silence, true, 100, enough - 1, 1000);
	silence_note(&silence, true, 100, enough - 1, 9000);
	assert_int_equal(silence_lasted(&silence), 0);
	silence_note(&silence, true, 100, enough, 10000);
	assert_int_equal(silence_lasted(&silence), 0);
	silence_note(&silence, true, 100, enough, 20000);
	assert_int_equal(silence_lasted(&silence), 10000);
	silence_note(&silence, true, 200, enough, 30000); /* it has moved */
	assert_int_equal(silence_lasted(&silence), 0);
	silence_note(&silence, true, 200, enough, 31000);
	assert_int_equal(silence_lasted(&silence), 1000);
	silence_note(&silence, false, 200, enough, 40000); /* Kafka is slow */
	assert_int_equal(silence_lasted(&silence), 0);
}

static void
addresses_are_host_and_port(void **state)
{
	static const char *const wrong[] = {"",           "9464",    "localhost",
										"localhost:", ":9464",   "h:65536",
										"h:0",        "h:-1",    "h:http",
										"::1:9464",   "[]:9464", "h:946 "};
	Address address;
	Error err;

	(void) state;
	assert_true(address_parse(&address, "localhost:9464", &err));
	assert_string_equal(address.host, "localhost");
	assert_string_equal(address.port, "9464");
	assert_true(address_parse(&address, "[::1]:80", &err));
	assert_string_equal(address.host, "::1");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
	{
		assert_false(address_parse(&address, wrong[i], &err));
		assert_non_null(strstr(err.text, "HOST:PORT"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_are_inclusive),
		cmocka_unit_test(a_percentile_is_an_eighth_off_at_most),
		cmocka_unit_test(a_percentile_looks_at_what_was_added_since),
		cmocka_unit_test(latencies_out_of_range_are_counted),
		cmocka_unit_test(topics_behind_the_limit_are_counted_together),
		cmocka_unit_test(no_topic_is_told_apart_where_none_is_to_be),
		cmocka_unit_test(the_journal_keeps_the_last_entries),
		cmocka_unit_test(a_long_entry_is_cut_between_characters),
		cmocka_unit_test(ready_means_progress),
		cmocka_unit_test(the_state_is_a_sentence),
		cmocka_unit_test(a_silence_is_a_slot_that_stands_still),
		cmocka_unit_test(addresses_are_host_and_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
