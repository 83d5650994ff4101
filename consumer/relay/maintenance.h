/*-------------------------------------------------------------------------
 *
 * relay/maintenance.h
 *	  Calls the extension's outbox.maintain() on a schedule.
 *
 * Over a connection of its own, which is made for each call and never waited
 * for: a failure is logged, and the next call is made at its time.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_MAINTENANCE_H
#define PG_OUTBOX_RELAY_MAINTENANCE_H

#include <stdint.h>

#include "config/values.h"

typedef struct Maintenance Maintenance;

/* The configuration must outlive it.  Without [maintenance] interval it does
 * nothing. */
extern Maintenance *maintenance_new(const Config *config);

/* Gives up a call under way: the server still ends it. */
extern void maintenance_free(Maintenance *maintenance);

/* What to poll; the descriptor is -1 between calls. */
extern int maintenance_fd(const Maintenance *maintenance);
extern short maintenance_events(const Maintenance *maintenance);

/* When maintenance_serve() has something to do at last, in ms of clock_ms(). */
extern int64_t maintenance_due(const Maintenance *maintenance);

/* Does what can be done without waiting. */
extern void maintenance_serve(Maintenance *maintenance);

#endif /* PG_OUTBOX_RELAY_MAINTENANCE_H */
