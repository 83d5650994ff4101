/*-------------------------------------------------------------------------
 *
 * cli.h
 *	  The command line.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CLI_H
#define PG_OUTBOX_CLI_H

#include "config.h"

/* What a command line asks for. */
typedef struct Command
{
	const char *name;
	const char *summary; /* one line */
	const char *usage;   /* what stands after the name */
	int (*run)(const Config *config);
	bool needs_kafka; /* has -b */
} Command;

/*
 * Reads the options behind a command's name into config: file, environment,
 * then command line.  Returns true if the command is to be run; else *status
 * is the exit status, and help or the reason has been printed.
 */
extern bool cli_read(const Command *command, int argc, char **argv,
					 Config *config, int *status);

#endif /* PG_OUTBOX_CLI_H */
