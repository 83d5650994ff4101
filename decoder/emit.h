/*-------------------------------------------------------------------------
 *
 * emit.h
 *	  Events as logical messages: the extension's functions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_EMIT_H
#define PG_OUTBOX_EMIT_H

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

#include "bytes.h"

/*
 * A frame is no larger than this, in bytes: a record of WAL may have 1020 MB
 * (xlogrecord.h, XLogRecordMaxSize), and one that 13 to 15 wrote larger could
 * not be read again.
 */
#define EMIT_MAX_FRAME (1000 * 1024 * 1024)

/* Defines pg_outbox.max_event_bytes; to be called once, by _PG_init(). */
extern void emit_define_settings(void);

/*
 * Raises an ERROR where no event can be written: read-only, on a standby, or
 * without wal_level = logical.  The function's name is for the message.
 */
extern void emit_check_server(const char *function);

/* Raises an ERROR if headers are not an object, or more than are published. */
extern void emit_check_headers(Jsonb *headers);

/* A jsonb as it prints, palloc'd in the current context. */
extern Bytes emit_jsonb_bytes(Jsonb *jsonb);

/*
 * Writes a frame as a message of this transaction; raises an ERROR if it is
 * larger than EMIT_MAX_FRAME.
 */
extern void emit_frame(const StringInfoData *frame);

#endif /* PG_OUTBOX_EMIT_H */
