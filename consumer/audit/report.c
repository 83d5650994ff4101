/*-------------------------------------------------------------------------
 *
 * audit/report.c
 *	  What an audit found, for people or as JSON.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "audit/notes.h"
#include "audit/report.h"

/* For people, of rows that are missing only so many are printed. */
#define MOST_PRINTED 1000

/* Room for a time in ISO 8601. */
#define TIME_SIZE 40

/* Writes a time in UTC; empty if it is not known. */
static void
write_time(int64_t ms, char text[TIME_SIZE])
{
	time_t seconds = (time_t) (ms / 1000);
	struct tm parts;
	size_t len;

	*text = '\0';
	if (ms == INT64_MIN || ms < 0 || gmtime_r(&seconds, &parts) == NULL)
		return;
	len = strftime(text, TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(text + len, TIME_SIZE - len, ".%03dZ", (int) (ms % 1000));
}

/* Prints bytes as a JSON string, or null. */
static void
print_string(Slice text)
{
	json_object *string;

	if (text.data == NULL)
	{
		fputs("null", stdout);
		return;
	}
	string = json_object_new_string_len(text.data, (int) text.len);
	fputs(json_object_to_json_string_ext(string,
										 JSON_C_TO_STRING_PLAIN |
											 JSON_C_TO_STRING_NOSLASHESCAPE),
		  stdout);
	json_object_put(string);
}

/* A string as a slice; an empty one is null. */
static Slice
slice(const char *text)
{
	return (Slice){*text != '\0' ? text : NULL, strlen(text)};
}

/* Prints a row as an object of the list of those that are missing. */
static void
print_missing_json(const AuditReport *report, const AuditTable *table,
				   const AuditRow *row, const char *written)
{
	fputs(report->missing == 0 ? "{\"missing_rows\":[{\"id\":" : ",{\"id\":",
		  stdout);
	print_string(row->id);
	fputs(",\"table\":", stdout);
	print_string(slice(table->name));
	fputs(",\"topic\":", stdout);
	print_string(row->topic);
	fputs(",\"written\":", stdout);
	print_string(slice(written));
	fputc('}', stdout);
}

/* Prints bytes for people; what would move a terminal's cursor becomes a dot.
 */
static void
print_text(const char *name, Slice text)
{
	printf("  %s=", name);
	for (size_t i = 0; i < text.len; i++)
	{
		unsigned char c = (unsigned char) text.data[i];

		putchar(c < ' ' || c == 0x7f ? '.' : c);
	}
}

void
audit_report_missing(AuditReport *report, const AuditTable *table,
					 const AuditRow *row)
{
	char written[TIME_SIZE];

	write_time(row->time_ms, written);
	if (report->json)
		print_missing_json(report, table, row, written);
	else if (report->missing < MOST_PRINTED)
	{
		fputs("missing", stdout);
		print_text("id", row->id);
		print_text("table", slice(table->name));
		if (row->topic.data != NULL)
			print_text("topic", row->topic);
		if (*written != '\0')
			print_text("written", slice(written));
		putchar('\n');
	}
	report->missing++;
}

/* A count with its name, which is printed if it is not 0 or always. */
typedef struct Line
{
	const char *name; /* for people; in JSON with _ for blanks */
	uint64_t count;
	bool always;
} Line;

#define MOST_LINES 12

/* The counts of rows. */
static size_t
lines_of_rows(const AuditCounts *counts, Line lines[MOST_LINES])
{
	const Line all[] = {
		{"there once", counts->once, true},
		{"repeated", counts->repeated, true},
		{"dead letters", counts->dead_letters, true},
		{"pending", counts->pending, true},
		{"no longer kept", counts->not_kept, true},
		{"missing", counts->missing, true},
		{"deleted meanwhile", counts->deleted, false},
		{"with a shared id", counts->shared, false},
		{"without an id", counts->no_id, false},
		{"no events", counts->no_events, false},
	};

	memcpy(lines, all, sizeof(all));
	return sizeof(all) / sizeof(all[0]);
}

/* The counts of records. */
static size_t
lines_of_records(const Audit *audit, Line lines[MOST_LINES])
{
	const AuditCounts *counts = &audit->counts;
	const Line all[] = {
		{"repetitions", counts->again, true},
		{"replayed", counts->replayed, false},
		{"tombstones", counts->tombstones, true},
		{"without the header", counts->without_header, false},
		{"dead letters", counts->dead_records, false},
		{"dead letters without the header", counts->dead_without_header, false},
		/* With a window most records are of rows outside of it. */
		{"in no row", counts->in_no_row, !audit->has_window},
	};
	size_t count = sizeof(all) / sizeof(all[0]);

	memcpy(lines, all, sizeof(all));
	return audit->has_window ? count - 1 : count;
}

/* Prints counts for people. */
static void
print_lines(const char *what, uint64_t count, const Line *lines, size_t n)
{
	printf("%-34s %12" PRIu64 "\n", what, count);
	for (size_t i = 0; i < n; i++)
	{
		if (lines[i].always || lines[i].count > 0)
			printf("  %-32s %12" PRIu64 "\n", lines[i].name, lines[i].count);
	}
}

/* Prints counts as an object. */
static void
print_object(const char *what, uint64_t count, const Line *lines, size_t n)
{
	printf(",\"%s\":{\"all\":%" PRIu64, what, count);
	for (size_t i = 0; i < n; i++)
	{
		fputs(",\"", stdout);
		for (const char *p = lines[i].name; *p != '\0'; p++)
			putchar(*p == ' ' ? '_' : *p);
		printf("\":%" PRIu64, lines[i].count);
	}
	putchar('}');
}

/* Prints which tables and topics were compared, for people. */
static void
print_scope(const Audit *audit)
{
	size_t topics = 0;

	for (size_t i = 0; i < audit->topics.count; i++)
		topics += audit->topics.items[i]->partitions != NULL &&
				  !audit->topics.items[i]->is_dead;
	for (size_t i = 0; i < audit->tables.count; i++)
		printf("%s%s", i == 0 ? "" : ", ", audit->tables.items[i].name);
	printf(" and %zu topic%s\n", topics, topics == 1 ? "" : "s");
}

/* Prints which tables and topics were compared, as JSON. */
static void
print_scope_json(const Audit *audit)
{
	bool is_first = true;

	fputs(",\"tables\":[", stdout);
	for (size_t i = 0; i < audit->tables.count; i++)
	{
		fputs(i == 0 ? "" : ",", stdout);
		print_string(slice(audit->tables.items[i].name));
	}
	fputs("],\"topics\":[", stdout);
	for (size_t i = 0; i < audit->topics.count; i++)
	{
		const AuditTopic *topic = audit->topics.items[i];

		if (topic->is_dead || topic->partitions == NULL)
			continue;
		fputs(is_first ? "" : ",", stdout);
		print_string(slice(topic->name));
		is_first = false;
	}
	putchar(']');
}

/* Prints all but the rows that are missing, as JSON. */
static void
print_json(const Audit *audit, const AuditNotes *notes)
{
	Line lines[MOST_LINES];

	print_object("rows", audit->counts.rows, lines,
				 lines_of_rows(&audit->counts, lines));
	print_object("records", audit->counts.records, lines,
				 lines_of_records(audit, lines));
	print_scope_json(audit);
	fputs(",\"notes\":[", stdout);
	for (size_t i = 0; i < notes->count; i++)
	{
		fputs(i == 0 ? "" : ",", stdout);
		print_string(slice(notes->items[i]));
	}
	fputs("]}\n", stdout);
}

void
audit_report_all(AuditReport *report, const Audit *audit)
{
	AuditNotes notes;
	Line lines[MOST_LINES];
	size_t n;

	audit_notes_collect(&notes, audit);
	if (report->json)
	{
		fputs(report->missing == 0 ? "{\"missing_rows\":[]" : "]", stdout);
		print_json(audit, &notes);
	}
	else
	{
		if (report->missing > MOST_PRINTED)
			printf("missing  and %" PRIu64 " more, which --json lists\n",
				   report->missing - MOST_PRINTED);
		print_scope(audit);
		n = lines_of_rows(&audit->counts, lines);
		print_lines("rows", audit->counts.rows, lines, n);
		n = lines_of_records(audit, lines);
		print_lines("records", audit->counts.records, lines, n);
		for (size_t i = 0; i < notes.count; i++)
			printf("note: %s\n", notes.items[i]);
	}
	audit_notes_free(&notes);
}
