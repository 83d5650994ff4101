/*-------------------------------------------------------------------------
 *
 * relay/state.h
 *	  What the parts of the relay share.
 *
 * relay/loop.c has the loop; relay/stream.c, relay/kafka.c and relay/end.c do
 *what it finds to do for PostgreSQL, for Kafka, and when the relay stops.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_STATE_H
#define PG_OUTBOX_RELAY_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "relay/backoff.h"
#include "config/values.h"
#include "relay/intake.h"
#include "kafka/producer.h"
#include "relay/maintenance.h"
#include "base/outage.h"
#include "postgres/stream.h"
#include "relay/tracker.h"

typedef enum Phase
{
	PHASE_RUNNING,
	PHASE_DRAINING,  /* nothing new is read; what is in flight is awaited */
	PHASE_FINISHING, /* the end of the stream is awaited */
	PHASE_DONE
} Phase;

typedef struct Relay
{
	const Config *config;
	Kafka *kafka;
	PgStream *stream;
	Tracker *tracker;
	Intake *intake;
	Maintenance *maintenance;
	Backoff backoff;  /* of connections to PostgreSQL */
	Backoff restarts; /* of the producer */
	int signals;      /* signalfd */

	OnError on_error;
	Phase phase;
	int exit_status;
	bool all_confirmed;  /* false: something read is not known to be */
	int64_t deadline_ms; /* of draining and finishing */

	PgMessage message; /* whose lines the intake has */
	bool more;         /* stopped reading before the socket was empty */
	bool restart;      /* the producer has to be made anew */
	Outage outage;     /* PostgreSQL cannot be reached, or the slot is in use */
	int64_t reconnect_ms; /* when to connect again; 0 = connected */
	int64_t connect_ms;   /* when the last try began */
	int64_t heard_ms;     /* when PostgreSQL last sent something */
	bool asked;           /* for a sign of life, since then */
	int64_t topics_ms;    /* when topics were last looked after */
	PgHistory history;    /* of the last stream; empty = none yet */

	Lsn received;      /* the furthest position that was read */
	Lsn confirmed;     /* the last flush position told on this connection */
	int64_t status_ms; /* when the last status was sent */
	bool status_asked;
} Relay;

/*
 * relay/stream.c: PostgreSQL's side.  The serve functions do what is due, and
 * the due functions tell when that is, in ms of clock_ms(); INT64_MAX = never.
 */

/* Connects again if it is time to. */
extern void relay_serve_reconnect(Relay *relay);

/* Reads the stream as far as there is room, but for no more than a turn. */
extern void relay_serve_stream(Relay *relay);

/* Gives the buffer of the present message back. */
extern void relay_release_message(Relay *relay);

/* Tells whether the relay reads what PostgreSQL sends. */
extern bool relay_is_listening(const Relay *relay);

/* Asks a silent PostgreSQL for a sign of life, and gives it up at last. */
extern void relay_serve_silence(Relay *relay);
extern int64_t relay_silence_due(const Relay *relay);

/* Tells the server what was read and what it may forget: now, or if due. */
extern void relay_send_status(Relay *relay);
extern void relay_serve_status(Relay *relay);
extern int64_t relay_status_due(const Relay *relay);

/* relay/kafka.c: Kafka's side. */

/* Takes what Kafka has to say. */
extern void relay_serve_kafka(Relay *relay);

/*
 * Begins again, with a new producer, where the slot stands, if that was asked
 * for: what was in flight is given up, and comes again in its order.
 */
extern void relay_serve_restart(Relay *relay);

/* Looks after topics that may be missing. */
extern void relay_serve_topics(Relay *relay);
extern int64_t relay_topics_due(const Relay *relay);

/* relay/end.c: the end. */

/* Stops reading and delivers what is in flight, to exit with a status. */
extern void relay_start_draining(Relay *relay, int exit_status);

/* Something happened that the relay cannot go on from. */
extern void relay_give_up(Relay *relay, const Error *err);

/* Not all that was read could be confirmed; what was not comes again. */
extern void relay_end_unconfirmed(Relay *relay, const char *message,
								  const char *reason);

/* Goes on with the end once all is delivered, or the time is out. */
extern void relay_serve_draining(Relay *relay);

/* The end of the stream has come, or was waited for long enough. */
extern void relay_serve_finishing(Relay *relay);

#endif /* PG_OUTBOX_RELAY_STATE_H */
