/*-------------------------------------------------------------------------
 *
 * postgres/slot_status.h
 *	  The query for a slot, who reads it, and how far behind it is.
 *
 * It is that of the extension's view outbox.status (sql/status.sql), so that
 * everybody sees the same; the extension is not needed for it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_POSTGRES_SLOT_STATUS_H
#define PG_OUTBOX_POSTGRES_SLOT_STATUS_H

/* Room for the query. */
#define PGSLOT_STATUS_QUERY_SIZE 4096

/*
 * Writes the query for one slot of our decoder: no row or one.  The slot's name
 * needs no quoting, since config_set() took only what a slot's name may be.
 */
extern void pgslot_status_query(const char *slot,
								char query[PGSLOT_STATUS_QUERY_SIZE]);

#endif /* PG_OUTBOX_POSTGRES_SLOT_STATUS_H */
