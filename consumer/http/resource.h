/*-------------------------------------------------------------------------
 *
 * http/resource.h
 *	  What the server answers: one function a path.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_HTTP_RESOURCE_H
#define PG_OUTBOX_HTTP_RESOURCE_H

#include <stdint.h>
#include <stdio.h>

#include "config/values.h"
#include "http/history.h"
#include "http/slot_watch.h"
#include "relay/snapshot.h"

/* What an answer is made of. */
typedef struct HttpView
{
	const Config *config;
	const Snapshot *snapshot;
	const History *history;
	const SlotWatch *slot;
	int64_t since; /* samples later than this, seconds since the epoch */
} HttpView;

/*
 * Each writes the body of an answer and returns its status (200, 503).
 * metrics: the exposition format of Prometheus, version 0.0.4.
 * livez: that the loop turns.  readyz: whether there is progress, and if not
 * why.  status: everything as one JSON object.
 */
extern unsigned metrics_write(FILE *out, const HttpView *view);
extern unsigned health_write_livez(FILE *out, const HttpView *view);
extern unsigned health_write_readyz(FILE *out, const HttpView *view);
extern unsigned status_write(FILE *out, const HttpView *view);

#endif /* PG_OUTBOX_HTTP_RESOURCE_H */
