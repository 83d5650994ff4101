/*-------------------------------------------------------------------------
 *
 * audit/slot.h
 *	  How far the relay is: which rows have to be in Kafka.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_AUDIT_SLOT_H
#define PG_OUTBOX_AUDIT_SLOT_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/lsn.h"
#include "config/values.h"

typedef enum AuditSlot
{
	AUDIT_SLOT_REACHED, /* all before the position is confirmed */
	AUDIT_SLOT_BEHIND,
	AUDIT_SLOT_LOST,  /* it has lost its WAL: nothing more comes of it */
	AUDIT_SLOT_FAILED /* cannot be told; see err */
} AuditSlot;

/*
 * Waits until the slot is at a position or behind, as long as a relay has it
 * and gets on.  *confirmed is where it is.
 */
extern AuditSlot audit_slot_await(const Config *config, PGconn *conn,
								  Lsn position, Lsn *confirmed, int *status,
								  Error *err);

#endif /* PG_OUTBOX_AUDIT_SLOT_H */
