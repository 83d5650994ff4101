/*-------------------------------------------------------------------------
 *
 * http/silence.h
 *	  For how long PostgreSQL has sent nothing, though WAL waits.
 *
 * A walsender that waits for a standby of synchronized_standby_slots (17 and
 * later), that reads a large transaction of other tables, or WAL that the slot
 * has confirmed and still needs, is alive and sends no lines: to the relay that
 * looks as if nobody had committed anything.  But the slot stands still, which
 * else position lines (decoder/outlet.c) move each second.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_HTTP_SILENCE_H
#define PG_OUTBOX_HTTP_SILENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/lsn.h"

/* All zero: there is none. */
typedef struct Silence
{
	Lsn confirmed;    /* where the slot is */
	int64_t since_ms; /* it has been there; 0 = it moves, or may stand still */
	int64_t until_ms; /* the last look */
	int64_t bytes;    /* of WAL behind it */
} Silence;

/*
 * Takes a look at the slot: what it has confirmed, and how much WAL there is
 * behind that, in bytes.  Unless the relay is idle, it is the relay that keeps
 * the slot there.
 */
extern void silence_note(Silence *silence, bool is_idle, Lsn confirmed,
						 int64_t bytes, int64_t now_ms);

/* How long it had lasted at the last look, in ms; 0 without one. */
extern int64_t silence_lasted(const Silence *silence);

#endif /* PG_OUTBOX_HTTP_SILENCE_H */
