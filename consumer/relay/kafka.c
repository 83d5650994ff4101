/*-------------------------------------------------------------------------
 *
 * relay/kafka.c
 *	  Kafka's side of the relay: deliveries, refusals, a new producer.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "base/clock.h"
#include "base/exit.h"
#include "base/log.h"
#include "relay/end.h"
#include "relay/kafka.h"
#include "relay/stream.h"

/* How often topics that may be missing are looked after, in ms. */
#define TOPICS_INTERVAL_MS 1000

/* An event is in Kafka. */
static void
on_delivered(void *argument, const KafkaDelivery *delivery)
{
	Relay *relay = argument;

	relay->delivery->take_delivery(relay, delivery);
}

/*
 * The producer can go no further.  Whatever the reason is, it may last: so
 * this is logged once, then at growing intervals, and if it comes a second time
 * before anything is confirmed, one event at a time is in flight, which repeats
 * none.
 */
static void
note_failure(Relay *relay, const char *reason)
{
	int64_t now = clock_ms();

	if (relay->failing.since_ms != 0 && relay->delivery->lasts)
		intake_be_careful(relay->intake);
	if (outage_is_due(&relay->failing, now))
		log_warning("the Kafka producer failed; trying again with a new one",
					LOG_INT("waited_s",
							outage_lasted(&relay->failing, now) / 1000),
					LOG_TEXT("error", reason));
	relay->restart = true;
}

/*
 * Kafka did not take a batch.  Nothing later of this producer gets there, so a
 * new one begins; if Kafka refuses an event, with one at a time in flight until
 * it is known which one that is.
 */
static void
on_failed(void *argument, const KafkaFailure *failure)
{
	Relay *relay = argument;
	const char *reason = failure->refusal.reason.text;

	if (relay->restart)
		return;
	if (relay->delivery->take_failure(relay, failure->refused, reason))
		return;
	if (!failure->refused)
		note_failure(relay, reason);
	else if (!intake_is_careful(relay->intake))
	{
		log_info("Kafka refuses a batch; publishing one event at a time to "
				 "find out which",
				 LOG_TEXT("reason", reason));
		intake_be_careful(relay->intake);
		relay->restart = true;
	}
	else if (intake_refused(relay->intake, &failure->refusal))
	{
		relay->restart = true;
		relay->at_once = true;
	}
	else
		note_failure(relay, reason);
}

void
relay_serve_kafka(Relay *relay)
{
	const KafkaHandlers handlers = {on_delivered, on_failed, relay};
	Error err;

	relay->served_ms = clock_epoch_ms();
	if (!kafka_serve(relay->kafka, &handlers, &err) && !relay->restart &&
		!relay->delivery->take_failure(relay, false, err.text))
		note_failure(relay, err.text);
}

/* Stops the producer, and the stream if that has to be read again. */
static void
stop_producer(Relay *relay)
{
	int64_t pause = relay->at_once ? 0 : backoff_next(&relay->restarts);

	relay->delivery->lose_producer(relay);
	kafka_stop(relay->kafka);
	relay->produce_ms = clock_ms() + pause;
	if (relay->delivery->lasts && intake_resume(relay->intake))
		return;
	relay_release_message(relay);
	pgstream_close(relay->stream);
	tracker_reset(relay->tracker);
	intake_restart(relay->intake);
	relay->received = 0;
	relay->reconnect_ms = relay->produce_ms;
}

/* Replaces the producer; the stream is over. */
static void
purge_producer(Relay *relay)
{
	relay_release_message(relay);
	relay->delivery->lose_producer(relay);
	kafka_stop(relay->kafka);
	kafka_begin(relay->kafka);
	tracker_rewind(relay->tracker);
	intake_restart(relay->intake);
}

void
relay_serve_restart(Relay *relay)
{
	if (relay->purge && !relay->restart)
		purge_producer(relay);
	relay->purge = false;
	if (relay->restart && relay->phase != PHASE_RUNNING)
	{
		relay->exit_status = EXIT_FAILED;
		relay->deadline_ms = clock_ms(); /* nothing more will be delivered */
	}
	else if (relay->restart)
		stop_producer(relay);
	relay->restart = false;
	relay->at_once = false;
	if (clock_ms() < relay_restart_due(relay))
		return;
	relay->produce_ms = 0;
	kafka_begin(relay->kafka);
}

int64_t
relay_restart_due(const Relay *relay)
{
	return relay->produce_ms == 0 ? INT64_MAX : relay->produce_ms;
}

int64_t
relay_topics_due(const Relay *relay)
{
	if (!kafka_waits(relay->kafka))
		return INT64_MAX;
	return relay->topics_ms + TOPICS_INTERVAL_MS;
}

void
relay_serve_topics(Relay *relay)
{
	if (clock_ms() < relay_topics_due(relay))
		return;
	kafka_look_after(relay->kafka);
	relay->topics_ms = clock_ms();
}
