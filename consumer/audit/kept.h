/*-------------------------------------------------------------------------
 *
 * audit/kept.h
 *	  Whether Kafka still keeps the record of a row, or has deleted it.
 *
 * Retention, and kafka-delete-records, delete the beginning of a partition: its
 * first offset tells that they did, and the time of the first record that is
 * left tells which rows may have been there.  A row that is not newer cannot be
 * told from one whose record was deleted; one that is, must be there.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_AUDIT_KEPT_H
#define PG_OUTBOX_AUDIT_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Times in ms since 1970. */
#define AUDIT_KEEPS_ALL INT64_MIN
#define AUDIT_KEEPS_NONE INT64_MAX

typedef struct AuditPartition
{
	int64_t begin;   /* offset of the first record that is kept */
	int64_t from;    /* where the reading begins */
	int64_t end;     /* behind the last one */
	int64_t next;    /* what is read next */
	int64_t kept_ms; /* of the first record kept; or one of the above */
	bool is_open;    /* being read */
	bool is_done;
} AuditPartition;

typedef struct AuditTopic
{
	char *name;
	AuditPartition *partitions; /* NULL: the topic does not exist */
	int count;
	bool is_compacted;
	bool is_scattered; /* keys are not where the partitioner puts them */
	bool is_dead;      /* the topic of dead letters */
	uint64_t records;  /* that were read */
} AuditTopic;

/*
 * The smallest difference of a record's time to that of its row, in s; what
 * is below 0, or so large that it must be the clocks or time zones, is taken
 * off.
 */
#define AUDIT_NOTED_S 60

/*
 * Tells whether the record of a row that was written at that time may have
 * been in the topic and been deleted.  partition is -1 where it is not known;
 * row_ms is INT64_MIN where no column says it.
 */
extern bool audit_may_be_deleted(const AuditTopic *topic, int partition,
								 int64_t row_ms, int64_t difference_s);

#endif /* PG_OUTBOX_AUDIT_KEPT_H */
