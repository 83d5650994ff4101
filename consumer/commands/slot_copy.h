/*-------------------------------------------------------------------------
 *
 * commands/slot_copy.h
 *	  A slot at the position of another one: create-slot --from.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_COMMANDS_SLOT_COPY_H
#define PG_OUTBOX_COMMANDS_SLOT_COPY_H

#include "commands/arguments.h"
#include "config/values.h"

/*
 * Creates the slot that [relay] slot names at exactly the position of
 * arguments->from, a slot of any plugin that nobody reads.  Says so on standard
 * output, and returns the exit status.  If it returns another one than 0, the
 * slot was not created, or it was and the message says so.
 */
extern int command_copy_slot(const Config *config, const Arguments *arguments);

#endif /* PG_OUTBOX_COMMANDS_SLOT_COPY_H */
