/*-------------------------------------------------------------------------
 *
 * postgres/error.h
 *	  What an error of PostgreSQL means: the one table of SQLSTATEs.
 *
 * It knows nothing of libpq, so that it can be tested without; see failure.h
 * for the errors of connections and results.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_POSTGRES_ERROR_H
#define PG_OUTBOX_POSTGRES_ERROR_H

#include <stdbool.h>

#include "base/error.h"

typedef enum PgErrorClass
{
	PG_ERROR_LOST,    /* connect again: it may work later */
	PG_ERROR_BUSY,    /* the slot is in use: stand by */
	PG_ERROR_TABLE,   /* a table of the decoder's options does not exist yet */
	PG_ERROR_MISSING, /* the slot does not exist */
	PG_ERROR_NO_SLOT, /* all replication slots are in use */
	PG_ERROR_NO_SENDER, /* all walsenders are in use: it may work later */
	PG_ERROR_DENIED,    /* the server does not let the role in */
	PG_ERROR_CONFIG,    /* the configuration is wrong */
	PG_ERROR_REFUSED    /* it will not work until somebody changes something */
} PgErrorClass;

/* An error as it was reported.  What is not known is NULL. */
typedef struct PgReport
{
	bool connecting;     /* there is no connection yet */
	const char *state;   /* SQLSTATE; NULL: not reported by a server */
	const char *message; /* never NULL; may have several lines */
	const char *detail;
	const char *hint;
	const char *context;
} PgReport;

/* What remedies name. */
typedef struct PgSituation
{
	const char *slot;
	const char *role;      /* NULL: not known */
	const char *libraries; /* output_plugin_libraries; NULL: not known */
} PgSituation;

/*
 * Decides what an error means, and writes it and what to do about it into err,
 * in one line.
 */
extern PgErrorClass pgerror_judge(const PgReport *report,
								  const PgSituation *situation, Error *err);

/* The exit status of a command that ends with such an error. */
extern int pgerror_exit_status(PgErrorClass error_class);

#endif /* PG_OUTBOX_POSTGRES_ERROR_H */
