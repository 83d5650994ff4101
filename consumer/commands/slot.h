/*-------------------------------------------------------------------------
 *
 * commands/slot.h
 *	  The replication slot: the commands create-slot and drop-slot.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_COMMANDS_SLOT_H
#define PG_OUTBOX_COMMANDS_SLOT_H

#include "config/values.h"

/* Room for a slot command: a slot's name is at most 63 bytes. */
#define SLOT_COMMAND_LENGTH 160

typedef enum SlotKind
{
	SLOT_PERMANENT,
	SLOT_FAILOVER, /* synchronized to standbys; PostgreSQL 17 and later */
	SLOT_TEMPORARY /* goes with the connection */
} SlotKind;

/* Writes the replication command that creates a slot for our decoder. */
extern void slot_create_command(const char *slot, SlotKind kind,
								char command[SLOT_COMMAND_LENGTH]);

/*
 * Creates or drops the slot that [relay] slot names, says so on standard
 * output, and returns the exit status.
 */
extern int slot_create(const Config *config);
extern int slot_drop(const Config *config);

#endif /* PG_OUTBOX_COMMANDS_SLOT_H */
