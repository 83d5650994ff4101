/*-------------------------------------------------------------------------
 *
 * postgres/slot.c
 *	  The replication command that creates a slot.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>

#include "postgres/slot.h"

void
pgslot_create_command(const char *slot, PgSlotKind kind,
					  char command[PGSLOT_COMMAND_LENGTH])
{
	/* The form without parentheses is understood by all of 13 to 18. */
	if (kind == PG_SLOT_FAILOVER)
		snprintf(command, PGSLOT_COMMAND_LENGTH,
				 "CREATE_REPLICATION_SLOT \"%s\" LOGICAL pg_outbox "
				 "(SNAPSHOT 'nothing', FAILOVER)",
				 slot);
	else
		snprintf(command, PGSLOT_COMMAND_LENGTH,
				 "CREATE_REPLICATION_SLOT \"%s\" %sLOGICAL pg_outbox "
				 "NOEXPORT_SNAPSHOT",
				 slot, kind == PG_SLOT_TEMPORARY ? "TEMPORARY " : "");
}
