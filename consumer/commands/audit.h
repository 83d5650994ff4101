/*-------------------------------------------------------------------------
 *
 * commands/audit.h
 *	  The command "audit": is every committed row in Kafka?
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_COMMANDS_AUDIT_H
#define PG_OUTBOX_COMMANDS_AUDIT_H

#include "commands/arguments.h"
#include "config/values.h"

/* Returns the exit status: EXIT_FOUND if a row is missing. */
extern int command_audit(const Config *config, const Arguments *arguments);

#endif /* PG_OUTBOX_COMMANDS_AUDIT_H */
