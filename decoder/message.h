/*-------------------------------------------------------------------------
 *
 * message.h
 *	  Makes an event of a logical message.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_MESSAGE_H
#define PG_OUTBOX_MESSAGE_H

#include "event.h"
#include "options.h"

typedef struct MessageReader MessageReader;

/* Makes the reader of one decoding in the current memory context. */
extern MessageReader *message_reader_create(const Options *options);

/*
 * Makes an event of a message, of its content, which must stay until the event
 * is written.  A broken one raises nothing: event->error says what is wrong.
 * Allocates in the current context, which must be reset after each message.
 * False if it is none: it does not match option "where", or belongs to another
 * shard.
 */
extern bool event_from_message(MessageReader *reader, Bytes content,
							   const EventPlace *place, Event *event);

#endif /* PG_OUTBOX_MESSAGE_H */
