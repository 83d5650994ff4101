/*-------------------------------------------------------------------------
 *
 * relay/latency.c
 *	  A histogram of times in milliseconds, of fixed size.
 *
 *-------------------------------------------------------------------------
 */
#include "relay/latency.h"

/* The parts of a power of two, as a power of two. */
#define PARTS_BITS 3
#define PARTS (1 << PARTS_BITS)

/*
 * The bucket of a time.  Counted from 1 ms, so that the upper bound of a
 * bucket belongs to it: 1 to 8 ms are buckets 0 to 7, 9 ms begins the next.
 */
static int
bucket_of(uint64_t ms)
{
	uint64_t above = ms == 0 ? 0 : ms - 1;
	int power;

	if (above < PARTS)
		return (int) above;
	if (above >= UINT64_C(1) << LATENCY_MAX_POWER)
		return LATENCY_BUCKETS - 1;
	power = 63 - __builtin_clzll(above);
	return (power - PARTS_BITS + 1) * PARTS +
		   (int) ((above >> (power - PARTS_BITS)) - PARTS);
}

/* The largest time of a bucket, in ms. */
static double
upper_bound(int bucket)
{
	int power = bucket / PARTS + PARTS_BITS - 1;

	if (bucket < PARTS)
		return bucket + 1;
	return (double) (((uint64_t) (bucket % PARTS) + PARTS + 1)
					 << (power - PARTS_BITS));
}

void
latency_add(Latency *latency, int64_t ms)
{
	uint64_t time = ms < 0 ? 0 : (uint64_t) ms;

	latency->buckets[bucket_of(time)]++;
	latency->count++;
	latency->sum_ms += time;
}

uint64_t
latency_at_most(const Latency *latency, int power)
{
	int last = bucket_of(UINT64_C(1) << power);
	uint64_t count = 0;

	for (int i = 0; i <= last; i++)
		count += latency->buckets[i];
	return count;
}

double
latency_percentile(const Latency *latency, const Latency *since, double share)
{
	uint64_t total = latency->count - since->count;
	double wanted = share * (double) total;
	uint64_t seen = 0;

	if (total == 0)
		return 0;
	for (int i = 0; i < LATENCY_BUCKETS - 1; i++)
	{
		seen += latency->buckets[i] - since->buckets[i];
		if ((double) seen >= wanted)
			return upper_bound(i);
	}
	return (double) (UINT64_C(1) << LATENCY_MAX_POWER);
}
