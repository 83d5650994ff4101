/*-------------------------------------------------------------------------
 *
 * config/print.h
 *	  Prints the settings of a run as an INI file that explains itself.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CONFIG_PRINT_H
#define PG_OUTBOX_CONFIG_PRINT_H

#include "config/values.h"

/*
 * Prints every setting to standard output, each of ours with what it is for;
 * secrets are masked.  Returns the exit status.
 */
extern int config_print(const Config *config);

#endif /* PG_OUTBOX_CONFIG_PRINT_H */
