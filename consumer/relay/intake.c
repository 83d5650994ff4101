/*-------------------------------------------------------------------------
 *
 * relay/intake.c
 *	  Takes the stream's lines apart: events to Kafka, all to the tracker.
 *
 * Events are produced in the order of the stream, one after the other, and
 * nothing is taken behind one that Kafka cannot take: so the order of a key is
 * the order of its commits.
 *
 * With care (relay/poison.h) the line of the event in flight is kept until it
 * is delivered.  If Kafka refuses it then, all before it is delivered, so the
 * stream need not be read again: the line is taken once more, and what it is
 * by then known to be decides what becomes of it.
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
#include "relay/skip.h"

struct Intake
{
	uint64_t skipped; /* events that were passed over, in all */
	Kafka *kafka;
	Tracker *tracker;
	EnvelopeReader *reader;
	IntakeOptions options;
	Skip *skip;
	Poison *poison;

	const char *next; /* the next line; NULL = none */
	const char *end;
	bool awaiting; /* that line's event is in flight, alone */
	Lsn position;

	bool shut;           /* nothing is taken */
	bool produced;       /* something, since intake_open() */
	uint64_t bytes;      /* of keys and values, since then */
	uint64_t most_bytes; /* then no other transaction is begun */

	bool is_held;
	bool again; /* what it is held at is to be produced */
	IntakeHeld held;

	struct /* what was produced last */
	{
		Position position;
		bool has_partition;
		bool is_letter;
		KafkaRefusal refusal; /* of the event, if that is its letter */
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
	intake->most_bytes = UINT64_MAX;
	intake->skip = skip_new(options->skip);
	intake->poison = poison_new();
	return intake;
}

void
intake_free(Intake *intake)
{
	if (intake == NULL)
		return;
	envelope_reader_free(intake->reader);
	skip_free(intake->skip);
	poison_free(intake->poison);
	free(intake);
}

void
intake_give(Intake *intake, const char *lines, size_t len)
{
	intake->next = lines;
	intake->end = lines + len;
	intake->awaiting = false;
}

void
intake_drop(Intake *intake)
{
	intake->next = NULL;
	intake->awaiting = false;
}

Lsn
intake_position(const Intake *intake)
{
	return intake->position;
}

void
intake_shut(Intake *intake)
{
	intake->shut = true;
}

void
intake_open(Intake *intake, uint64_t bytes)
{
	intake->shut = false;
	intake->produced = false;
	intake->bytes = 0;
	intake->most_bytes = bytes;
}

bool
intake_has_produced(const Intake *intake)
{
	return intake->produced;
}

bool
intake_reached_limit(const Intake *intake)
{
	return intake->bytes >= intake->most_bytes && intake->produced &&
		   !tracker_is_inside(intake->tracker);
}

/* Tells whether nothing more may be produced now. */
static bool
is_full(const Intake *intake)
{
	if (intake->shut || intake_reached_limit(intake))
		return true;
	if (intake->awaiting || poison_is_careful(intake->poison))
		return kafka_in_flight(intake->kafka) > 0;
	/* With nothing in flight nothing would make room. */
	return kafka_in_flight(intake->kafka) > 0 &&
		   kafka_in_flight_bytes(intake->kafka) +
				   tracker_bytes(intake->tracker) >=
			   intake->options.budget;
}

/* Where an event is. */
static Position
position_of(const Envelope *event)
{
	return (Position){event->lsn, event->seq};
}

/* Stays before an event; the relay decides how. */
static IntakeResult
hold(Intake *intake, const Envelope *event, const Error *reason, bool may_pass)
{
	IntakeHeld *held = &intake->held;

	intake->is_held = true;
	intake->again = false;
	held->position = position_of(event);
	held->reason = *reason;
	held->may_pass = may_pass;
	snprintf(held->key, sizeof(held->key), "%.*s", (int) event->key.len,
			 event->key.data != NULL ? event->key.data : "");
	return INTAKE_HELD;
}

const IntakeHeld *
intake_held(const Intake *intake)
{
	return intake->is_held ? &intake->held : NULL;
}

void
intake_try_again(Intake *intake)
{
	intake->again = true;
	poison_be_careful(intake->poison, intake->held.position.lsn);
}

/* Why the decoder could not make an event of a row. */
static void
describe_error_line(const Envelope *event, KafkaRefusal *refusal)
{
	*refusal = (KafkaRefusal){.lasts = true};
	if (event->topic.data != NULL)
		error_set(&refusal->reason, "%.*s (%.*s, topic \"%.*s\")",
				  (int) event->error.len, event->error.data,
				  (int) event->relation.len, event->relation.data,
				  (int) event->topic.len, event->topic.data);
	else
		error_set(&refusal->reason, "%.*s (%.*s)", (int) event->error.len,
				  event->error.data, (int) event->relation.len,
				  event->relation.data);
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

/* Logs what becomes of an event that is not published. */
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

/* Notes what is in flight now; a letter has the refusal of its event. */
static void
count_produced(Intake *intake, const Envelope *event,
			   const KafkaRefusal *refusal)
{
	tracker_produced(intake->tracker);
	tracker_set_time(intake->tracker,
					 event->committed < 0 ? event->ts : event->committed);
	intake->produced = true;
	intake->bytes += event->key.len + event->payload.len;
	intake->awaiting = poison_is_careful(intake->poison);
	if (position_compare(intake->held.position, position_of(event)) == 0)
		intake->again = false;
	intake->last.position = position_of(event);
	intake->last.has_partition = event->partition != ENVELOPE_NO_PARTITION;
	intake->last.is_letter = refusal != NULL;
	if (refusal != NULL)
		intake->last.refusal = *refusal;
}

/*
 * Sends an event that cannot be published to the dead letter topic, cut as far
 * as that takes.
 */
static IntakeResult
send_dead_letter(Intake *intake, const Envelope *event, TrackerTicket ticket,
				 const KafkaRefusal *refusal)
{
	PoisonEvent *poison = poison_find(intake->poison, position_of(event));
	DeadLetterCut cut = DEAD_LETTER_WHOLE;
	DeadLetter letter;
	KafkaResult result;
	KafkaRefusal answer;

	if (poison != NULL && poison->letter_refused)
	{
		if (dead_letter_cut(&poison->cut, event, &poison->letter))
			poison->letter_refused = false;
		else if (!intake->again)
			return hold(intake, event, &poison->letter.reason, true);
	}
	if (poison != NULL)
		cut = poison->cut;
	do
	{
		dead_letter_make(&letter, event, intake->options.dead_letter_topic, cut,
						 refusal->reason.text, refusal->code);
		result = kafka_produce(intake->kafka, &letter.record, ticket, &answer);
	} while (result == KAFKA_REFUSED && dead_letter_cut(&cut, event, &answer));
	switch (result)
	{
		case KAFKA_QUEUED:
			log_poison("event goes to the dead letter topic", event,
					   refusal->reason.text);
			count_produced(intake, event, refusal);
			return INTAKE_EMPTY;
		case KAFKA_FULL:
			return INTAKE_FULL;
		case KAFKA_REFUSED:
			break;
	}
	return hold(intake, event, &answer.reason, !answer.lasts);
}

/* Passes over an event: it counts as delivered. */
static IntakeResult
pass_over(Intake *intake, TrackerTicket ticket)
{
	tracker_produced(intake->tracker);
	tracker_delivered(intake->tracker, ticket);
	intake->skipped++;
	return INTAKE_EMPTY;
}

/* An event that cannot be published: what [relay] on_error says. */
static IntakeResult
take_poison(Intake *intake, const Envelope *event, TrackerTicket ticket,
			const KafkaRefusal *refusal)
{
	switch (intake->options.on_error)
	{
		case ON_ERROR_HOLD:
		case ON_ERROR_STOP:
			break;
		case ON_ERROR_DEAD_LETTER:
			return send_dead_letter(intake, event, ticket, refusal);
		case ON_ERROR_SKIP:
			log_poison("event is skipped", event, refusal->reason.text);
			return pass_over(intake, ticket);
	}
	return hold(intake, event, &refusal->reason, !refusal->lasts);
}

/* Tells whether a refused event is to be produced nevertheless. */
static bool
is_tried_again(const Intake *intake, const Envelope *event)
{
	return intake->again && intake->options.on_error != ON_ERROR_DEAD_LETTER &&
		   position_compare(intake->held.position, position_of(event)) == 0;
}

/* Hands an event to Kafka, unless it is known that it cannot be published. */
static IntakeResult
publish(Intake *intake, const Envelope *event, TrackerTicket ticket)
{
	const PoisonEvent *poison = poison_find(intake->poison, position_of(event));
	KafkaRecord record;
	KafkaRefusal refusal;

	if (skip_matches(intake->skip, position_of(event)))
	{
		log_poison("event is skipped", event, "setting skip names it");
		return pass_over(intake, ticket);
	}
	if (event->kind == ENVELOPE_ERROR)
		describe_error_line(event, &refusal);
	else if (poison != NULL && !is_tried_again(intake, event))
		refusal = poison->refusal;
	else
	{
		record = record_of(event);
		switch (kafka_produce(intake->kafka, &record, ticket, &refusal))
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
	return take_poison(intake, event, ticket, &refusal);
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
			return INTAKE_BROKEN;
		case TRACKER_NEW:
			break;
	}
	return publish(intake, event, ticket);
}

/*
 * The stream has come to a line: what it was held at is behind it, and so are
 * events that were to be skipped.
 */
static void
note_reached(Intake *intake, const Envelope *envelope)
{
	bool is_event =
		envelope->kind == ENVELOPE_EVENT || envelope->kind == ENVELOPE_ERROR;
	Position reached = {envelope->lsn, is_event ? envelope->seq : UINT32_MAX};
	const Position *missed;
	char text[POSITION_TEXT_SIZE];

	if (envelope->lsn > intake->position)
		intake->position = envelope->lsn;
	if (intake->is_held && position_compare(intake->held.position, reached) < 0)
		intake->is_held = false;
	while ((missed = skip_missed(intake->skip, reached)) != NULL)
	{
		snprintf(text, sizeof(text), POSITION_FORMAT, POSITION_ARGS(*missed));
		log_warning("nothing was skipped: there is no event at the position "
					"that setting skip names, or it is confirmed already",
					LOG_TEXT("skip", text));
	}
}

/* One line of any kind. */
static IntakeResult
take_line(Intake *intake, const char *line, size_t len, Error *err)
{
	Envelope envelope;

	if (!envelope_read(intake->reader, line, len, &envelope, err))
		return INTAKE_BROKEN;
	note_reached(intake, &envelope);
	switch (envelope.kind)
	{
		case ENVELOPE_EVENT:
		case ENVELOPE_ERROR:
			return take_event(intake, &envelope, err);
		case ENVELOPE_COMMIT:
			return tracker_commit(intake->tracker, envelope.lsn,
								  envelope.events, err)
					   ? INTAKE_EMPTY
					   : INTAKE_BROKEN;
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
		IntakeResult result = INTAKE_EMPTY;

		if (is_full(intake))
			return INTAKE_FULL;
		if (intake->awaiting)
			intake->awaiting = false; /* it is delivered */
		else
			result = take_line(intake, intake->next, len, err);
		if (result != INTAKE_EMPTY)
			return result;
		if (!intake->awaiting)
			intake->next = feed ? feed + 1 : NULL;
	}
	return INTAKE_EMPTY;
}

void
intake_restart(Intake *intake)
{
	intake_drop(intake);
	intake->position = 0;
}

void
intake_reset(Intake *intake)
{
	intake_restart(intake);
	poison_reset(intake->poison);
	intake->is_held = false;
	intake->again = false;
}

void
intake_be_careful(Intake *intake)
{
	poison_be_careful(intake->poison, intake->position);
}

bool
intake_is_careful(const Intake *intake)
{
	return poison_is_careful(intake->poison);
}

bool
intake_refused(Intake *intake, const KafkaRefusal *refusal)
{
	PoisonEvent *poison;

	if (refusal->partition &&
		(intake->last.is_letter || !intake->last.has_partition))
		return false;
	if (!intake->last.is_letter)
	{
		poison_add(intake->poison, intake->last.position, refusal);
		return true;
	}
	poison = poison_add(intake->poison, intake->last.position,
						&intake->last.refusal);
	poison->letter_refused = true;
	poison->letter = *refusal;
	return true;
}

bool
intake_resume(Intake *intake)
{
	uint64_t owed = tracker_owed(intake->tracker);

	if (owed > (intake->awaiting ? 1 : 0))
		return false;
	if (owed == 1)
	{
		tracker_take_back(intake->tracker);
		intake->awaiting = false;
	}
	return true;
}

void
intake_confirmed(Intake *intake, Lsn flush)
{
	poison_confirmed(intake->poison, flush);
}

uint64_t
intake_skipped(const Intake *intake)
{
	return intake->skipped;
}
