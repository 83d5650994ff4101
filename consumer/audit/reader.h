/*-------------------------------------------------------------------------
 *
 * audit/reader.h
 *	  Reads the records of topics, one after the other.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_AUDIT_READER_H
#define PG_OUTBOX_AUDIT_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "audit/place.h"
#include "audit/progress.h"
#include "audit/topics.h"
#include "base/slice.h"

/* A record; its bytes are valid until the next one. */
typedef struct AuditRecord
{
	const AuditTopic *topic;
	Slice id;        /* the header with it; data is NULL: it has none */
	Slice key;       /* data is NULL: it has none */
	int64_t time_ms; /* since 1970; -1: it has none */
	bool has_value;
	bool is_replayed; /* by outbox.replay() */
} AuditRecord;

typedef void (*AuditRecordTaker)(void *argument, const AuditRecord *record);

/* What is read, and how; all must outlive the reading. */
typedef struct AuditReading
{
	const Config *config;
	AuditTopics *topics;
	const AuditPlace *place;
	const char *const *headers; /* that may have the id; NULL at the end */
	AuditRecordTaker taker;
	void *argument;
} AuditReading;

/*
 * Gives each committed record to the taker, of all partitions up to the end
 * that was looked up, and notes of each what it keeps and where keys are.
 * False, with the reason in err, if not all could be read.
 */
extern bool audit_read(const AuditReading *reading, int *status, Error *err);

#endif /* PG_OUTBOX_AUDIT_READER_H */
