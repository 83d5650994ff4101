/*-------------------------------------------------------------------------
 *
 * intake.c
 *	  Takes the stream's lines apart: events to Kafka, all to the tracker.
 *
 * Events are produced in the order of the stream, one after the other, and
 * nothing is taken behind one that Kafka cannot take: so the order of a key is
 * the order of its commits.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "envelope.h"
#include "intake.h"
#include "xalloc.h"

struct Intake
{
	Kafka *kafka;
	Tracker *tracker;
	EnvelopeReader *reader;
	uint64_t budget;  /* bytes in flight */
	const char *next; /* the next line; NULL = none */
	const char *end;
	Lsn position;
	Lsn stopped_at;
};

Intake *
intake_new(Kafka *kafka, Tracker *tracker, uint64_t budget)
{
	Intake *intake = xcalloc(1, sizeof(Intake));

	intake->kafka = kafka;
	intake->tracker = tracker;
	intake->reader = envelope_reader_new();
	intake->budget = budget;
	return intake;
}

void
intake_free(Intake *intake)
{
	if (intake == NULL)
		return;
	envelope_reader_free(intake->reader);
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
	return kafka_in_flight_bytes(intake->kafka) >= intake->budget;
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

/* An error line: the decoder could not make an event of a row. */
static IntakeResult
take_error(Intake *intake, const Envelope *event, Error *err)
{
	Error reason;

	if (event->topic.data != NULL)
		error_set(&reason, "%.*s (%.*s, topic \"%.*s\")",
				  (int) event->error.len, event->error.data,
				  (int) event->relation.len, event->relation.data,
				  (int) event->topic.len, event->topic.data);
	else
		error_set(&reason, "%.*s (%.*s)", (int) event->error.len,
				  event->error.data, (int) event->relation.len,
				  event->relation.data);
	return stop_at(intake, event, reason.text, err);
}

/* An event line: to Kafka, unless it was in this process's hands before. */
static IntakeResult
take_event(Intake *intake, const Envelope *event, Error *err)
{
	TrackerTicket ticket;
	Error reason;

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
	if (event->kind == ENVELOPE_ERROR)
		return take_error(intake, event, err);
	switch (kafka_produce(intake->kafka, event, ticket, &reason))
	{
		case KAFKA_QUEUED:
			tracker_produced(intake->tracker);
			return INTAKE_EMPTY;
		case KAFKA_FULL:
			return INTAKE_FULL;
		case KAFKA_REFUSED:
			break;
	}
	return stop_at(intake, event, reason.text, err);
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
