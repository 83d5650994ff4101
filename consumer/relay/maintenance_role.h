/*-------------------------------------------------------------------------
 *
 * relay/maintenance_role.h
 *	  Which role may maintain the tables.
 *
 * Deleting rows runs the triggers of the table's owner with the rights of the
 * role that deletes, so that role must not have REPLICATION, as the relay's
 * has, nor be a superuser, nor be able to become such a role.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_MAINTENANCE_ROLE_H
#define PG_OUTBOX_RELAY_MAINTENANCE_ROLE_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "config/values.h"

/*
 * Asks whether the connection's role may; does not wait.  The answer is a
 * result for maintenance_role_allows().  False if it cannot be sent.
 */
extern bool maintenance_role_ask(PGconn *conn);

/* Reads the answer; false, with the reason in err, if the role may not. */
extern bool maintenance_role_allows(PGconn *conn, const PGresult *answer,
									Error *err);

/*
 * For the command check: connects as [maintenance] says, and looks whether the
 * role may maintain, and can.  Says in what what is so, and in remedy how it is
 * repaired if it returns false.
 */
extern bool maintenance_role_check(const Config *config, Error *what,
								   Error *remedy);

#endif /* PG_OUTBOX_RELAY_MAINTENANCE_ROLE_H */
