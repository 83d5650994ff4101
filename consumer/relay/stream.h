/*-------------------------------------------------------------------------
 *
 * relay/stream.h
 *	  PostgreSQL's side of the relay: connections, reading, confirming.
 *
 * The serve functions do what is due, and the due functions return when that
 * is, in ms of clock_ms(); INT64_MAX = never.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_STREAM_H
#define PG_OUTBOX_RELAY_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "relay/state.h"

/* Connects again if it is time to. */
extern void relay_serve_reconnect(Relay *relay);
extern int64_t relay_reconnect_due(const Relay *relay);

/* Reads the stream as far as there is room, but for no more than a turn. */
extern void relay_serve_stream(Relay *relay);

/* Gives the buffer of the present message back. */
extern void relay_release_message(Relay *relay);

/* Tells whether the relay reads what PostgreSQL sends. */
extern bool relay_is_listening(const Relay *relay);

/* Closes the connection, for this reason, to make another. */
extern void relay_hang_up(Relay *relay, const Error *reason);

/* Asks a silent PostgreSQL for a sign of life, and gives it up at last. */
extern void relay_serve_silence(Relay *relay);
extern int64_t relay_silence_due(const Relay *relay);

/* Tells the server what was read and what it may forget: now, or if due. */
extern void relay_send_status(Relay *relay);
extern void relay_serve_status(Relay *relay);
extern int64_t relay_status_due(const Relay *relay);

#endif /* PG_OUTBOX_RELAY_STREAM_H */
