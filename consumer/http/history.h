/*-------------------------------------------------------------------------
 *
 * http/history.h
 *	  The last 15 minutes, a sample per second, in memory of fixed size.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_HTTP_HISTORY_H
#define PG_OUTBOX_HTTP_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/snapshot.h"

#define HISTORY_SAMPLES (15 * 60)

/* One second. */
typedef struct Sample
{
	int64_t time; /* its end, in seconds since the epoch */
	uint64_t events;
	uint64_t bytes;
	float p50_ms; /* of the events that were acknowledged in it */
	float p99_ms;
	float lag_s; /* at its end: age of the oldest event not acknowledged */
	uint64_t lag_bytes;
} Sample;

typedef struct History History;

extern History *history_new(void);
extern void history_free(History *history);

/* When the next sample is to be taken, in ms of clock_ms(). */
extern int64_t history_due(const History *history);

/* Takes a sample, if one is due. */
extern void history_serve(History *history, const Snapshot *snapshot);

/* The samples, from 0 (the oldest) on; NULL behind the last. */
extern const Sample *history_at(const History *history, size_t i);

/* The last minute: events and bytes per second, and percentiles in ms. */
typedef struct HistoryMinute
{
	double events;
	double bytes;
	double p50_ms;
	double p99_ms;
} HistoryMinute;

extern void history_minute(const History *history, const Snapshot *snapshot,
						   HistoryMinute *minute);

#endif /* PG_OUTBOX_HTTP_HISTORY_H */
