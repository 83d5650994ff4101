/*-------------------------------------------------------------------------
 *
 * postgres/connection.h
 *	  How the relay connects to PostgreSQL: the [postgres] section.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_POSTGRES_CONNECTION_H
#define PG_OUTBOX_POSTGRES_CONNECTION_H

#include <libpq-fe.h>

#include "config/values.h"

/* Sets each keyword of a connection string or URI in [postgres]. */
extern bool pgconn_set_conninfo(Config *config, const char *conninfo,
								Error *err);

/* Every key of [postgres], and every further one of [maintenance], must be a
 * keyword that libpq knows. */
extern bool pgconn_check(const Config *config, Error *err);

/*
 * Begins a logical replication connection (PQconnectStartParams), which can
 * also run SQL.  Of several hosts first_host is tried first, counted round and
 * round from 0.  Never NULL; the caller owns it.
 */
extern PGconn *pgconn_start(const Config *config, unsigned first_host);

/* The same, and waits until it is made or has failed. */
extern PGconn *pgconn_open(const Config *config);

/*
 * The same without replication, for SQL with parameters and statements that
 * commit, which a replication connection does not take.  Names are looked up in
 * pg_catalog only.
 */
extern PGconn *pgconn_open_ordinary(const Config *config);

/*
 * The same with the keywords of [maintenance] over those of [postgres]; a
 * password of [postgres] only if [maintenance] names no user.
 */
extern PGconn *pgconn_start_maintenance(const Config *config);
extern PGconn *pgconn_open_maintenance(const Config *config);

/*
 * Runs one command or query for a slot.  Returns its result, which the caller
 * clears, or NULL, with the reason and what to do in err.
 */
extern PGresult *pgconn_query(PGconn *conn, const char *query, const char *slot,
							  Error *err);

/* The same with parameters of these types, all as text. */
extern PGresult *pgconn_query_params(PGconn *conn, const char *query, int count,
									 const Oid *types,
									 const char *const *values,
									 const char *slot, Error *err);

#endif /* PG_OUTBOX_POSTGRES_CONNECTION_H */
