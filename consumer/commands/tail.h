/*-------------------------------------------------------------------------
 *
 * commands/tail.h
 *	  The command "tail": shows events as they would be published.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_COMMANDS_TAIL_H
#define PG_OUTBOX_COMMANDS_TAIL_H

#include "commands/arguments.h"
#include "config/values.h"

/*
 * Prints what commits from now on until a signal ends it: in colour on a
 * terminal, else (and with --json) the decoder's lines.  Reads a temporary
 * slot, so nothing is confirmed on any other.  Returns the exit status.
 */
extern int command_tail(const Config *config, const Arguments *arguments);

#endif /* PG_OUTBOX_COMMANDS_TAIL_H */
