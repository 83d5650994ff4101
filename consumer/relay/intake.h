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
#include "base/lsn.h"
#include "kafka/producer.h"
#include "relay/tracker.h"

typedef struct Intake Intake;

typedef enum IntakeResult
{
	INTAKE_EMPTY,  /* all lines are taken */
	INTAKE_FULL,   /* the budget is used: again after a delivery */
	INTAKE_STOPPED /* a line that nothing may pass; the reason is in err */
} IntakeResult;

/* What becomes of an event that cannot be published. */
typedef enum OnError
{
	ON_ERROR_STOP,        /* the relay stops before it */
	ON_ERROR_DEAD_LETTER, /* it goes to the dead letter topic */
	ON_ERROR_SKIP         /* it is told of, and passed over */
} OnError;

/* Settings of [relay]. */
typedef struct IntakeOptions
{
	uint64_t budget; /* bytes in flight; lines are left while it is used */
	OnError on_error;
	const char *dead_letter_topic;
} IntakeOptions;

/* Kafka, tracker and what the options point to must outlive the intake. */
extern Intake *intake_new(Kafka *kafka, Tracker *tracker,
						  const IntakeOptions *options);
extern void intake_free(Intake *intake);

/*
 * Gives it the lines of one message, separated by line feeds.  They must stay
 * where they are until intake_take() has said INTAKE_EMPTY.
 */
extern void intake_give(Intake *intake, const char *lines, size_t len);

/* Takes as many lines as there is room for. */
extern IntakeResult intake_take(Intake *intake, Error *err);

/* Forgets lines that were given but not taken. */
extern void intake_drop(Intake *intake);

/* True while the budget is used: nothing more is to be read. */
extern bool intake_is_full(const Intake *intake);

/*
 * The transaction of the event that stopped it and cannot be published; 0 if
 * it stopped for another reason.  All before it has been produced.
 */
extern Lsn intake_stopped_at(const Intake *intake);

/* The furthest position that a line named since the stream began anew. */
extern Lsn intake_position(const Intake *intake);

/* The stream begins anew: lines that were not taken are forgotten. */
extern void intake_restart(Intake *intake);

/*
 * Kafka refused an event in a batch, which it takes or refuses as a whole, and
 * the stream is going to begin anew: from there up to here one event at a time
 * is in flight, so that the next refusal says which one it is.
 */
extern void intake_be_careful(Intake *intake);

/*
 * One event at a time was in flight and Kafka refused it, for its size or
 * another reason.  When it comes again it will not be produced.  False, with
 * the reason in err, if nothing can be done: it was a dead letter already.
 */
extern bool intake_refused(Intake *intake, const char *reason, bool too_large,
						   Error *err);

/* True while one event at a time is in flight. */
extern bool intake_is_careful(const Intake *intake);

/* What is confirmed needs no care any more. */
extern void intake_confirmed(Intake *intake, Lsn flush);

#endif /* PG_OUTBOX_RELAY_INTAKE_H */
