/*-------------------------------------------------------------------------
 *
 * emit.h
 *	  Events as logical messages: the extension's functions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_EMIT_H
#define PG_OUTBOX_EMIT_H

/* Defines pg_outbox.max_event_bytes; to be called once, by _PG_init(). */
extern void emit_define_settings(void);

#endif /* PG_OUTBOX_EMIT_H */
