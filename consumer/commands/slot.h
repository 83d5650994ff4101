/*-------------------------------------------------------------------------
 *
 * commands/slot.h
 *	  The replication slot: the commands create-slot and drop-slot.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_COMMANDS_SLOT_H
#define PG_OUTBOX_COMMANDS_SLOT_H

#include "commands/arguments.h"
#include "config/values.h"

/*
 * Creates or drops the slot that [relay] slot names, says so on standard
 * output, and returns the exit status.
 */
extern int command_create_slot(const Config *config,
							   const Arguments *arguments);
extern int command_drop_slot(const Config *config, const Arguments *arguments);

#endif /* PG_OUTBOX_COMMANDS_SLOT_H */
