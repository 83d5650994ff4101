/*-------------------------------------------------------------------------
 *
 * test_producer.c
 *	  Tests of what the producer concludes from the answers of brokers:
 *	  kafka/producer.c, kafka/pilots.c.  The broker is librdkafka's mock, which
 *	  takes any sequence number, as one does that does not know the producer.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <poll.h>

#include "base/clock.h"
#include "kafka/producer.h"

/* Number of ProduceRequest in the protocol. */
#define PRODUCE 0

/* Longer than anything takes here, in ms. */
#define PATIENCE_MS 30000

/* How late a broker answers that is to have several requests, in ms. */
#define ANSWER_MS 500

/* A producer, its broker, and what it reported. */
typedef struct Site
{
	Config *config;
	Kafka *kafka;
	rd_kafka_mock_cluster_t *broker;
	uint64_t delivered[16]; /* tickets, in order */
	size_t n_delivered;
	bool expects_refusal;
	bool failed;      /* an event was not delivered */
	uint64_t refused; /* its ticket, if it was refused as it is */
	bool ok;          /* as kafka_serve() says */
	Error err;
} Site;

static void
on_delivered(void *argument, const KafkaDelivery *delivery)
{
	Site *site = argument;

	assert_true(site->n_delivered < 16);
	site->delivered[site->n_delivered++] = delivery->ticket;
}

static void
on_failed(void *argument, const KafkaFailure *failure)
{
	Site *site = argument;

	assert_true(site->expects_refusal || !failure->refused);
	site->failed = true;
	site->refused = failure->refused ? failure->ticket : 0;
}

/*
 * Sets up a broker with topic "t", and a producer with this partitioner; each
 * event goes in a request of its own.
 */
static void
set_up_with(Site *site, int partitions, const char *partitioner)
{
	static const char *const settings[] = {"kafka.bootstrap.servers=mock",
										   "kafka.test.mock.num.brokers=1",
										   "kafka.linger.ms=0",
										   "kafka.batch.num.messages=1"};

	*site = (Site){.config = config_new(), .ok = true};
	assert_true(config_assign(site->config, partitioner, &site->err));
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		assert_true(config_assign(site->config, settings[i], &site->err));
	site->kafka = kafka_new(site->config, &site->err);
	assert_non_null(site->kafka);
	site->broker = rd_kafka_handle_mock_cluster(kafka_handle(site->kafka));
	rd_kafka_mock_topic_create(site->broker, "t", partitions, 1);
}

static void
set_up(Site *site, int partitions)
{
	set_up_with(site, partitions, "kafka.partitioner=murmur2_random");
}

static void
tear_down(Site *site)
{
	kafka_free(site->kafka);
	config_free(site->config);
}

/* Gives an event to the producer; its ticket is its key. */
static KafkaResult
produce(Site *site, uint64_t ticket, int32_t partition)
{
	KafkaRecord record = {.topic = {"t", 1},
						  .key = {(const char *) &ticket, sizeof(ticket)},
						  .partition = partition,
						  .ts = -1};
	KafkaRefusal refusal;

	return kafka_produce(site->kafka, &record, ticket, &refusal);
}

/* Serves once, after something happened. */
static void
serve(Site *site)
{
	const KafkaHandlers handlers = {on_delivered, on_failed, site};
	struct pollfd fd = {.fd = kafka_fd(site->kafka), .events = POLLIN};

	poll(&fd, 1, 100);
	site->ok = kafka_serve(site->kafka, &handlers, &site->err);
}

/* Serves until that many were delivered, or the producer broke off. */
static void
serve_until(Site *site, size_t count)
{
	int64_t end = clock_ms() + PATIENCE_MS;

	while (site->ok && !site->refused && site->n_delivered < count &&
		   clock_ms() < end)
		serve(site);
	assert_true(site->refused || !site->failed);
}

/* The broker refuses the next request, for now. */
static void
refuse_next(Site *site)
{
	rd_kafka_mock_push_request_errors(site->broker, PRODUCE, 1,
									  RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS);
}

static void
the_first_event_of_a_topic_goes_alone(void **state)
{
	int64_t end = clock_ms() + PATIENCE_MS;
	Site site;

	(void) state;
	set_up(&site, 1);
	refuse_next(&site);
	assert_int_equal(produce(&site, 1, KAFKA_ANY_PARTITION), KAFKA_QUEUED);
	while (site.n_delivered == 0 && clock_ms() < end)
	{
		assert_int_equal(produce(&site, 2, KAFKA_ANY_PARTITION), KAFKA_FULL);
		serve(&site);
	}
	assert_int_equal(produce(&site, 2, KAFKA_ANY_PARTITION), KAFKA_QUEUED);
	assert_int_equal(produce(&site, 3, KAFKA_ANY_PARTITION), KAFKA_QUEUED);
	serve_until(&site, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(site.delivered[i], i + 1);
	tear_down(&site);
}

static void
so_does_the_first_one_of_each_partition(void **state)
{
	static const char *const partitioners[] =
		{"kafka.partitioner=consistent", "kafka.partitioner=consistent_random",
		 "kafka.partitioner=fnv1a",      "kafka.partitioner=fnv1a_random",
		 "kafka.partitioner=murmur2",    "kafka.partitioner=murmur2_random"};

	(void) state;
	for (size_t i = 0; i < sizeof(partitioners) / sizeof(partitioners[0]); i++)
	{
		bool waited = false;
		size_t produced = 1;
		Site site;

		set_up_with(&site, 2, partitioners[i]);
		produce(&site, 1, KAFKA_ANY_PARTITION);
		serve_until(&site, 1);
		/* Keys of both: the partition that is new takes one, the other all. */
		for (uint64_t ticket = 2; ticket < 10; ticket++)
		{
			if (produce(&site, ticket, KAFKA_ANY_PARTITION) == KAFKA_FULL)
				waited = true;
			else
				produced++;
		}
		assert_true(waited);
		assert_true(produced > 2);
		serve_until(&site, produced);
		assert_int_equal(site.n_delivered, produced);
		assert_int_equal(produce(&site, 10, 0), KAFKA_QUEUED);
		assert_int_equal(produce(&site, 11, 0), KAFKA_QUEUED);
		tear_down(&site);
	}
}

static void
a_partition_that_an_event_names_is_guarded_too(void **state)
{
	Site site;

	(void) state;
	set_up(&site, 2);
	produce(&site, 1, 0);
	assert_int_equal(produce(&site, 2, 1), KAFKA_FULL);
	assert_int_equal(produce(&site, 2, KAFKA_ANY_PARTITION), KAFKA_FULL);
	serve_until(&site, 1);
	assert_int_equal(produce(&site, 2, 0), KAFKA_QUEUED);
	assert_int_equal(produce(&site, 3, 1), KAFKA_QUEUED);
	assert_int_equal(produce(&site, 4, 1), KAFKA_FULL);
	assert_int_equal(produce(&site, 5, 0), KAFKA_QUEUED);
	serve_until(&site, 4);
	assert_int_equal(produce(&site, 4, 1), KAFKA_QUEUED);
	tear_down(&site);
}

static void
what_librdkafka_concludes_is_no_delivery(void **state)
{
	Site site;

	(void) state;
	set_up(&site, 1);
	produce(&site, 1, KAFKA_ANY_PARTITION);
	serve_until(&site, 1);
	/* Both are in flight before the first is answered. */
	rd_kafka_mock_broker_set_rtt(site.broker, 1, ANSWER_MS);
	refuse_next(&site);
	assert_int_equal(produce(&site, 2, KAFKA_ANY_PARTITION), KAFKA_QUEUED);
	assert_int_equal(produce(&site, 3, KAFKA_ANY_PARTITION), KAFKA_QUEUED);
	serve_until(&site, 3);
	assert_false(site.ok);
	assert_non_null(strstr(site.err.text, "has not said that it has this one"));
	for (size_t i = 0; i < site.n_delivered; i++)
		assert_int_not_equal(site.delivered[i], 2);
	tear_down(&site);
}

/* The broker refuses all that comes, and says that there is no such topic. */
static void
delete_topic(Site *site)
{
	for (int i = 0; i < 100; i++)
		rd_kafka_mock_push_request_errors(
			site->broker, PRODUCE, 1, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
	rd_kafka_mock_topic_set_error(site->broker, "t",
								  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
}

/* librdkafka says so itself up to 2.8; 2.14 leaves it to the look. */
static void
a_topic_that_was_deleted_ends_the_producer(void **state)
{
	int64_t end = clock_ms() + PATIENCE_MS;
	Site site;

	(void) state;
	set_up(&site, 1);
	produce(&site, 1, KAFKA_ANY_PARTITION);
	serve_until(&site, 1);
	delete_topic(&site);
	assert_int_equal(produce(&site, 2, KAFKA_ANY_PARTITION), KAFKA_QUEUED);
	while (site.ok && !site.failed && clock_ms() < end)
	{
		kafka_look_after(site.kafka);
		serve(&site);
	}
	assert_true(site.failed || !site.ok);
	assert_int_equal(site.refused, 0);
	assert_int_equal(site.n_delivered, 1);
	tear_down(&site);
}

/*
 * Produces events to a topic that is missing, the first ones to partition 0 or
 * to any, the last one to that of its own; and then the topic is there, whose
 * broker refuses the first of them once.
 */
static void
produce_early(Site *site, int32_t partition, int32_t last)
{
	int64_t end = clock_ms() + PATIENCE_MS;
	uint64_t ticket = 1;

	set_up(site, 1);
	site->expects_refusal = last != partition;
	rd_kafka_mock_topic_set_error(site->broker, "t",
								  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
	while (ticket <= 4 && clock_ms() < end)
	{
		if (produce(site, ticket, ticket == 4 ? last : partition) ==
			KAFKA_QUEUED)
			ticket++;
		kafka_look_after(site->kafka);
		serve(site);
	}
	assert_int_equal(kafka_in_flight(site->kafka), 4);
	assert_true(kafka_is_unguarded(site->kafka));
	refuse_next(site);
	rd_kafka_mock_topic_set_error(site->broker, "t",
								  RD_KAFKA_RESP_ERR_NO_ERROR);
	serve_until(site, 4);
}

/* What came, came one behind the other. */
static void
assert_in_order(const Site *site)
{
	for (size_t i = 0; i < site->n_delivered; i++)
		assert_int_equal(site->delivered[i], i + 1);
}

static void
what_waits_for_a_topic_follows_its_first_event(void **state)
{
	static const int32_t partitions[] = {KAFKA_ANY_PARTITION, 0};

	(void) state;
	for (size_t i = 0; i < 2; i++)
	{
		Site site;

		produce_early(&site, partitions[i], partitions[i]);
		assert_int_equal(site.n_delivered, 4);
		assert_in_order(&site);
		assert_int_equal(kafka_in_flight(site.kafka), 0);
		assert_int_equal(kafka_in_flight_bytes(site.kafka), 0);
		assert_false(kafka_is_unguarded(site.kafka));
		tear_down(&site);
	}
}

static void
what_waited_for_a_topic_may_be_refused(void **state)
{
	Site site;

	(void) state;
	produce_early(&site, KAFKA_ANY_PARTITION, 7);
	assert_int_equal(site.refused, 4);
	assert_in_range(site.n_delivered, 1, 3);
	assert_in_order(&site);
	kafka_stop(site.kafka);
	assert_int_equal(kafka_in_flight(site.kafka), 0);
	tear_down(&site);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_event_of_a_topic_goes_alone),
		cmocka_unit_test(so_does_the_first_one_of_each_partition),
		cmocka_unit_test(a_partition_that_an_event_names_is_guarded_too),
		cmocka_unit_test(what_librdkafka_concludes_is_no_delivery),
		cmocka_unit_test(a_topic_that_was_deleted_ends_the_producer),
		cmocka_unit_test(what_waits_for_a_topic_follows_its_first_event),
		cmocka_unit_test(what_waited_for_a_topic_may_be_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
