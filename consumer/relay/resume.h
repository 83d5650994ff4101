/*-------------------------------------------------------------------------
 *
 * relay/resume.h
 *	  From where exactly-once delivery publishes: what the position that was
 *	  found in Kafka means on the server that is streamed from.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_RESUME_H
#define PG_OUTBOX_RELAY_RESUME_H

#include "kafka/state_record.h"

/* The server that is streamed from. */
typedef struct ResumeServer
{
	uint32_t timeline;
	const char *history; /* text of its history file; empty on timeline 1 */
	Lsn end;             /* of its WAL, flushed, before the stream began */
} ResumeServer;

typedef enum ResumeKind
{
	RESUME_NO_STATE, /* nothing was found: where the slot stands */
	RESUME_STATE,    /* the position holds as it is */
	/*
	 * The position lies behind the end that its timeline had: what follows
	 * that end was published and then lost by a failover.
	 */
	RESUME_TIMELINE_END,
	/*
	 * The position's timeline is no part of the server's history: nothing is
	 * known to be published, so where the slot stands.
	 */
	RESUME_OTHER_HISTORY,
	/*
	 * The position is ahead of the server's WAL on the same timeline: the
	 * server was set back, and will use these LSNs again.  Where the slot
	 * stands.
	 */
	RESUME_AHEAD_OF_SERVER
} ResumeKind;

/*
 * Decides what of the stream is published already: all at or before
 * *position, whose lsn is 0 if nothing is, and whose timeline is the server's.
 * state is what was found, with lsn 0 if nothing was.
 */
extern ResumeKind resume_decide(const StateRecord *state,
								const ResumeServer *server,
								StateRecord *position);

#endif /* PG_OUTBOX_RELAY_RESUME_H */
