/*-------------------------------------------------------------------------
 *
 * commands/status.h
 *	  The command "status": the slot, who has it, how far behind it is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_COMMANDS_STATUS_H
#define PG_OUTBOX_COMMANDS_STATUS_H

#include "commands/arguments.h"
#include "config/values.h"

/* Prints the slot's status, or JSON with --json; returns the exit status. */
extern int command_status(const Config *config, const Arguments *arguments);

#endif /* PG_OUTBOX_COMMANDS_STATUS_H */
