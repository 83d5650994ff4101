/*-------------------------------------------------------------------------
 *
 * kafka/state_record.h
 *	  The position that exactly-once delivery keeps in Kafka: one record.
 *
 * The record says what of PostgreSQL's events has been published by Kafka
 * transactions that committed.  Its key is SYSTEM_IDENTIFIER/SLOT, its value
 * JSON:
 *
 *	  {"lsn":"0/1A2B","timeline":1}           all that committed up to there
 *	  {"lsn":"0/1A2B","timeline":1,"seq":7}   of the transaction that ends
 *	                                          there only events 0 to 6
 *
 * Members that are not known are passed over, so that a later version may add
 * some.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_KAFKA_STATE_RECORD_H
#define PG_OUTBOX_KAFKA_STATE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/lsn.h"

typedef struct StateRecord
{
	Lsn lsn;           /* 0 = nothing is known to be published */
	uint32_t events;   /* of the transaction at lsn; 0 = all of them */
	uint32_t timeline; /* on which the LSN is */
} StateRecord;

/* Room for a key and for a value, with the terminating zero. */
#define STATE_KEY_SIZE 128
#define STATE_VALUE_SIZE 128

/* Writes the key of a slot's record. */
extern void state_record_key(const char *system_identifier, const char *slot,
							 char key[STATE_KEY_SIZE]);

/*
 * Tells whether a record's key is that of the slot on another system, which it
 * then names, cut at the buffer's size.
 */
extern bool state_record_is_foreign(const char *key, size_t len,
									const char *own_key, char *system,
									size_t size);

/* Writes the value. */
extern void state_record_write(const StateRecord *record,
							   char value[STATE_VALUE_SIZE]);

/* Reads a value; false, with what is wrong in err, if it is none. */
extern bool state_record_read(StateRecord *record, const char *value,
							  size_t len, Error *err);

#endif /* PG_OUTBOX_KAFKA_STATE_RECORD_H */
