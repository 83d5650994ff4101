/*-------------------------------------------------------------------------
 *
 * relay/loop.h
 *	  The loop of the relay: streams from the slot and forwards to Kafka.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_LOOP_H
#define PG_OUTBOX_RELAY_LOOP_H

#include <stddef.h>

#include "config/values.h"
#include "relay/guest.h"

/*
 * Runs until SIGTERM or SIGINT, or until it cannot go on, and returns the exit
 * status.  What happens is logged.  With create_slot the slot is created
 * at the start if it does not exist.  The guests, at most RELAY_GUESTS, live in
 * its loop and must outlive it.
 */
extern int relay_run(const Config *config, bool create_slot,
					 const RelayGuest *guests, size_t n_guests);

#endif /* PG_OUTBOX_RELAY_LOOP_H */
