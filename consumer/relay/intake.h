/*-------------------------------------------------------------------------
 *
 * relay/intake.h
 *	  Takes the stream's lines apart: events to Kafka, all to the tracker.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_INTAKE_H
#define PG_OUTBOX_RELAY_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/position.h"
#include "kafka/producer.h"
#include "relay/tracker.h"

typedef struct Intake Intake;

typedef enum IntakeResult
{
	INTAKE_EMPTY, /* all lines are taken */
	INTAKE_FULL,  /* no room: again after a delivery, or with a new producer */
	INTAKE_HELD,  /* at an event that cannot be published: see intake_held() */
	INTAKE_BROKEN /* the stream is; the reason is in err */
} IntakeResult;

/* What becomes of an event that cannot be published. */
typedef enum OnError
{
	ON_ERROR_HOLD,        /* the relay waits before it */
	ON_ERROR_STOP,        /* the relay ends before it */
	ON_ERROR_DEAD_LETTER, /* it goes to the dead letter topic */
	ON_ERROR_SKIP         /* it is logged, and passed over */
} OnError;

/* Settings of [relay]. */
typedef struct IntakeOptions
{
	uint64_t budget; /* bytes in flight; lines are left while it is used */
	OnError on_error;
	const char *dead_letter_topic;
	const char *skip; /* positions, as the setting has them; NULL = none */
} IntakeOptions;

/* An event that cannot be published, and that nothing passes. */
typedef struct IntakeHeld
{
	Position position;
	char key[80]; /* cut at this size; empty if it is null */
	Error reason;
	bool may_pass; /* Kafka may take it later: see intake_try_again() */
} IntakeHeld;

/* Kafka, tracker and what the options point to must outlive the intake. */
extern Intake *intake_new(Kafka *kafka, Tracker *tracker,
						  const IntakeOptions *options);
extern void intake_free(Intake *intake);

/*
 * Gives it the lines of one message, separated by line feeds.  They must stay
 * where they are until intake_take() has said INTAKE_EMPTY.
 */
extern void intake_give(Intake *intake, const char *lines, size_t len);

/*
 * Takes nothing before intake_open(), and then lines until so many bytes of
 * keys and values have been produced, and on to the end of their transaction;
 * UINT64_MAX: without end, as it is at first.
 */
extern void intake_shut(Intake *intake);
extern void intake_open(Intake *intake, uint64_t bytes);

/* Tells whether events were produced since, and whether these are enough. */
extern bool intake_has_produced(const Intake *intake);
extern bool intake_reached_limit(const Intake *intake);

/* Takes as many lines as there is room for. */
extern IntakeResult intake_take(Intake *intake, Error *err);

/* Forgets lines that were given but not taken. */
extern void intake_drop(Intake *intake);

/* The furthest position that a line named since the stream began again. */
extern Lsn intake_position(const Intake *intake);

/* The stream begins again: lines that were not taken are forgotten. */
extern void intake_restart(Intake *intake);

/* The same on another history, where positions mean something else. */
extern void intake_reset(Intake *intake);

/* The event that it is held at; NULL if at none.  Valid until the next call. */
extern const IntakeHeld *intake_held(const Intake *intake);

/* What it is held at is to be given to Kafka once more, by a new producer. */
extern void intake_try_again(Intake *intake);

/*
 * Kafka refused an event in a batch, which it takes or refuses as a whole: from
 * now on one event at a time is in flight, until all that has been read by now
 * is confirmed.
 */
extern void intake_be_careful(Intake *intake);
extern bool intake_is_careful(const Intake *intake);

/*
 * One event at a time was in flight and Kafka refused it.  False if that is no
 * refusal in fact: there is no such partition, but the event named none.
 */
extern bool intake_refused(Intake *intake, const KafkaRefusal *refusal);

/*
 * The producer has stopped and what was in flight is given up.  True if the
 * stream can go on from where it is: all that was produced is delivered, but
 * for the event of the line at hand, which will be produced again.  Else the
 * stream has to be read again from the slot's position.
 */
extern bool intake_resume(Intake *intake);

/* All up to here is confirmed, and needs no care any more. */
extern void intake_confirmed(Intake *intake, Lsn flush);

/* Events that were passed over since the beginning. */
extern uint64_t intake_skipped(const Intake *intake);

#endif /* PG_OUTBOX_RELAY_INTAKE_H */
