/*-------------------------------------------------------------------------
 *
 * base/clock.h
 *	  The clock of all timers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_BASE_CLOCK_H
#define PG_OUTBOX_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/*
 * Milliseconds on a clock that is never set and goes on while the machine is
 * suspended, as those of the servers do; only differences mean anything.
 */
static inline int64_t
clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Milliseconds since the epoch, as PostgreSQL's and Kafka's times are. */
static inline int64_t
clock_epoch_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif /* PG_OUTBOX_BASE_CLOCK_H */
