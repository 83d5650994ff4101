/*-------------------------------------------------------------------------
 *
 * http/history.c
 *	  The last 15 minutes, a sample per second, in memory of fixed size.
 *
 * Counters only grow, so a second is the difference of two states.  For the
 * percentiles of the last minute the latencies of its beginning are kept: six
 * states, ten seconds apart.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "http/history.h"

#define SAMPLE_MS 1000

/* States that are kept of the last minute, and the samples between them. */
#define STATES 6
#define STATE_SAMPLES 10

/* The counters at one moment. */
typedef struct State
{
	int64_t at_ms; /* of clock_ms() */
	uint64_t events;
	uint64_t bytes;
	Latency latency;
} State;

struct History
{
	Sample samples[HISTORY_SAMPLES];
	uint64_t taken; /* in all; the last one is at taken - 1 */
	int64_t next_ms;
	State last;           /* at the last sample */
	State states[STATES]; /* a ring; the oldest is the one written next */
	uint64_t n_states;
};

History *
history_new(void)
{
	History *history = xcalloc(1, sizeof(History));

	history->last.at_ms = clock_ms();
	history->next_ms = history->last.at_ms + SAMPLE_MS;
	history->states[0] = history->last;
	history->n_states = 1;
	return history;
}

void
history_free(History *history)
{
	free(history);
}

int64_t
history_due(const History *history)
{
	return history->next_ms;
}

/* The counters as they are now. */
static void
take_state(State *state, const Snapshot *snapshot)
{
	const Counters *counters = snapshot->counters;

	state->at_ms = clock_ms();
	state->events = counters->published;
	state->bytes = counters->published_bytes;
	state->latency = counters->latency;
}

void
history_serve(History *history, const Snapshot *snapshot)
{
	const Counters *counters = snapshot->counters;
	const State *last = &history->last;

	if (clock_ms() < history->next_ms)
		return;
	history->samples[history->taken++ % HISTORY_SAMPLES] = (Sample){
		.time = snapshot->now_ms / 1000,
		.events = counters->published - last->events,
		.bytes = counters->published_bytes - last->bytes,
		.p50_ms =
			(float) latency_percentile(&counters->latency, &last->latency, 0.5),
		.p99_ms = (float) latency_percentile(&counters->latency, &last->latency,
											 0.99),
		.lag_s = snapshot->has_oldest ? (float) snapshot->oldest_ms / 1000 : 0,
		.lag_bytes = snapshot_lag_bytes(snapshot),
	};
	take_state(&history->last, snapshot);
	history->next_ms = history->last.at_ms + SAMPLE_MS;
	if (history->taken % STATE_SAMPLES == 0)
		history->states[history->n_states++ % STATES] = history->last;
}

const Sample *
history_at(const History *history, size_t i)
{
	uint64_t kept =
		history->taken < HISTORY_SAMPLES ? history->taken : HISTORY_SAMPLES;

	if (i >= kept)
		return NULL;
	return &history->samples[(history->taken - kept + i) % HISTORY_SAMPLES];
}

void
history_minute(const History *history, const Snapshot *snapshot,
			   HistoryMinute *minute)
{
	const Counters *counters = snapshot->counters;
	uint64_t oldest =
		history->n_states < STATES ? 0 : history->n_states % STATES;
	const State *since = &history->states[oldest];
	double seconds = (double) (clock_ms() - since->at_ms) / 1000;

	if (seconds < 1)
		seconds = 1;
	minute->events = (double) (counters->published - since->events) / seconds;
	minute->bytes =
		(double) (counters->published_bytes - since->bytes) / seconds;
	minute->p50_ms =
		latency_percentile(&counters->latency, &since->latency, 0.5);
	minute->p99_ms =
		latency_percentile(&counters->latency, &since->latency, 0.99);
}
