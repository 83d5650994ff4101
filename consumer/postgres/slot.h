/*-------------------------------------------------------------------------
 *
 * postgres/slot.h
 *	  The replication command that creates a slot.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_POSTGRES_SLOT_H
#define PG_OUTBOX_POSTGRES_SLOT_H

/* Room for a command on a slot: a slot's name is at most 63 bytes. */
#define PGSLOT_COMMAND_LENGTH 160

typedef enum PgSlotKind
{
	PG_SLOT_PERMANENT,
	PG_SLOT_FAILOVER, /* synchronized to standbys; PostgreSQL 17 and later */
	PG_SLOT_TEMPORARY /* goes with the connection */
} PgSlotKind;

/* Writes the replication command that creates a slot for our decoder. */
extern void pgslot_create_command(const char *slot, PgSlotKind kind,
								  char command[PGSLOT_COMMAND_LENGTH]);

#endif /* PG_OUTBOX_POSTGRES_SLOT_H */
