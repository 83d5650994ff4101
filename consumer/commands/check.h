/*-------------------------------------------------------------------------
 *
 * commands/check.h
 *	  The command "check": all that publishing needs, and how to repair it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_COMMANDS_CHECK_H
#define PG_OUTBOX_COMMANDS_CHECK_H

#include "commands/arguments.h"
#include "config/values.h"

/*
 * Prints a line for each precondition: "ok", or "FAIL" with what repairs it.
 * Returns the exit status: EXIT_FOUND if one is not met.
 */
extern int command_check(const Config *config, const Arguments *arguments);

#endif /* PG_OUTBOX_COMMANDS_CHECK_H */
