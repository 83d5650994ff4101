/*-------------------------------------------------------------------------
 *
 * postgres/parameters.h
 *	  What a connection is made with: the section [postgres], and what
 *	  [maintenance] says otherwise.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_POSTGRES_PARAMETERS_H
#define PG_OUTBOX_POSTGRES_PARAMETERS_H

#include <stdbool.h>
#include <stddef.h>

#include "config/values.h"

/* Room for every keyword, ours included. */
#define PGPARAMETERS_MAX 128

/* A longer line of a password file is cut. */
#define PGPARAMETERS_PASSWORD_SIZE 1024

/* What a connection is for. */
typedef enum PgPurpose
{
	PG_PURPOSE_STREAM,     /* replication commands, SQL without parameters */
	PG_PURPOSE_SQL,        /* SQL */
	PG_PURPOSE_MAINTENANCE /* SQL as [maintenance] says, on a primary */
} PgPurpose;

/* A connection's parameters, as PQconnectStartParams() takes them. */
typedef struct PgParameters
{
	const char *keywords[PGPARAMETERS_MAX + 1];
	const char *values[PGPARAMETERS_MAX + 1];
	size_t count;
	char *options;  /* owned */
	char *lists[3]; /* of hosts, addresses and ports; owned */
	char password[PGPARAMETERS_PASSWORD_SIZE];
} PgParameters;

/* Sets each keyword of a connection string or URI in [postgres]. */
extern bool pgparameters_set(Config *config, const char *conninfo, Error *err);

/*
 * Every key of [postgres], and what is no setting in [maintenance], must be a
 * keyword that libpq knows, and every value one that it takes; else false, with
 * libpq's reason.  Asks no name server and no other host.
 */
extern bool pgparameters_check(const Config *config, Error *err);

/* The keywords of [postgres], NULL at the end; valid as long as the program. */
extern const char *const *pgparameters_names(void);

/* The value of a keyword for a purpose, or NULL. */
extern const char *pgparameters_value(const Config *config, PgPurpose purpose,
									  const char *keyword);

/*
 * Collects the parameters of a connection.  Of several hosts first_host is
 * tried first, counted round and round from 0. The configuration must outlive
 * them; to be released.
 */
extern void pgparameters_collect(const Config *config, PgPurpose purpose,
								 unsigned first_host, PgParameters *parameters);

/* Names one server in place of those; the strings must outlive them. */
extern void pgparameters_set_host(PgParameters *parameters, const char *host,
								  const char *address, const char *port);
extern void pgparameters_release(PgParameters *parameters);

#endif /* PG_OUTBOX_POSTGRES_PARAMETERS_H */
