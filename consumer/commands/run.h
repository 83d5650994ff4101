/*-------------------------------------------------------------------------
 *
 * commands/run.h
 *	  The command "run": streams from the slot and forwards to Kafka.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_COMMANDS_RUN_H
#define PG_OUTBOX_COMMANDS_RUN_H

#include "commands/arguments.h"
#include "config/values.h"

/* Runs the relay, or prints its settings; returns the exit status. */
extern int command_run(const Config *config, const Arguments *arguments);

#endif /* PG_OUTBOX_COMMANDS_RUN_H */
