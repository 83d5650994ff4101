/*-------------------------------------------------------------------------
 *
 * postgres/error.h
 *	  What an error of PostgreSQL means to the relay.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_POSTGRES_ERROR_H
#define PG_OUTBOX_POSTGRES_ERROR_H

#include <libpq-fe.h>

#include "base/error.h"

typedef enum PgErrorClass
{
	PG_ERROR_LOST,    /* connect again: it may work later */
	PG_ERROR_BUSY,    /* the slot is in use: stand by */
	PG_ERROR_MISSING, /* the slot does not exist */
	PG_ERROR_REFUSED  /* it will not work until somebody changes something */
} PgErrorClass;

/*
 * Tells what the error of a result, or with result == NULL of the connection,
 * means, and puts it and what to do about it into err, in one line.  May run a
 * short query on the connection.
 */
extern PgErrorClass pgerror_classify(PGconn *conn, const PGresult *result,
									 const char *slot, Error *err);

#endif /* PG_OUTBOX_POSTGRES_ERROR_H */
