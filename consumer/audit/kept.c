/*-------------------------------------------------------------------------
 *
 * audit/kept.c
 *	  Whether Kafka still keeps the record of a row, or has deleted it.
 *
 *-------------------------------------------------------------------------
 */
#include "audit/kept.h"

/* The newest time up to which records of a topic may have been deleted. */
static int64_t
deleted_until(const AuditTopic *topic, int partition)
{
	int64_t until = AUDIT_KEEPS_ALL;

	if (partition >= 0 && partition < topic->count && !topic->is_scattered)
		return topic->partitions[partition].kept_ms;
	for (int i = 0; i < topic->count; i++)
	{
		if (topic->partitions[i].kept_ms > until)
			until = topic->partitions[i].kept_ms;
	}
	return until;
}

bool
audit_may_be_deleted(const AuditTopic *topic, int partition, int64_t row_ms,
					 int64_t difference_s)
{
	int64_t until = deleted_until(topic, partition);

	if (topic->is_compacted || until == AUDIT_KEEPS_NONE)
		return true;
	if (until == AUDIT_KEEPS_ALL)
		return false;
	if (row_ms == INT64_MIN)
		return true;
	if (difference_s < 0 || difference_s >= AUDIT_NOTED_S)
		until -= difference_s * 1000;
	return row_ms <= until;
}
