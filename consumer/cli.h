/*-------------------------------------------------------------------------
 *
 * cli.h
 *	  The command line.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CLI_H
#define PG_OUTBOX_CLI_H

#include "commands/arguments.h"
#include "config/values.h"

/* What a command line asks for. */
typedef struct Command
{
	const char *name;
	const char *summary; /* one line */
	const char *usage;   /* what stands after the name */
	int (*run)(const Config *config, const Arguments *arguments);
	const char *options; /* of those below, which it has; all have -c -d -X,
							but those with an operand */
	const char *operand; /* what a word is that is no option; NULL: none */
} Command;

/* Options that not every command has. */
#define OPTION_BROKERS 'b'
#define OPTION_SLOT 's'
#define OPTION_SKIP 'K'
#define OPTION_CREATE_SLOT 'C'
#define OPTION_FAILOVER 'F'
#define OPTION_FROM 'f'
#define OPTION_CONNECTOR 'N'
#define OPTION_IF_NOT_EXISTS 'E'
#define OPTION_JSON 'J'
#define OPTION_PRINT_CONFIG 'P'
#define OPTION_SINCE 'S'
#define OPTION_UNTIL 'U'
#define OPTION_TOPICS 'T'

/*
 * Reads the options behind a command's name: settings into config, from file,
 * environment, then command line, and the rest into arguments.  Returns true if
 * the command is to be run; else *status is the exit status, and help or the
 * reason has been printed.
 */
extern bool cli_read(const Command *command, int argc, char **argv,
					 Config *config, Arguments *arguments, int *status);

#endif /* PG_OUTBOX_CLI_H */
