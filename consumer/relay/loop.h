/*-------------------------------------------------------------------------
 *
 * relay/loop.h
 *	  The loop of the relay: streams from the slot and forwards to Kafka.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_LOOP_H
#define PG_OUTBOX_RELAY_LOOP_H

#include "config/values.h"

/*
 * Runs until SIGTERM or SIGINT, or until it cannot go on, and returns the exit
 * status.  What happens is logged.
 */
extern int relay_run(const Config *config);

#endif /* PG_OUTBOX_RELAY_LOOP_H */
