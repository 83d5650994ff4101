/*-------------------------------------------------------------------------
 *
 * relay/backoff.c
 *	  How long to wait before trying again: exponential, with jitter.
 *
 *-------------------------------------------------------------------------
 */
#include "relay/backoff.h"

void
backoff_init(Backoff *backoff, int64_t min_ms, int64_t max_ms, uint64_t seed)
{
	backoff->min_ms = min_ms;
	backoff->max_ms = max_ms;
	backoff->step_ms = 0;
	backoff->random = seed * 2 + 1;
}

/* The next pseudo-random number (xorshift64, Marsaglia 2003). */
static uint64_t
next_random(Backoff *backoff)
{
	uint64_t x = backoff->random;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	backoff->random = x;
	return x;
}

int64_t
backoff_next(Backoff *backoff)
{
	int64_t half;

	if (backoff->step_ms == 0)
		backoff->step_ms = backoff->min_ms;
	else if (backoff->step_ms < backoff->max_ms)
		backoff->step_ms *= 2;
	if (backoff->step_ms > backoff->max_ms)
		backoff->step_ms = backoff->max_ms;
	half = backoff->step_ms / 2;
	return half + (int64_t) (next_random(backoff) %
							 (uint64_t) (backoff->step_ms - half + 1));
}

void
backoff_reset(Backoff *backoff)
{
	backoff->step_ms = 0;
}
