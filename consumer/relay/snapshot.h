/*-------------------------------------------------------------------------
 *
 * relay/snapshot.h
 *	  The relay as it is at one moment, for those who look at it from outside.
 *
 * All texts belong to the relay and are valid until its loop goes on.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_SNAPSHOT_H
#define PG_OUTBOX_RELAY_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/lsn.h"
#include "relay/counters.h"

typedef enum SnapshotState
{
	SNAPSHOT_CONNECTING,  /* PostgreSQL is not connected, or not yet */
	SNAPSHOT_STREAMING,   /* events are read as they commit */
	SNAPSHOT_STANDING_BY, /* another relay has the slot */
	SNAPSHOT_HELD,        /* an event cannot be published, and is waited at */
	SNAPSHOT_STOPPING
} SnapshotState;

typedef struct Snapshot
{
	SnapshotState state;
	const char *reason;  /* why it is not streaming; NULL = none known */
	int64_t postgres_ms; /* PostgreSQL has been away for, in ms; 0 = is not */
	int64_t kafka_ms;    /* the same of Kafka */
	const char *kafka_reason; /* what Kafka's client says; NULL = nothing */

	const Counters *counters;
	uint64_t in_flight_events;
	uint64_t in_flight_bytes;
	bool has_oldest;   /* an event is not acknowledged yet */
	int64_t oldest_ms; /* since it committed, in ms */
	int64_t stuck_ms;  /* something waits, and nothing has moved for, in ms */
	Lsn received;      /* the end of the server's WAL, as far as known */
	Lsn confirmed;     /* what the slot was told; 0 = not known */
	int64_t now_ms;    /* the time, in ms since the epoch */
	int64_t uptime_ms;
} Snapshot;

/* The name of a state, as metrics and JSON have it: "streaming". */
extern const char *snapshot_state_name(SnapshotState state);

/* WAL between what is confirmed and what the server has, in bytes. */
extern uint64_t snapshot_lag_bytes(const Snapshot *snapshot);

/* The state in a sentence for people. */
extern void snapshot_sentence(const Snapshot *snapshot, Error *sentence);

/*
 * Whether the relay makes progress: it streams or stands by, and nothing that
 * waits has stood still for longer than stall_ms.  If not, why says what is
 * wrong and for how long.
 */
extern bool snapshot_is_ready(const Snapshot *snapshot, int64_t stall_ms,
							  Error *why);

#endif /* PG_OUTBOX_RELAY_SNAPSHOT_H */
