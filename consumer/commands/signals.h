/*-------------------------------------------------------------------------
 *
 * commands/signals.h
 *	  SIGINT and SIGTERM for commands that wait.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_COMMANDS_SIGNALS_H
#define PG_OUTBOX_COMMANDS_SIGNALS_H

/*
 * Takes the signals that end a command by a descriptor, which is readable once
 * one has come.  A second one ends the process after signals_release().
 */
extern int signals_open(void);
extern void signals_release(int fd);

#endif /* PG_OUTBOX_COMMANDS_SIGNALS_H */
