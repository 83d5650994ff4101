/*-------------------------------------------------------------------------
 *
 * commands/arguments.h
 *	  What a command line says beside settings.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_COMMANDS_ARGUMENTS_H
#define PG_OUTBOX_COMMANDS_ARGUMENTS_H

#include <stdbool.h>

/* All that no command has or that was not given is zero. */
typedef struct Arguments
{
	bool create_slot;      /* run --create-slot */
	bool failover;         /* create-slot --failover */
	const char *from;      /* create-slot --from: the other slot */
	const char *operand;   /* import FILE */
	const char *connector; /* import --connector */
	bool if_not_exists;    /* create-slot --if-not-exists */
	bool json;             /* --json */
	bool print_config;     /* run --print-config */
	const char *since;     /* audit --since */
	const char *until;     /* audit --until */
	const char *topics;    /* audit --topics */
} Arguments;

#endif /* PG_OUTBOX_COMMANDS_ARGUMENTS_H */
