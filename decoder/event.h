/*-------------------------------------------------------------------------
 *
 * event.h
 *	  One event between its routing and its line.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_EVENT_H
#define PG_OUTBOX_EVENT_H

#include "access/xlogdefs.h"
#include "datatype/timestamp.h"
#include "utils/jsonb.h"

#include "bytes.h"
#include "column.h"

typedef struct EventHeader
{
	Bytes name;
	Bytes value;
} EventHeader;

typedef enum PayloadType
{
	PAYLOAD_NONE,  /* no value: a tombstone, or not known */
	PAYLOAD_JSON,  /* bytes of a json value */
	PAYLOAD_JSONB, /* a jsonb value, not printed yet */
	PAYLOAD_TEXT,
	PAYLOAD_BYTES
} PayloadType;

/* Where an event stands in the stream. */
typedef struct EventPlace
{
	XLogRecPtr lsn; /* end of the transaction's commit record */
	uint32 seq;     /* ordinal of the line in its transaction, from 0 */
	TransactionId xid;
	TimestampTz commit_time;
} EventPlace;

/* All texts are UTF-8 and live as long as the row's memory context. */
typedef struct Event
{
	const char *error; /* why the row cannot be an event; NULL: it is one */
	Bytes relation;
	bool has_topic; /* false, also for key and headers: not known */
	Bytes topic;
	bool has_key;
	Bytes key;
	bool is_raw_key; /* any bytes, not text */
	int32 partition; /* NO_PARTITION: the partitioner decides */
	bool has_ts;     /* option timestamp names it: it is not the commit time */
	int64 ts;        /* ms since 1970-01-01 UTC */
	EventPlace place;
	bool has_headers;
	EventHeader *headers;
	int n_headers;
	int max_headers; /* that there is room for */
	int64 bytes;     /* size of what is too large to be sent; -1: nothing is */
	PayloadType payload_type;
	Bytes payload;
	Jsonb *payload_jsonb;
} Event;

#define NO_PARTITION (-1)

/* Makes an event of which nothing is known but its place and relation. */
static inline void
event_init(Event *event, const EventPlace *place, Bytes relation)
{
	memset(event, 0, sizeof(Event));
	event->place = *place;
	event->relation = relation;
	event->ts = unix_ms(place->commit_time);
	event->partition = NO_PARTITION;
	event->bytes = -1;
}

#endif /* PG_OUTBOX_EVENT_H */
