/*-------------------------------------------------------------------------
 *
 * protocol.h
 *	  What decoder and relay have to agree on: the constants of the lines.
 *
 * Both programs include this file; so it includes nothing itself.  The lines
 * are described in docs/envelope.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_PROTOCOL_H
#define PG_OUTBOX_PROTOCOL_H

/*
 * The version of the lines: option proto_version.  To be raised when a client
 * that reads the present ones would misread the new ones.
 */
#define PROTOCOL_VERSION "2"

/* An event has no more headers than this: clients have to hold them. */
#define PROTOCOL_MAX_HEADERS 100

/* Option max_event_bytes where it is not given. */
#define PROTOCOL_MAX_EVENT_BYTES 1000000

#endif /* PG_OUTBOX_PROTOCOL_H */
