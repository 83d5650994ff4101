/*-------------------------------------------------------------------------
 *
 * test_tracker.c
 *	  Tests of relay/tracker.c: its rules one by one, and all of them at random
 *	  against a model that is too simple to be wrong.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <time.h>

#include "relay/tracker.h"

/* Tells an event that must be new and returns its ticket. */
static TrackerTicket
event(Tracker *tracker, Lsn lsn, uint32_t seq)
{
	TrackerTicket ticket;
	Error err;

	assert_int_equal(tracker_event(tracker, lsn, seq, &ticket, &err),
					 TRACKER_NEW);
	tracker_produced(tracker);
	return ticket;
}

/* Tells an event that must have been seen. */
static void
seen(Tracker *tracker, Lsn lsn, uint32_t seq)
{
	TrackerTicket ticket;
	Error err;

	assert_int_equal(tracker_event(tracker, lsn, seq, &ticket, &err),
					 TRACKER_SEEN);
}

/* Tells an event that must not be there. */
static void
broken(Tracker *tracker, Lsn lsn, uint32_t seq)
{
	TrackerTicket ticket;
	Error err = {""};

	assert_int_equal(tracker_event(tracker, lsn, seq, &ticket, &err),
					 TRACKER_BROKEN);
	assert_memory_equal(err.text, "the stream is broken: ", 22);
}

/* Tells a commit that must be right. */
static void
commit(Tracker *tracker, Lsn lsn, uint32_t events)
{
	Error err;

	assert_true(tracker_commit(tracker, lsn, events, &err));
}

/* Tells a commit that must not be there. */
static void
broken_commit(Tracker *tracker, Lsn lsn, uint32_t events)
{
	Error err;

	assert_false(tracker_commit(tracker, lsn, events, &err));
}

static int
setup(void **state)
{
	*state = tracker_new();
	return 0;
}

static int
teardown(void **state)
{
	tracker_free(*state);
	return 0;
}

static void
a_transaction_is_confirmed_when_it_is_whole_and_delivered(void **state)
{
	Tracker *t = *state;
	TrackerTicket first;
	TrackerTicket second;

	assert_int_equal(tracker_flush(t), 0);
	first = event(t, 100, 0);
	second = event(t, 100, 1);
	tracker_delivered(t, second);
	tracker_delivered(t, first);
	assert_int_equal(tracker_flush(t), 0); /* no commit yet */
	commit(t, 100, 2);
	assert_int_equal(tracker_flush(t), 100);

	first = event(t, 200, 0);
	commit(t, 200, 1);
	assert_int_equal(tracker_flush(t), 100); /* not delivered yet */
	assert_int_equal(tracker_ticket_lsn(t, first), 200);
	tracker_delivered(t, first);
	assert_int_equal(tracker_flush(t), 200);
}

static void
nothing_passes_the_oldest_that_is_unfinished(void **state)
{
	Tracker *t = *state;
	TrackerTicket tickets[5];

	for (int i = 0; i < 5; i++)
	{
		tickets[i] = event(t, (Lsn) (100 + i), 0);
		commit(t, (Lsn) (100 + i), 1);
	}
	tracker_position(t, 900);
	tracker_delivered(t, tickets[4]);
	tracker_delivered(t, tickets[1]);
	tracker_delivered(t, tickets[2]);
	assert_int_equal(tracker_flush(t), 0);
	tracker_delivered(t, tickets[0]);
	assert_int_equal(tracker_flush(t), 102);
	tracker_delivered(t, tickets[3]);
	assert_int_equal(tracker_flush(t), 900);
}

static void
positions_move_an_idle_stream(void **state)
{
	Tracker *t = *state;
	TrackerTicket ticket;

	tracker_position(t, 100);
	assert_int_equal(tracker_flush(t), 100);
	tracker_position(t, 300);
	tracker_position(t, 200); /* behind: nothing */
	assert_int_equal(tracker_flush(t), 300);

	ticket = event(t, 400, 0);
	tracker_position(t, 500); /* inside a transaction: nothing */
	commit(t, 400, 1);
	tracker_delivered(t, ticket);
	assert_int_equal(tracker_flush(t), 400);
}

static void
an_event_counts_once_it_is_produced(void **state)
{
	Tracker *t = *state;
	TrackerTicket first;
	TrackerTicket again;
	Error err;

	assert_int_equal(tracker_event(t, 100, 0, &first, &err), TRACKER_NEW);
	assert_int_equal(tracker_event(t, 100, 0, &again, &err), TRACKER_NEW);
	assert_int_equal(first, again);
	broken_commit(t, 100, 1);

	/* The connection ends before there was room: it must not be lost. */
	tracker_reconnected(t);
	assert_int_equal(event(t, 100, 0), first);
	commit(t, 100, 1);
	tracker_delivered(t, first);
	assert_int_equal(tracker_flush(t), 100);
}

static void
a_stream_with_a_gap_is_refused(void **state)
{
	Tracker *t = *state;

	broken(t, 100, 1); /* does not begin at 0 */
	event(t, 100, 0);
	broken(t, 100, 0); /* twice */
	broken(t, 100, 2); /* one is missing */
	broken(t, 200, 0); /* another transaction inside this one */
	broken(t, 50, 0);
	broken_commit(t, 200, 1);
	broken_commit(t, 100, 0);
	broken_commit(t, 100, 2); /* one is missing */
	commit(t, 100, 1);
	broken_commit(t, 100, 1); /* twice */
	broken_commit(t, 200, 0); /* without events */
	broken(t, 100, 0);        /* not after the last one */
	broken(t, 90, 0);
	tracker_position(t, 300);
	broken(t, 300, 0); /* written already, by the position line */
	event(t, 301, 0);
}

static void
what_was_seen_is_not_new_after_a_reconnect(void **state)
{
	Tracker *t = *state;
	TrackerTicket a = event(t, 100, 0);
	TrackerTicket b;

	commit(t, 100, 1);
	b = event(t, 200, 0);
	event(t, 200, 1);
	tracker_reconnected(t);
	assert_int_equal(tracker_flush(t), 0);

	/* Nothing was confirmed to the slot: everything is delivered again. */
	seen(t, 100, 0);
	commit(t, 100, 1);
	tracker_delivered(t, a);
	assert_int_equal(tracker_flush(t), 100);
	seen(t, 200, 0);
	seen(t, 200, 1);
	tracker_delivered(t, b);
	b = event(t, 200, 2); /* the transaction goes on where it was cut off */
	commit(t, 200, 3);
	assert_int_equal(tracker_flush(t), 100);
	tracker_delivered(t, b);
	assert_int_equal(tracker_flush(t), 100); /* the second is still owed */
}

static void
a_transaction_that_was_cut_off_must_come_again(void **state)
{
	Tracker *t = *state;
	TrackerTicket ticket = event(t, 100, 0);

	tracker_delivered(t, ticket);
	tracker_reconnected(t);
	tracker_position(t, 500); /* holds nothing back, but confirms nothing */
	assert_int_equal(tracker_flush(t), 0);
	tracker_reconnected(t);
	broken(t, 200, 0);
	seen(t, 100, 0);
	commit(t, 100, 1);
	assert_int_equal(tracker_flush(t), 100);
	event(t, 200, 0);
}

static void
only_what_this_connection_told_is_confirmed_on_it(void **state)
{
	Tracker *t = *state;
	TrackerTicket ticket = event(t, 100, 0);

	commit(t, 100, 1);
	tracker_position(t, 150);
	tracker_reconnected(t);
	tracker_delivered(t, ticket);
	assert_int_equal(tracker_flush(t), 0);
	seen(t, 100, 0);
	commit(t, 100, 1);
	assert_int_equal(tracker_flush(t), 100);
	tracker_position(t, 160);
	assert_int_equal(tracker_flush(t), 160);
}

static void
a_reset_forgets_all_and_its_tickets(void **state)
{
	Tracker *t = *state;
	TrackerTicket old = event(t, 1000, 0);
	TrackerTicket new;

	tracker_reset(t);
	assert_int_equal(tracker_ticket_lsn(t, old), 0);
	new = event(t, 100, 0);
	commit(t, 100, 1);
	tracker_delivered(t, old);
	assert_int_equal(tracker_flush(t), 0);
	tracker_delivered(t, new);
	assert_int_equal(tracker_flush(t), 100);
}

static void
what_is_taken_back_is_new_again(void **state)
{
	Tracker *t = *state;
	TrackerTicket first = event(t, 100, 0);
	TrackerTicket second;

	event(t, 100, 1);
	assert_int_equal(tracker_owed(t), 2);
	tracker_delivered(t, first);
	tracker_take_back(t);
	assert_int_equal(tracker_owed(t), 0);
	/* Nothing of it counts: not for the stream, not for the transaction. */
	broken(t, 100, 2);
	second = event(t, 100, 1);
	assert_int_equal(second, first);
	commit(t, 100, 2);
	assert_int_equal(tracker_flush(t), 0);
	tracker_delivered(t, second);
	assert_int_equal(tracker_flush(t), 100);

	/* The first of a transaction, after which the stream is read again. */
	event(t, 200, 0);
	tracker_take_back(t);
	tracker_reconnected(t);
	seen(t, 100, 0);
	seen(t, 100, 1);
	commit(t, 100, 2);
	second = event(t, 200, 0);
	commit(t, 200, 1);
	tracker_delivered(t, second);
	assert_int_equal(tracker_flush(t), 200);
}

static void
what_is_published_is_more_than_a_position(void **state)
{
	Tracker *t = *state;
	TrackerTicket ticket;

	tracker_position(t, 50);
	assert_int_equal(tracker_flush(t), 50);
	assert_int_equal(tracker_published(t), 0);
	ticket = event(t, 100, 0);
	commit(t, 100, 1);
	tracker_position(t, 150);
	assert_int_equal(tracker_published(t), 0);
	tracker_delivered(t, ticket);
	assert_int_equal(tracker_flush(t), 150);
	assert_int_equal(tracker_published(t), 100);
	event(t, 200, 0);
	tracker_reset(t);
	assert_int_equal(tracker_published(t), 0);
	assert_int_equal(tracker_owed(t), 0);
}

static void
one_commit_delivers_all_that_was_produced(void **state)
{
	Tracker *t = *state;
	uint32_t events;

	event(t, 100, 0);
	commit(t, 100, 1);
	event(t, 200, 0);
	assert_true(tracker_is_inside(t));
	assert_int_equal(tracker_furthest(t, &events), 200);
	assert_int_equal(events, 1); /* cut at an event */
	tracker_all_delivered(t);
	assert_int_equal(tracker_flush(t), 100);
	event(t, 200, 1);
	commit(t, 200, 2);
	assert_false(tracker_is_inside(t));
	assert_int_equal(tracker_furthest(t, &events), 200);
	assert_int_equal(events, 0);
	assert_int_equal(tracker_flush(t), 100);
	tracker_all_delivered(t);
	assert_int_equal(tracker_flush(t), 200);
}

static void
what_another_process_published_is_passed_over(void **state)
{
	Tracker *t = *state;

	tracker_reset(t);
	tracker_resume(t, 200, 0);
	assert_int_equal(tracker_flush(t), 0); /* the stream has told nothing */
	seen(t, 100, 0);
	commit(t, 100, 1);
	assert_int_equal(tracker_flush(t), 100);
	seen(t, 200, 0);
	seen(t, 200, 1);
	commit(t, 200, 2);
	assert_int_equal(tracker_flush(t), 200);
	tracker_delivered(t, event(t, 300, 0));
	commit(t, 300, 1);
	assert_int_equal(tracker_flush(t), 300);
}

static void
a_part_that_another_process_published_is_passed_over(void **state)
{
	Tracker *t = *state;

	tracker_reset(t);
	tracker_resume(t, 200, 2);
	tracker_position(t, 150);
	assert_int_equal(tracker_flush(t), 0);
	seen(t, 200, 0);
	seen(t, 200, 1);
	event(t, 200, 2);
	commit(t, 200, 3);
	assert_int_equal(tracker_flush(t), 0);
	tracker_all_delivered(t);
	assert_int_equal(tracker_flush(t), 200);
}

static void
a_slot_may_be_ahead_of_what_was_published(void **state)
{
	Tracker *t = *state;

	tracker_reset(t);
	tracker_resume(t, 200, 2);
	event(t, 300, 0);
	commit(t, 300, 1);
	tracker_all_delivered(t);
	assert_int_equal(tracker_flush(t), 300);

	tracker_reset(t);
	tracker_resume(t, 400, 2);
	tracker_position(t, 500);
	assert_int_equal(tracker_flush(t), 500);
	/* What was cut off in this process is another matter. */
	event(t, 600, 0);
	tracker_reconnected(t);
	broken(t, 700, 0);
}

static void
thousands_may_be_in_flight(void **state)
{
	enum
	{
		COUNT = 10000
	};
	static TrackerTicket tickets[COUNT];
	Tracker *t = *state;

	for (int i = 0; i < COUNT; i++)
	{
		tickets[i] = event(t, (Lsn) (1 + i), 0);
		commit(t, (Lsn) (1 + i), 1);
	}
	for (int i = COUNT - 1; i > 0; i--)
		tracker_delivered(t, tickets[i]);
	assert_int_equal(tracker_flush(t), 0);
	tracker_delivered(t, tickets[0]);
	assert_int_equal(tracker_flush(t), COUNT);
}

/*
 * The model: a history of transactions and positions that is known in
 * advance, of which the stream repeats a prefix again and again.  What may be
 * confirmed is looked up again each time, from the beginning.
 */
enum
{
	MODEL_ITEMS = 300,
	MODEL_MAX_EVENTS = 4
};

typedef struct Item
{
	Lsn lsn;
	uint32_t events; /* 0 = a position */
	TrackerTicket tickets[MODEL_MAX_EVENTS];
	bool produced[MODEL_MAX_EVENTS];
	bool delivered[MODEL_MAX_EVENTS];
	bool closed; /* its end was seen on some connection */
} Item;

typedef struct Model
{
	Item items[MODEL_ITEMS];
	int next;          /* the item that comes next */
	uint32_t next_seq; /* and its event */
	int seen;          /* the last item seen on this connection; -1 = none */
} Model;

/* The last item of the contiguous prefix that is finished; -1 = none. */
static int
finished(const Model *model)
{
	for (int i = 0; i < MODEL_ITEMS; i++)
	{
		if (!model->items[i].closed)
			return i - 1;
		for (uint32_t e = 0; e < model->items[i].events; e++)
		{
			if (!model->items[i].delivered[e])
				return i - 1;
		}
	}
	return MODEL_ITEMS - 1;
}

/* What the model says may be confirmed. */
static Lsn
model_flush(const Model *model)
{
	int last = finished(model);

	if (last > model->seen)
		last = model->seen;
	return last < 0 ? 0 : model->items[last].lsn;
}

/* Tells the next line of the history. */
static void
tell_next(Model *model, Tracker *t)
{
	Item *item = &model->items[model->next];

	if (model->next == MODEL_ITEMS)
		return;
	if (model->next_seq < item->events)
	{
		uint32_t seq = model->next_seq++;

		if (item->produced[seq])
			seen(t, item->lsn, seq);
		else
			item->tickets[seq] = event(t, item->lsn, seq);
		item->produced[seq] = true;
		return;
	}
	if (item->events > 0)
		commit(t, item->lsn, item->events);
	else
		tracker_position(t, item->lsn);
	item->closed = true;
	model->seen = model->next++;
	model->next_seq = 0;
}

/* Delivers one event that is in flight, if there is one near a random place. */
static void
deliver_one(Model *model, Tracker *t)
{
	int start = rand() % MODEL_ITEMS;

	for (int n = 0; n < MODEL_ITEMS; n++)
	{
		Item *item = &model->items[(start + n) % MODEL_ITEMS];

		for (uint32_t e = 0; e < item->events; e++)
		{
			if (item->produced[e] && !item->delivered[e])
			{
				item->delivered[e] = true;
				tracker_delivered(t, item->tickets[e]);
				return;
			}
		}
	}
}

/* Begins again where the server may: behind something that was confirmed. */
static void
reconnect(Model *model, Tracker *t, Lsn confirmed)
{
	tracker_reconnected(t);
	model->next = 0;
	while (model->next < MODEL_ITEMS &&
		   model->items[model->next].lsn <= confirmed)
		model->next++;
	model->next_seq = 0;
	model->seen = -1;
}

static void
random_histories_agree_with_the_model(void **state)
{
	unsigned seed = (unsigned) time(NULL);

	(void) state;
	print_message("seed %u\n", seed);
	srand(seed);
	for (int round = 0; round < 200; round++)
	{
		Tracker *t = tracker_new();
		Model model = {.seen = -1};
		Lsn confirmed = 0;

		for (int i = 0; i < MODEL_ITEMS; i++)
		{
			model.items[i].lsn = (Lsn) (10 * (i + 1));
			model.items[i].events = (uint32_t) (rand() % MODEL_MAX_EVENTS);
		}
		while (finished(&model) < MODEL_ITEMS - 1 || model.next < MODEL_ITEMS)
		{
			int action = rand() % 1000;

			if (action < 2)
				reconnect(&model, t, confirmed);
			else if (action < 500)
				tell_next(&model, t);
			else
				deliver_one(&model, t);
			assert_int_equal(tracker_flush(t), model_flush(&model));
			if (rand() % 10 == 0 && tracker_flush(t) > confirmed)
				confirmed = tracker_flush(t);
		}
		assert_int_equal(tracker_flush(t), 10 * MODEL_ITEMS);
		tracker_free(t);
	}
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_transaction_is_confirmed_when_it_is_whole_and_delivered),
		TEST(nothing_passes_the_oldest_that_is_unfinished),
		TEST(positions_move_an_idle_stream),
		TEST(an_event_counts_once_it_is_produced),
		TEST(a_stream_with_a_gap_is_refused),
		TEST(what_was_seen_is_not_new_after_a_reconnect),
		TEST(a_transaction_that_was_cut_off_must_come_again),
		TEST(only_what_this_connection_told_is_confirmed_on_it),
		TEST(a_reset_forgets_all_and_its_tickets),
		TEST(what_is_taken_back_is_new_again),
		TEST(what_is_published_is_more_than_a_position),
		TEST(one_commit_delivers_all_that_was_produced),
		TEST(what_another_process_published_is_passed_over),
		TEST(a_part_that_another_process_published_is_passed_over),
		TEST(a_slot_may_be_ahead_of_what_was_published),
		TEST(thousands_may_be_in_flight),
		TEST(random_histories_agree_with_the_model),
	};

	return cmocka_run_group_tests_name("tracker", tests, NULL, NULL);
}
