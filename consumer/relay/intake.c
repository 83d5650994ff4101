/*-------------------------------------------------------------------------
 *
 * relay/intake.c
 *	  Takes the stream's lines apart: events to Kafka, all to the tracker.
 *
 * Events are produced in the order of the stream, one after the other, and
 * nothing is taken behind one that Kafka cannot take: so the order of a key is
 * the order of its commits.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "envelope/reader.h"
#include "relay/dead_letter.h"
#include "relay/intake.h"
#include "relay/poison.h"

struct Intake
{
	Kafka *kafka;
	Tracker *tracker;
	EnvelopeReader *reader;
	IntakeOptions options;
	const char *next; /* the next line; NULL = none */
	const char *end;
	Lsn position;
	Lsn stopped_at;

	Poison *poison;
	Lsn careful_until; /* up to here one event at a time; 0 = no care */
	struct             /* what was produced last */
	{
		Lsn lsn;
		uint32_t seq;
		bool is_dead_letter;
		bool without_value;
	} last;
};

Intake *
intake_new(Kafka *kafka, Tracker *tracker, const IntakeOptions *options)
{
	Intake *intake = xcalloc(1, sizeof(Intake));

	intake->kafka = kafka;
	intake->tracker = tracker;
	intake->reader = envelope_reader_new();
	intake->options = *options;
	intake->poison = poison_new();
	return intake;
}

void
intake_free(Intake *intake)
{
	if (intake == NULL)
		return;
	envelope_reader_free(intake->reader);
	poison_free(intake->poison);
	free(intake);
}

void
intake_give(Intake *intake, const char *lines, size_t len)
{
	intake->next = lines;
	intake->end = lines + len;
}

void
intake_drop(Intake *intake)
{
	intake->next = NULL;
}

bool
intake_is_full(const Intake *intake)
{
	if (intake->careful_until != 0 && kafka_in_flight(intake->kafka) > 0)
		return true;
	return kafka_in_flight_bytes(intake->kafka) >= intake->options.budget;
}

Lsn
intake_stopped_at(const Intake *intake)
{
	return intake->stopped_at;
}

Lsn
intake_position(const Intake *intake)
{
	return intake->position;
}

/* Writes why an event stops the relay. */
static IntakeResult
stop_at(Intake *intake, const Envelope *event, const char *reason, Error *err)
{
	error_set(err,
			  "event %u of the transaction at " LSN_FORMAT
			  " cannot be published: %s; nothing later is confirmed",
			  event->seq, LSN_ARGS(event->lsn), reason);
	intake->stopped_at = event->lsn;
	return INTAKE_STOPPED;
}

/* Why the decoder could not make an event of a row. */
static void
describe_error_line(const Envelope *event, Error *reason)
{
	if (event->topic.data != NULL)
		error_set(reason, "%.*s (%.*s, topic \"%.*s\")", (int) event->error.len,
				  event->error.data, (int) event->relation.len,
				  event->relation.data, (int) event->topic.len,
				  event->topic.data);
	else
		error_set(reason, "%.*s (%.*s)", (int) event->error.len,
				  event->error.data, (int) event->relation.len,
				  event->relation.data);
}

/* Tells of an event that is passed over, or becomes a dead letter. */
static void
log_poison(const char *message, const Envelope *event, const char *reason)
{
	char key[80];

	snprintf(key, sizeof(key), "%.*s", (int) event->key.len,
			 event->key.data ? event->key.data : "");
	log_warning(message, LOG_LSN("lsn", event->lsn), LOG_INT("seq", event->seq),
				LOG_TEXT("key", event->key.data ? key : NULL),
				LOG_TEXT("reason", reason));
}

/* The event as Kafka takes it. */
static KafkaRecord
record_of(const Envelope *event)
{
	return (KafkaRecord){.topic = event->topic,
						 .key = event->key,
						 .value = event->payload,
						 .partition = event->partition == ENVELOPE_NO_PARTITION
										  ? KAFKA_ANY_PARTITION
										  : event->partition,
						 .ts = event->ts,
						 .headers = event->headers,
						 .n_headers = event->n_headers};
}

/* Notes what is in flight now: the event, or its dead letter. */
static void
count_produced(Intake *intake, const Envelope *event, const DeadLetter *letter)
{
	tracker_produced(intake->tracker);
	intake->last.lsn = event->lsn;
	intake->last.seq = event->seq;
	intake->last.is_dead_letter = letter != NULL;
	intake->last.without_value =
		letter != NULL && letter->record.value.data == NULL;
}

/* Sends an event that cannot be published to the dead letter topic. */
static IntakeResult
send_dead_letter(Intake *intake, const Envelope *event, TrackerTicket ticket,
				 const char *reason, Error *err)
{
	const PoisonEvent *poison =
		poison_find(intake->poison, event->lsn, event->seq);
	DeadLetter letter;
	KafkaResult result;
	Error refusal;

	dead_letter_make(&letter, event, intake->options.dead_letter_topic, reason);
	if (poison != NULL && poison->without_value)
		letter.record.value = (Slice){NULL, 0};
	result = kafka_produce(intake->kafka, &letter.record, ticket, &refusal);
	if (result == KAFKA_REFUSED && letter.record.value.data != NULL)
	{
		letter.record.value = (Slice){NULL, 0};
		result = kafka_produce(intake->kafka, &letter.record, ticket, &refusal);
	}
	switch (result)
	{
		case KAFKA_QUEUED:
			log_poison("event goes to the dead letter topic", event, reason);
			count_produced(intake, event, &letter);
			return INTAKE_EMPTY;
		case KAFKA_FULL:
			return INTAKE_FULL;
		case KAFKA_REFUSED:
			break;
	}
	return stop_at(intake, event, refusal.text, err);
}

/* An event that cannot be published: what [relay] on_error says. */
static IntakeResult
take_poison(Intake *intake, const Envelope *event, TrackerTicket ticket,
			const char *reason, Error *err)
{
	switch (intake->options.on_error)
	{
		case ON_ERROR_STOP:
			break;
		case ON_ERROR_DEAD_LETTER:
			return send_dead_letter(intake, event, ticket, reason, err);
		case ON_ERROR_SKIP:
			log_poison("event is skipped", event, reason);
			tracker_produced(intake->tracker);
			tracker_delivered(intake->tracker, ticket);
			return INTAKE_EMPTY;
	}
	return stop_at(intake, event, reason, err);
}

/* Hands an event to Kafka, unless it is known that it cannot be published. */
static IntakeResult
publish(Intake *intake, const Envelope *event, TrackerTicket ticket, Error *err)
{
	const PoisonEvent *poison =
		poison_find(intake->poison, event->lsn, event->seq);
	Error reason;

	if (event->kind == ENVELOPE_ERROR)
		describe_error_line(event, &reason);
	else if (poison != NULL)
		reason = poison->reason;
	else
	{
		KafkaRecord record = record_of(event);

		switch (kafka_produce(intake->kafka, &record, ticket, &reason))
		{
			case KAFKA_QUEUED:
				count_produced(intake, event, NULL);
				return INTAKE_EMPTY;
			case KAFKA_FULL:
				return INTAKE_FULL;
			case KAFKA_REFUSED:
				break;
		}
	}
	return take_poison(intake, event, ticket, reason.text, err);
}

/* An event line, unless the event was in this process's hands before. */
static IntakeResult
take_event(Intake *intake, const Envelope *event, Error *err)
{
	TrackerTicket ticket;

	switch (
		tracker_event(intake->tracker, event->lsn, event->seq, &ticket, err))
	{
		case TRACKER_SEEN:
			return INTAKE_EMPTY;
		case TRACKER_BROKEN:
			return INTAKE_STOPPED;
		case TRACKER_NEW:
			break;
	}
	return publish(intake, event, ticket, err);
}

/* One line of any kind. */
static IntakeResult
take_line(Intake *intake, const char *line, size_t len, Error *err)
{
	Envelope envelope;

	if (!envelope_read(intake->reader, line, len, &envelope, err))
		return INTAKE_STOPPED;
	if (envelope.lsn > intake->position)
		intake->position = envelope.lsn;
	switch (envelope.kind)
	{
		case ENVELOPE_EVENT:
		case ENVELOPE_ERROR:
			return take_event(intake, &envelope, err);
		case ENVELOPE_COMMIT:
			return tracker_commit(intake->tracker, envelope.lsn,
								  envelope.events, err)
					   ? INTAKE_EMPTY
					   : INTAKE_STOPPED;
		case ENVELOPE_POSITION:
			tracker_position(intake->tracker, envelope.lsn);
			break;
	}
	return INTAKE_EMPTY;
}

IntakeResult
intake_take(Intake *intake, Error *err)
{
	while (intake->next != NULL)
	{
		size_t rest = (size_t) (intake->end - intake->next);
		const char *feed = memchr(intake->next, '\n', rest);
		size_t len = feed ? (size_t) (feed - intake->next) : rest;
		IntakeResult result;

		if (intake_is_full(intake))
			return INTAKE_FULL;
		result = take_line(intake, intake->next, len, err);
		if (result != INTAKE_EMPTY)
			return result;
		intake->next = feed ? feed + 1 : NULL;
	}
	return INTAKE_EMPTY;
}

void
intake_restart(Intake *intake)
{
	intake->next = NULL;
	intake->position = 0;
}

void
intake_be_careful(Intake *intake)
{
	if (intake->position > intake->careful_until)
		intake->careful_until = intake->position;
}

bool
intake_is_careful(const Intake *intake)
{
	return intake->careful_until != 0;
}

bool
intake_refused(Intake *intake, const char *reason, bool too_large, Error *err)
{
	PoisonEvent *poison =
		poison_find(intake->poison, intake->last.lsn, intake->last.seq);

	if (intake->last.is_dead_letter &&
		(!too_large || intake->last.without_value))
		return error_set(err,
						 "the dead letter of event %u of the transaction "
						 "at " LSN_FORMAT
						 " is refused: %s; nothing later is confirmed, so "
						 "start pg_outbox again when this is mended",
						 intake->last.seq, LSN_ARGS(intake->last.lsn), reason);
	if (poison == NULL)
		poison = poison_add(intake->poison, intake->last.lsn, intake->last.seq,
							reason);
	poison->without_value = intake->last.is_dead_letter;
	intake_be_careful(intake);
	return true;
}

void
intake_confirmed(Intake *intake, Lsn flush)
{
	poison_forget(intake->poison, flush);
	if (flush >= intake->careful_until)
		intake->careful_until = 0;
}
