/*-------------------------------------------------------------------------
 *
 * audit/notes.c
 *	  What has to be known to read the counts of an audit.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/notes.h"
#include "base/memory.h"

/* Of many topics only some are named. */
#define MOST_NAMED 10

/* Adds a sentence. */
static void __attribute__((format(printf, 2, 3)))
add(AuditNotes *notes, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		xalloc_failed();
	va_end(args);
	notes->items = xrealloc(notes->items, (notes->count + 1) * sizeof(char *));
	notes->items[notes->count++] = text;
}

/* How far the slot is, if that is not far enough. */
static void
note_slot(AuditNotes *notes, const Audit *audit)
{
	const char *slot = config_text(audit->config, CONFIG_RELAY_SLOT);

	if (audit->slot == AUDIT_SLOT_LOST)
		add(notes,
			"slot \"%s\" has lost its WAL: what is missing is not published "
			"by it any more",
			slot);
	else if (audit->slot == AUDIT_SLOT_BEHIND && audit->counts.pending > 0)
		add(notes,
			"slot \"%s\" is at " LSN_FORMAT ", the rows reach to " LSN_FORMAT
			": which of those that are pending is missing is known once it is "
			"there",
			slot, LSN_ARGS(audit->confirmed), LSN_ARGS(audit->snapshot));
}

/* Tells whether a topic is missing, or compacted. */
static bool
is_absent(const AuditTopic *topic)
{
	return !topic->is_dead && topic->partitions == NULL;
}

static bool
is_compacted(const AuditTopic *topic)
{
	return !topic->is_dead && topic->is_compacted;
}

/* Names the topics of a kind. */
static void
note_topics(AuditNotes *notes, const Audit *audit,
			bool (*is_kind)(const AuditTopic *), const char *what)
{
	size_t count = 0;

	for (size_t i = 0; i < audit->topics.count; i++)
	{
		const AuditTopic *topic = audit->topics.items[i];

		if (is_kind(topic) && count++ < MOST_NAMED)
			add(notes, "topic \"%s\" %s", topic->name, what);
	}
	if (count > MOST_NAMED)
		add(notes, "so it is with %zu topics more", count - MOST_NAMED);
}

/* How far the clocks are apart, if they are. */
static void
note_clocks(AuditNotes *notes, const Audit *audit)
{
	int64_t difference = audit->difference_s;

	if (!audit->has_difference ||
		(difference >= 0 && difference < AUDIT_NOTED_S))
		return;
	add(notes,
		"the times of records are %s%" PRId64 " s %s those of their rows: "
		"clocks or time zones differ, which is reckoned with where it is told "
		"what Kafka no longer keeps",
		difference < 0 ? "up to " : "at least ",
		difference < 0 ? -difference : difference,
		difference < 0 ? "before" : "behind");
}

/* Tables of which no column says when a row was written. */
static void
note_tables(AuditNotes *notes, const Audit *audit)
{
	for (size_t i = 0; i < audit->tables.count; i++)
	{
		if (audit->tables.items[i].time == NULL && audit->counts.not_kept > 0)
			add(notes,
				"table %s has no column that says when a row was written: "
				"where Kafka has deleted records, none of its rows is called "
				"missing",
				audit->tables.items[i].name);
	}
}

void
audit_notes_collect(AuditNotes *notes, const Audit *audit)
{
	*notes = (AuditNotes){0};
	note_slot(notes, audit);
	note_topics(notes, audit, is_absent, "does not exist");
	note_topics(notes, audit, is_compacted,
				"is compacted: of its rows that were not found none is called "
				"missing");
	note_clocks(notes, audit);
	note_tables(notes, audit);
	if (audit->counts.shared > 0)
		add(notes,
			"%" PRIu64 " rows have the id of another row: of these audit "
			"tells only whether one was published; of several tables, audit "
			"each alone with -X outbox.tables=...",
			audit->counts.shared);
}

void
audit_notes_free(AuditNotes *notes)
{
	for (size_t i = 0; i < notes->count; i++)
		free(notes->items[i]);
	free(notes->items);
	*notes = (AuditNotes){0};
}
