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
 * status.  What happens is logged.  With create_slot the slot is created
 * at the start if it does not exist.
 */
extern int relay_run(const Config *config, bool create_slot);

#endif /* PG_OUTBOX_RELAY_LOOP_H */
