/*-------------------------------------------------------------------------
 *
 * relay/kafka.c
 *	  Kafka's side of the relay: deliveries, refusals, a producer made anew.
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
on_delivered(void *argument, uint64_t ticket)
{
	Relay *relay = argument;

	tracker_delivered(relay->tracker, ticket);
	backoff_reset(&relay->restarts);
}

/* Kafka refuses an event for good, and the relay stops before it. */
static void
stop_at_refusal(Relay *relay, const KafkaFailure *failure)
{
	Lsn lsn = tracker_ticket_lsn(relay->tracker, failure->ticket);
	Error err;

	relay->all_confirmed = false;
	if (relay->exit_status == EXIT_FAILED)
		return;
	error_set(&err,
			  "Kafka refuses an event of the transaction at " LSN_FORMAT
			  ": %s; neither it nor anything later is confirmed, so start "
			  "pg_outbox again when this is mended",
			  LSN_ARGS(lsn), failure->reason.text);
	relay_give_up(relay, &err);
}

/*
 * Kafka did not take a batch.  Nothing later of this producer gets there, so a
 * new one begins where the slot stands; if an event is refused for good and is
 * not to stop the relay, with one event at a time in flight until it is known
 * which one that is.
 */
static void
on_failed(void *argument, const KafkaFailure *failure)
{
	Relay *relay = argument;
	Error err;

	if (relay->restart)
		return;
	if (failure->refused && relay->on_error == ON_ERROR_STOP)
	{
		stop_at_refusal(relay, failure);
		return;
	}
	relay->restart = true;
	if (!failure->refused)
		log_warning("events were not delivered; beginning again where the "
					"slot stands",
					LOG_TEXT("error", failure->reason.text));
	else if (!intake_is_careful(relay->intake))
		intake_be_careful(relay->intake);
	else if (intake_refused(relay->intake, failure->reason.text,
							failure->too_large, &err))
		backoff_reset(&relay->restarts);
	else
	{
		relay->restart = false;
		relay->all_confirmed = false;
		relay_give_up(relay, &err);
	}
}

void
relay_serve_kafka(Relay *relay)
{
	const KafkaHandlers handlers = {on_delivered, on_failed, relay};
	Error err;

	if (kafka_serve(relay->kafka, &handlers, &err))
		return;
	log_warning("the Kafka producer failed; beginning again where the slot "
				"stands",
				LOG_TEXT("error", err.text));
	relay->restart = true;
}

void
relay_serve_restart(Relay *relay)
{
	if (!relay->restart)
		return;
	relay->restart = false;
	if (relay->phase != PHASE_RUNNING)
	{
		relay->all_confirmed = false;
		relay->exit_status = EXIT_FAILED;
		relay->deadline_ms = clock_ms(); /* nothing more will be delivered */
		return;
	}
	relay_release_message(relay);
	pgstream_close(relay->stream);
	kafka_restart(relay->kafka);
	tracker_reset(relay->tracker);
	memset(&relay->history, 0, sizeof(relay->history));
	relay->reconnect_ms = clock_ms() + backoff_next(&relay->restarts);
}

int64_t
relay_topics_due(const Relay *relay)
{
	if (kafka_in_flight(relay->kafka) == 0)
		return INT64_MAX;
	return relay->topics_ms + TOPICS_INTERVAL_MS;
}

void
relay_serve_topics(Relay *relay)
{
	if (clock_ms() < relay_topics_due(relay))
		return;
	kafka_look_after_topics(relay->kafka);
	relay->topics_ms = clock_ms();
}
