/*-------------------------------------------------------------------------
 *
 * relay/state.h
 *	  What the parts of the relay share.
 *
 * relay/loop.c has the loop; relay/stream.c, relay/kafka.c, relay/handover.c
 * and relay/drain.c do what it finds to do for PostgreSQL, for Kafka, when the
 * slot goes from one relay to another, and when the relay stops.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_STATE_H
#define PG_OUTBOX_RELAY_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/outage.h"
#include "base/position.h"
#include "config/values.h"
#include "kafka/producer.h"
#include "postgres/stream.h"
#include "relay/backoff.h"
#include "relay/counters.h"
#include "relay/delivery.h"
#include "relay/guest.h"
#include "relay/intake.h"
#include "relay/maintenance.h"
#include "relay/tracker.h"

typedef enum Phase
{
	PHASE_RUNNING,
	PHASE_DRAINING,  /* nothing new is read; what is in flight is awaited */
	PHASE_FINISHING, /* the end of the stream is awaited */
	PHASE_DONE
} Phase;

/* The relay is before an event that cannot be published. */
typedef struct Hold
{
	bool waiting;      /* nothing is taken from the stream */
	Position position; /* of the last event that it was held at */
	Error reason;      /* that was reported */
	Outage outage;     /* none: it is not held, or not any more */
	Backoff backoff;
	int64_t retry_ms; /* when Kafka is asked again; INT64_MAX = never */
} Hold;

typedef struct Relay
{
	const Config *config;
	Kafka *kafka;
	PgStream *stream;
	Tracker *tracker;
	Intake *intake;
	Delivery *delivery;
	Maintenance *maintenance;
	Backoff backoff;  /* of connections to PostgreSQL */
	Backoff restarts; /* of the producer, all of them */
	int signals;      /* signalfd */

	OnError on_error;
	Phase phase;
	int exit_status;
	bool ended;          /* the server has ended the stream in order */
	int64_t deadline_ms; /* of draining and finishing */

	bool drained;       /* all that PostgreSQL had sent was read */
	int64_t proof_ms;   /* the slot was ours then, at least until */
	int64_t acked_ms;   /* the network had acknowledged all that we sent */
	int64_t lost_ms;    /* since when it may be another's; 0 = it is not */
	bool others;        /* another was seen with it since then */
	int64_t quiet_ms;   /* nothing is published before */
	int64_t give_up_ms; /* when what is in flight is given up; 0 = never */
	bool purge;         /* it is, now */
	int64_t turn_ms;    /* when the last turn of the loop began */
	int64_t late_ms;    /* how much later than it was to, at most */
	int64_t sleep_ms;   /* what it was to sleep at most; -1 = for ever */
	bool continued;     /* SIGCONT has come */

	PgMessage message; /* whose lines the intake has */
	bool more;         /* stopped reading before the socket was empty */
	bool more_comes;   /* the last message was full, so another follows soon */
	bool restart;      /* the producer has to be replaced */
	bool at_once;      /* and without a pause */
	Outage outage;     /* PostgreSQL cannot be reached, or the slot is in use */
	bool standing_by;  /* it is the latter that was reported */
	Outage blocked;    /* the server waits for others to start the stream */
	Outage failing;    /* producers fail, and nothing gets published */
	int64_t produce_ms; /* when the next producer begins; 0 = there is one */
	Hold hold;
	int64_t reconnect_ms; /* when to connect, or to look, again; 0 = not */
	int64_t heard_ms;     /* when PostgreSQL last sent something */
	bool asked;           /* for a sign of life, since then */
	int64_t topics_ms;    /* when topics were last looked after */
	PgHistory history;    /* of the last stream; empty = none yet */

	Lsn received;      /* the furthest position that was read */
	Lsn confirmed;     /* the last flush position sent on this connection */
	Lsn published;     /* the furthest confirmed transaction with an event */
	int64_t status_ms; /* when the last status was sent */
	bool status_asked;

	/* what is seen from outside, and decides nothing */
	Counters counters;
	int64_t served_ms;  /* when Kafka was served last, ms since the epoch */
	int64_t started_ms; /* when the relay began, in ms of clock_ms() */
	Error waiting;      /* why PostgreSQL is waited for */
	Phase observed;     /* that the guests have seen */
	struct
	{
		uint64_t progress; /* tracker_progress() and intake_position() */
		Lsn position;
		int64_t since_ms; /* as they are now; 0 = nothing waits */
	} still;
	const RelayGuest *guests;
	size_t n_guests;
} Relay;

#endif /* PG_OUTBOX_RELAY_STATE_H */
