/*-------------------------------------------------------------------------
 *
 * base/outage.h
 *	  Decides when to log that something is waited for: at growing intervals.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_BASE_OUTAGE_H
#define PG_OUTBOX_BASE_OUTAGE_H

#include <stdbool.h>
#include <stdint.h>

/* All zero: nothing is waited for. */
typedef struct Outage
{
	int64_t since_ms; /* 0 = nothing is waited for */
	int64_t next_ms;  /* when to log it again */
	int64_t step_ms;
} Outage;

/*
 * Something is not available.  True if this is to be logged: the first time,
 * then after one minute, two, four and so on, up to an hour.
 */
extern bool outage_is_due(Outage *outage, int64_t now_ms);

/* How long the outage has lasted, in ms; 0 without one. */
extern int64_t outage_lasted(const Outage *outage, int64_t now_ms);

/* It is available again. */
extern void outage_end(Outage *outage);

#endif /* PG_OUTBOX_BASE_OUTAGE_H */
