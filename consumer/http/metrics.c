/*-------------------------------------------------------------------------
 *
 * http/metrics.c
 *	  /metrics: the exposition format of Prometheus, version 0.0.4.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <libpq-fe.h>
#include <librdkafka/rdkafka.h>
#include <string.h>

#include "base/log.h"
#include "http/process.h"
#include "http/resource.h"

/* Begins a metric: what it means and what it is. */
static void
begin(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A metric of one whole number. */
static void
write_number(FILE *out, const char *name, const char *type, const char *help,
			 uint64_t value)
{
	begin(out, name, type, help);
	fprintf(out, "%s %" PRIu64 "\n", name, value);
}

/* A metric of one time, given in ms and written in seconds. */
static void
write_seconds(FILE *out, const char *name, const char *type, const char *help,
			  int64_t ms)
{
	begin(out, name, type, help);
	fprintf(out, "%s %" PRId64 ".%03" PRId64 "\n", name, ms / 1000, ms % 1000);
}

/* A label's value, with what has to be escaped. */
static void
write_label(FILE *out, const char *value)
{
	for (; *value != '\0'; value++)
	{
		if (*value == '\n')
			fputs("\\n", out);
		else if (*value == '"' || *value == '\\')
			fprintf(out, "\\%c", *value);
		else
			fputc(*value, out);
	}
}

static void
write_events(FILE *out, const Counters *counters)
{
	const struct
	{
		const char *outcome;
		uint64_t count;
	} outcomes[] = {{"published", counters->published},
					{"dead_letter", counters->dead_letters},
					{"skipped", counters->skipped}};

	begin(out, "pg_outbox_events_total", "counter",
		  "Events by what became of them.");
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
		fprintf(out, "pg_outbox_events_total{outcome=\"%s\"} %" PRIu64 "\n",
				outcomes[i].outcome, outcomes[i].count);
	write_number(out, "pg_outbox_published_bytes_total", "counter",
				 "Keys, values and headers of published events.",
				 counters->published_bytes);
	write_number(out, "pg_outbox_transactions_total", "counter",
				 "Transactions with events that are all acknowledged.",
				 counters->transactions);
}

static void
write_topics(FILE *out, const Counters *counters)
{
	begin(out, "pg_outbox_topic_events_total", "counter",
		  "Published events by topic; all further topics under an empty name.");
	for (size_t i = 0; i < counters->n_topics; i++)
	{
		fputs("pg_outbox_topic_events_total{topic=\"", out);
		write_label(out, counters->topics[i].name);
		fprintf(out, "\"} %" PRIu64 "\n", counters->topics[i].events);
	}
	fprintf(out, "pg_outbox_topic_events_total{topic=\"\"} %" PRIu64 "\n",
			counters->others.events);
}

static void
write_connections(FILE *out, const Counters *counters)
{
	static const char *const levels[] = {"error", "warning", "info", "debug"};

	write_number(out, "pg_outbox_postgres_connects_total", "counter",
				 "Streams that were started.", counters->connects);
	write_number(out, "pg_outbox_producer_restarts_total", "counter",
				 "Kafka producers that replaced another one.",
				 counters->restarts);
	begin(out, "pg_outbox_log_messages_total", "counter",
		  "Lines that were logged.");
	for (int i = LOG_LEVEL_ERROR; i <= LOG_LEVEL_DEBUG; i++)
		fprintf(out, "pg_outbox_log_messages_total{level=\"%s\"} %" PRIu64 "\n",
				levels[i], log_count((LogLevel) i));
}

static void
write_state(FILE *out, const Snapshot *snapshot)
{
	write_number(out, "pg_outbox_streaming", "gauge",
				 "1 while events are read as they commit.",
				 snapshot->state == SNAPSHOT_STREAMING);
	write_number(out, "pg_outbox_standing_by", "gauge",
				 "1 while another relay has the slot.",
				 snapshot->state == SNAPSHOT_STANDING_BY);
	write_number(out, "pg_outbox_held", "gauge",
				 "1 while an event that cannot be published holds all others.",
				 snapshot->state == SNAPSHOT_HELD);
	write_number(out, "pg_outbox_kafka_up", "gauge",
				 "0 while Kafka cannot be reached.", snapshot->kafka_ms == 0);
	write_number(out, "pg_outbox_in_flight_events", "gauge",
				 "Events that Kafka has not acknowledged yet.",
				 snapshot->in_flight_events);
	write_number(out, "pg_outbox_in_flight_bytes", "gauge",
				 "Memory that they take, as inflight_bytes counts it.",
				 snapshot->in_flight_bytes);
}

static void
write_lag(FILE *out, const Snapshot *snapshot)
{
	write_number(out, "pg_outbox_lag_bytes", "gauge",
				 "WAL between what is confirmed and the end of the server's.",
				 snapshot_lag_bytes(snapshot));
	write_seconds(out, "pg_outbox_lag_seconds", "gauge",
				  "Age of the oldest event that is not acknowledged.",
				  snapshot->has_oldest ? snapshot->oldest_ms : 0);
	write_number(out, "pg_outbox_confirmed_lsn", "gauge",
				 "What the slot was told to be published, as a number.",
				 snapshot->confirmed);
	write_seconds(out, "pg_outbox_last_event_timestamp_seconds", "gauge",
				  "When the last event was acknowledged; 0 = none yet.",
				  snapshot->counters->last_event_ms);
}

static void
write_latency(FILE *out, const Latency *latency)
{
	const char *name = "pg_outbox_publish_latency_seconds";

	begin(out, name, "histogram", "From commit to acknowledgement.");
	for (int power = 0; power <= LATENCY_MAX_POWER; power++)
		fprintf(out, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name,
				(double) (UINT64_C(1) << power) / 1000,
				latency_at_most(latency, power));
	fprintf(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, latency->count);
	fprintf(out, "%s_sum %" PRIu64 ".%03" PRIu64 "\n", name,
			latency->sum_ms / 1000, latency->sum_ms % 1000);
	fprintf(out, "%s_count %" PRIu64 "\n", name, latency->count);
}

static void
write_slot(FILE *out, const SlotView *slot)
{
	static const char *const states[] = {"reserved", "extended", "unreserved",
										 "lost"};

	if (slot->retained_bytes >= 0)
		write_number(out, "pg_outbox_slot_retained_wal_bytes", "gauge",
					 "WAL that the server keeps for the slot.",
					 (uint64_t) slot->retained_bytes);
	if (slot->safe_bytes >= 0)
		write_number(out, "pg_outbox_slot_safe_wal_bytes", "gauge",
					 "WAL that may be written before the slot is lost.",
					 (uint64_t) slot->safe_bytes);
	write_seconds(out, "pg_outbox_silent_seconds", "gauge",
				  "PostgreSQL has sent nothing for, though WAL waits.",
				  silence_lasted(&slot->silence));
	begin(out, "pg_outbox_slot_wal_status", "gauge",
		  "1 for the slot's wal_status.");
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		fprintf(out, "pg_outbox_slot_wal_status{status=\"%s\"} %d\n", states[i],
				strcmp(states[i], slot->wal_status) == 0);
}

static void
write_build(FILE *out)
{
	int libpq = PQlibVersion();

	begin(out, "pg_outbox_build_info", "gauge", "1, with the versions in use.");
	fprintf(out,
			"pg_outbox_build_info{version=\"%s\",librdkafka=\"%s\","
			"libpq=\"%d.%d\"} 1\n",
			PG_OUTBOX_VERSION, rd_kafka_version_str(), libpq / 10000,
			libpq % 10000);
}

static void
write_process(FILE *out, const Snapshot *snapshot)
{
	ProcessView process;

	process_look(&process);
	write_seconds(out, "process_cpu_seconds_total", "counter",
				  "User and system CPU time.", process.cpu_ms);
	write_seconds(out, "process_start_time_seconds", "gauge",
				  "When the process began, since the epoch.",
				  snapshot->now_ms - snapshot->uptime_ms);
	write_number(out, "process_resident_memory_bytes", "gauge",
				 "Resident memory.", process.resident_bytes);
	write_number(out, "process_virtual_memory_bytes", "gauge",
				 "Virtual memory.", process.virtual_bytes);
	write_number(out, "process_open_fds", "gauge", "Open file descriptors.",
				 process.open_fds);
	write_number(out, "process_max_fds", "gauge",
				 "File descriptors that may be open.", process.max_fds);
}

unsigned
metrics_write(FILE *out, const HttpView *view)
{
	const SlotView *slot = slotwatch_view(view->slot);

	write_events(out, view->snapshot->counters);
	write_topics(out, view->snapshot->counters);
	write_connections(out, view->snapshot->counters);
	write_state(out, view->snapshot);
	write_lag(out, view->snapshot);
	write_latency(out, &view->snapshot->counters->latency);
	if (slot != NULL)
		write_slot(out, slot);
	write_build(out);
	write_process(out, view->snapshot);
	return 200;
}
