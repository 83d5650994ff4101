/*-------------------------------------------------------------------------
 *
 * intake.h
 *	  Takes the stream's lines apart: events to Kafka, all to the tracker.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_INTAKE_H
#define PG_OUTBOX_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "kafka.h"
#include "lsn.h"
#include "tracker.h"

typedef struct Intake Intake;

typedef enum IntakeResult
{
	INTAKE_EMPTY,  /* all lines are taken */
	INTAKE_FULL,   /* the budget is used: again after a delivery */
	INTAKE_STOPPED /* a line that nothing may pass; the reason is in err */
} IntakeResult;

/*
 * Kafka and tracker must outlive the intake.  Lines are left where they are
 * while more than budget bytes are in flight.
 */
extern Intake *intake_new(Kafka *kafka, Tracker *tracker, uint64_t budget);
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

/* The furthest position that a line named. */
extern Lsn intake_position(const Intake *intake);

#endif /* PG_OUTBOX_INTAKE_H */
