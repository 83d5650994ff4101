/*-------------------------------------------------------------------------
 *
 * base/outage.h
 *	  Tells of something that is waited for: at once, then ever more rarely.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_BASE_OUTAGE_H
#define PG_OUTBOX_BASE_OUTAGE_H

#include <stdbool.h>
#include <stdint.h>

/* All zero: there is none. */
typedef struct Outage
{
	int64_t since_ms; /* 0 = there is none */
	int64_t next_ms;  /* when it is to be told of again */
	int64_t step_ms;
} Outage;

/*
 * Something is not there.  True if this is to be told: the first time, then
 * after a minute, two, four and so on up to an hour.
 */
extern bool outage_is_due(Outage *outage, int64_t now_ms);

/* How long it has lasted, in ms; 0 if there is none. */
extern int64_t outage_lasted(const Outage *outage, int64_t now_ms);

/* It is there again. */
extern void outage_end(Outage *outage);

#endif /* PG_OUTBOX_BASE_OUTAGE_H */
