/*-------------------------------------------------------------------------
 *
 * audit/collect.c
 *	  The first half: which ids there are, and what Kafka has of each.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "audit/collect.h"
#include "audit/reader.h"
#include "base/exit.h"
#include "base/memory.h"

/* Rows that are being read. */
typedef struct Collecting
{
	Audit *audit;
	Progress progress;
} Collecting;

/* A time as an id has it. */
static uint32_t
to_seconds(int64_t ms)
{
	int64_t seconds = ms / 1000;

	return seconds > 0 && seconds <= UINT32_MAX ? (uint32_t) seconds : 0;
}

/* Takes a row. */
static void
take_row(void *argument, const AuditRow *row)
{
	Collecting *collecting = argument;
	Audit *audit = collecting->audit;
	AuditCounts *counts = &audit->counts;

	if (!row->is_event)
	{
		counts->no_events++;
		return;
	}
	if (!audit_is_of_shard(&audit->place, row->key))
		return;
	progress_show(&collecting->progress, ++counts->rows);
	if (row->topic.data != NULL)
		audit_topics_add(&audit->topics, row->topic);
	if (row->id.data == NULL)
		counts->no_id++;
	else
		audit_ids_add(&audit->ids, row->id.data, row->id.len,
					  to_seconds(row->time_ms));
}

bool
audit_collect_rows(Audit *audit, int *status, Error *err)
{
	Collecting collecting = {.audit = audit};

	if (!audit_snapshot_take(audit->config, audit->conn, &audit->snapshot,
							 status, err))
		return false;
	progress_begin(&collecting.progress, "rows", 0);
	for (size_t i = 0; i < audit->tables.count; i++)
	{
		if (!audit_rows_read(audit->config, audit->conn,
							 &audit->tables.items[i], &audit->window, take_row,
							 &collecting, status, err))
		{
			progress_end(&collecting.progress);
			return false;
		}
	}
	progress_end(&collecting.progress);
	audit->counts.shared = audit_ids_sort(&audit->ids);
	return audit_snapshot_end(audit->config, audit->conn, status, err);
}

/* Notes how far the clocks of a row and its record are apart. */
static void
note_difference(Audit *audit, const AuditId *id, int64_t record_ms)
{
	int64_t difference;

	if (id->seconds == 0 || record_ms < 0)
		return;
	difference = record_ms / 1000 - (int64_t) id->seconds;
	if (!audit->has_difference || difference < audit->difference_s)
		audit->difference_s = difference;
	audit->has_difference = true;
}

/* Takes a dead letter. */
static void
take_dead_letter(Audit *audit, const AuditRecord *record)
{
	AuditId *id;

	audit->counts.dead_records++;
	if (record->id.data == NULL)
	{
		audit->counts.dead_without_header++;
		return;
	}
	id = audit_ids_find(&audit->ids, record->id.data, record->id.len);
	if (id != NULL)
		id->flags |= AUDIT_DEAD;
}

/* Notes that the event of an id is there. */
static void
note_seen(Audit *audit, AuditId *id, const AuditRecord *record)
{
	note_difference(audit, id, record->time_ms);
	if ((id->flags & AUDIT_SEEN) == 0)
	{
		id->flags |= AUDIT_SEEN;
		return;
	}
	id->flags |= AUDIT_AGAIN;
	audit->counts.again++;
	audit->counts.replayed += record->is_replayed;
}

/* Takes a record. */
static void
take_record(void *argument, const AuditRecord *record)
{
	Audit *audit = argument;
	AuditId *id;

	if (record->topic->is_dead)
	{
		take_dead_letter(audit, record);
		return;
	}
	if (!audit_is_of_shard(&audit->place, record->key))
		return;
	audit->counts.records++;
	audit->counts.tombstones += !record->has_value;
	if (record->id.data == NULL)
	{
		audit->counts.without_header++;
		return;
	}
	id = audit_ids_find(&audit->ids, record->id.data, record->id.len);
	if (id != NULL)
		note_seen(audit, id, record);
	else
		audit->counts.in_no_row++;
}

/* The names of the headers that have the id; the list is the caller's. */
static const char **
list_headers(const AuditTables *tables)
{
	const char **names = xcalloc(tables->count + 1, sizeof(char *));
	size_t count = 0;

	for (size_t i = 0; i < tables->count; i++)
	{
		bool is_new = true;

		for (size_t j = 0; j < count; j++)
			is_new = is_new && strcmp(names[j], tables->items[i].header) != 0;
		if (is_new)
			names[count++] = tables->items[i].header;
	}
	return names;
}

bool
audit_collect_records(Audit *audit, int *status, Error *err)
{
	const char **headers = list_headers(&audit->tables);
	AuditReading reading = {.config = audit->config,
							.topics = &audit->topics,
							.place = &audit->place,
							.headers = headers,
							.taker = take_record,
							.argument = audit};
	bool ok = audit_read(&reading, status, err);

	if (ok && audit->counts.records > 0 &&
		audit->counts.without_header == audit->counts.records)
	{
		*status = EXIT_USAGE;
		ok = error_set(err,
					   "none of %llu records has the header \"%s\", by which "
					   "audit knows an event: option \"headers\" was another "
					   "one when they were published",
					   (unsigned long long) audit->counts.records, headers[0]);
	}
	free(headers);
	return ok;
}
