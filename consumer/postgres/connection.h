/*-------------------------------------------------------------------------
 *
 * postgres/connection.h
 *	  Connections to PostgreSQL, and single commands over them.
 *
 * What waits here, waits for no longer than [relay] connect_timeout for a
 * connection and receive_timeout for an answer.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_POSTGRES_CONNECTION_H
#define PG_OUTBOX_POSTGRES_CONNECTION_H

#include <libpq-fe.h>

#include "config/values.h"
#include "postgres/error.h"

/*
 * Begins a logical replication connection (PQconnectStartParams), which can
 * also run SQL.  Of several hosts first_host is tried first, counted round and
 * round from 0.  Never NULL; the caller owns it.  It may have failed already,
 * and then it has no socket.
 */
extern PGconn *pgconn_start(const Config *config, unsigned first_host);

/* The same, and waits until it is made or has failed. */
extern PGconn *pgconn_open(const Config *config);

/*
 * The same without replication, for SQL with parameters and statements that
 * commit, which a replication connection does not take.  Names are looked up in
 * pg_catalog only.
 */
extern PGconn *pgconn_start_ordinary(const Config *config);
extern PGconn *pgconn_open_ordinary(const Config *config);

/*
 * The same with the keywords of [maintenance] over those of [postgres]; a
 * password of [postgres] only if [maintenance] names no user.
 */
extern PGconn *pgconn_start_maintenance(const Config *config);
extern PGconn *pgconn_open_maintenance(const Config *config);

/* An ordinary one to the very server that another connection is to. */
extern PGconn *pgconn_start_beside(const Config *config, const PGconn *other);

/*
 * From now on, connections for SQL and maintenance are to the server of this
 * one, unless [maintenance] names another; NULL = to those of [postgres].  It
 * has to be taken back before the connection is closed.
 */
extern void pgconn_set_stream(const PGconn *conn);

/* How long a connection may take to be made, with one of several hosts; ms. */
extern int64_t pgconn_timeout(const Config *config);

/*
 * Runs one command or query.  Returns its result, which the caller clears, or
 * NULL, with the reason and what to do in err, and what it means.
 */
extern PGresult *pgconn_query(const Config *config, PGconn *conn,
							  const char *query, PgErrorClass *error_class,
							  Error *err);

/* The same of a command that was sent already. */
extern PGresult *pgconn_result(const Config *config, PGconn *conn,
							   PgErrorClass *error_class, Error *err);

/* The same with parameters of these types, all as text. */
extern PGresult *pgconn_query_params(const Config *config, PGconn *conn,
									 const char *query, int count,
									 const Oid *types,
									 const char *const *values,
									 PgErrorClass *error_class, Error *err);

/* Room for a system identifier, with the terminating zero. */
#define PG_SYSTEM_SIZE 32

/* Asks whose server it is: IDENTIFY_SYSTEM, on a connection of its own. */
extern bool pgconn_identify(const Config *config, char system[PG_SYSTEM_SIZE],
							Error *err);

#endif /* PG_OUTBOX_POSTGRES_CONNECTION_H */
