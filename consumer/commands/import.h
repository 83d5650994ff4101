/*-------------------------------------------------------------------------
 *
 * commands/import.h
 *	  The command "import": makes a configuration of a connector's.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_COMMANDS_IMPORT_H
#define PG_OUTBOX_COMMANDS_IMPORT_H

#include "commands/arguments.h"
#include "config/values.h"

/* Prints the configuration, and returns the exit status. */
extern int command_import(const Config *config, const Arguments *arguments);

#endif /* PG_OUTBOX_COMMANDS_IMPORT_H */
