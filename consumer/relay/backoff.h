/*-------------------------------------------------------------------------
 *
 * relay/backoff.h
 *	  How long to wait before trying again: exponential, with jitter.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_BACKOFF_H
#define PG_OUTBOX_RELAY_BACKOFF_H

#include <stdint.h>

typedef struct Backoff
{
	int64_t min_ms;
	int64_t max_ms;
	int64_t step_ms; /* the next wait without its jitter; 0 = none yet */
	uint64_t random; /* state of the jitter, never 0 */
} Backoff;

/* Waits from min_ms, doubling up to max_ms; seed makes two relays differ. */
extern void backoff_init(Backoff *backoff, int64_t min_ms, int64_t max_ms,
						 uint64_t seed);

/* The wait before the next try, in ms: between half of the step and all of it.
 */
extern int64_t backoff_next(Backoff *backoff);

/* It worked: the next wait is the shortest one again. */
extern void backoff_reset(Backoff *backoff);

#endif /* PG_OUTBOX_RELAY_BACKOFF_H */
