/*-------------------------------------------------------------------------
 *
 * audit/judge.c
 *	  The second half: what has become of rows that were not found.
 *
 *-------------------------------------------------------------------------
 */
#include "audit/judge.h"

/* Rows that are being judged. */
typedef struct Judging
{
	Audit *audit;
	const AuditTable *table;
	AuditMissingTaker taker;
	void *argument;
	Progress progress;
	uint64_t rows;
	uint64_t judged;
} Judging;

/* Tells whether any topic may have had the record and deleted it. */
static bool
any_may_have_deleted(const Audit *audit, int64_t row_ms)
{
	for (size_t i = 0; i < audit->topics.count; i++)
	{
		const AuditTopic *topic = audit->topics.items[i];

		if (!topic->is_dead &&
			audit_may_be_deleted(topic, -1, row_ms, audit->difference_s))
			return true;
	}
	return false;
}

/* Tells whether the record of a row may have been there and be deleted. */
static bool
may_be_deleted(Judging *judging, const AuditRow *row)
{
	Audit *audit = judging->audit;
	AuditTopic *topic = NULL;
	int partition = -1;

	if (row->topic.data == NULL)
		return !audit->tables.has_topics &&
			   any_may_have_deleted(audit, row->time_ms);
	topic = audit_topics_find(&audit->topics, row->topic);
	if (topic == NULL)
		return false;
	if (!judging->table->has_partition)
		partition = audit_partition_of(&audit->place, row->key, topic->count);
	return audit_may_be_deleted(topic, partition, row->time_ms,
								audit->difference_s);
}

/* Tells what has become of a row, if it was not found. */
static void
take_row(void *argument, const AuditRow *row)
{
	Judging *judging = argument;
	Audit *audit = judging->audit;
	AuditId *id;

	progress_show(&judging->progress, ++judging->rows);
	if (!row->is_event || row->id.data == NULL ||
		!audit_is_of_shard(&audit->place, row->key))
		return;
	id = audit_ids_find(&audit->ids, row->id.data, row->id.len);
	if (id == NULL ||
		(id->flags & (AUDIT_SEEN | AUDIT_DEAD | AUDIT_JUDGED)) != 0)
		return;
	id->flags |= AUDIT_JUDGED;
	judging->judged++;
	if (may_be_deleted(judging, row))
		audit->counts.not_kept++;
	else if (audit->slot == AUDIT_SLOT_BEHIND)
		audit->counts.pending++;
	else
	{
		audit->counts.missing++;
		judging->taker(judging->argument, judging->table, row);
	}
}

/* Counts what was found; returns how many were not. */
static uint64_t
count_found(Audit *audit)
{
	AuditCounts *counts = &audit->counts;
	const AuditIds *ids = &audit->ids;

	counts->repeated = audit_ids_count(ids, AUDIT_AGAIN, AUDIT_AGAIN);
	counts->once = audit_ids_count(ids, AUDIT_SEEN | AUDIT_AGAIN, AUDIT_SEEN);
	counts->dead_letters =
		audit_ids_count(ids, AUDIT_SEEN | AUDIT_DEAD, AUDIT_DEAD);
	return ids->count - counts->repeated - counts->once - counts->dead_letters;
}

bool
audit_judge(Audit *audit, AuditMissingTaker taker, void *argument, int *status,
			Error *err)
{
	Judging judging = {.audit = audit, .taker = taker, .argument = argument};
	uint64_t not_found = count_found(audit);
	bool ok = true;

	if (not_found == 0)
		return true;
	progress_begin(&judging.progress, "rows, to find those that are not there",
				   audit->counts.rows);
	for (size_t i = 0; ok && i < audit->tables.count; i++)
	{
		judging.table = &audit->tables.items[i];
		ok = audit_rows_read(audit->config, audit->conn, judging.table,
							 &audit->window, take_row, &judging, status, err);
	}
	progress_end(&judging.progress);
	audit->counts.deleted = not_found - judging.judged;
	return ok;
}
