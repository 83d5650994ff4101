/*-------------------------------------------------------------------------
 *
 * base/exit.h
 *	  The exit statuses of the command.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_BASE_EXIT_H
#define PG_OUTBOX_BASE_EXIT_H

#define EXIT_DONE 0
#define EXIT_FAILED 1 /* it failed while it ran */
#define EXIT_USAGE 2  /* the command line or the configuration is wrong */
#define EXIT_FOUND 3  /* "check" or "audit" found something */
#define EXIT_PERSON 4 /* a person is needed: a new start changes nothing */

#endif /* PG_OUTBOX_BASE_EXIT_H */
