/*-------------------------------------------------------------------------
 *
 * relay/latency.h
 *	  A histogram of times in milliseconds, of fixed size.
 *
 * Each power of two is divided into eight parts, so a time that is read back
 * is off by an eighth at most.  The upper bound of every bucket is inclusive,
 * and every power of two from 1 ms to 65.536 s is one: these are the bounds
 * that Prometheus gets to see.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_LATENCY_H
#define PG_OUTBOX_RELAY_LATENCY_H

#include <stdint.h>

/* 1 to 8 ms one by one, thirteen powers of two in eight parts, all above. */
#define LATENCY_BUCKETS (8 + 13 * 8 + 1)

/* The bounds that latency_at_most() is exact for: 2^0 to 2^16 ms. */
#define LATENCY_MAX_POWER 16

/* All zero: nothing was added. */
typedef struct Latency
{
	uint64_t buckets[LATENCY_BUCKETS];
	uint64_t count;
	uint64_t sum_ms;
} Latency;

/* Adds a time in ms; a negative one (clocks that differ) counts as 0. */
extern void latency_add(Latency *latency, int64_t ms);

/* How many times were at most 2^power ms, power from 0 to LATENCY_MAX_POWER. */
extern uint64_t latency_at_most(const Latency *latency, int power);

/*
 * The time, in ms, that a share of those added since an earlier state of the
 * same histogram did not exceed; 0 if none was added.  Share: 0.5 is the
 * median.
 */
extern double latency_percentile(const Latency *latency, const Latency *since,
								 double share);

#endif /* PG_OUTBOX_RELAY_LATENCY_H */
