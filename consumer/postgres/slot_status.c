/*-------------------------------------------------------------------------
 *
 * postgres/slot_status.c
 *	  The query for a slot, who reads it, and how far behind it is.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>

#include "postgres/slot_status.h"
#include "postgres/status_query.inc"

/* Room for the name of a slot in the condition. */
_Static_assert(sizeof(status_query) + 200 < PGSLOT_STATUS_QUERY_SIZE,
			   "the query of sql/status.sql fits");

void
pgslot_status_query(const char *slot, char query[PGSLOT_STATUS_QUERY_SIZE])
{
	snprintf(query, PGSLOT_STATUS_QUERY_SIZE,
			 "%s WHERE s.plugin = 'pg_outbox' AND s.slot_name = '%s'",
			 status_query, slot);
}
