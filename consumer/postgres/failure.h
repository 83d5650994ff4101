/*-------------------------------------------------------------------------
 *
 * postgres/failure.h
 *	  The error of a connection or of a result.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_POSTGRES_FAILURE_H
#define PG_OUTBOX_POSTGRES_FAILURE_H

#include <libpq-fe.h>

#include "postgres/error.h"

/*
 * Decides what the error of a result means, or with result == NULL that of the
 * connection, and writes it and what to do about it into err, in one line.
 * libraries is the server's output_plugin_libraries, or NULL.
 */
extern PgErrorClass pgfailure_judge(const PGconn *conn, const PGresult *result,
									const char *slot, const char *libraries,
									Error *err);

/* Tells whether it was the server that reported an error: it is there. */
extern bool pgfailure_is_answer(const PGconn *conn, const PGresult *result);

#endif /* PG_OUTBOX_POSTGRES_FAILURE_H */
