/*-------------------------------------------------------------------------
 *
 * http/status.c
 *	  /status.json: everything there is to know, as one JSON object.
 *
 *-------------------------------------------------------------------------
 */
#include <json-c/json_object.h>
#include <string.h>

#include "base/journal.h"
#include "base/log.h"
#include "config/settings.h"
#include "http/resource.h"

/* Adds a whole number, a text (NULL: null), a number with three decimals. */
static void
add_int(json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

static void
add_text(json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key,
						   value ? json_object_new_string(value) : NULL);
}

static json_object *
new_decimal(double value)
{
	char text[64];

	snprintf(text, sizeof(text), "%.3f", value);
	return json_object_new_double_s(value, text);
}

static void
add_decimal(json_object *object, const char *key, double value)
{
	json_object_object_add(object, key, new_decimal(value));
}

/* An LSN as PostgreSQL writes it. */
static void
add_lsn(json_object *object, const char *key, Lsn lsn)
{
	char text[LSN_TEXT_SIZE];

	snprintf(text, sizeof(text), LSN_FORMAT, LSN_ARGS(lsn));
	add_text(object, key, lsn == 0 ? NULL : text);
}

static json_object *
make_relay(const HttpView *view)
{
	const Snapshot *snapshot = view->snapshot;
	json_object *relay = json_object_new_object();
	Error text;

	add_text(relay, "state", snapshot_state_name(snapshot->state));
	snapshot_sentence(snapshot, &text);
	add_text(relay, "sentence", text.text);
	json_object_object_add(relay, "ready",
						   json_object_new_boolean(snapshot_is_ready(
							   snapshot,
							   config_number(view->config,
											 CONFIG_HTTP_STALL_TIMEOUT),
							   &text)));
	json_object_object_add(relay, "kafka_up",
						   json_object_new_boolean(snapshot->kafka_ms == 0));
	add_text(relay, "version", PG_OUTBOX_VERSION);
	add_decimal(relay, "uptime_seconds", (double) snapshot->uptime_ms / 1000);
	add_int(relay, "in_flight_events", snapshot->in_flight_events);
	add_int(relay, "in_flight_bytes", snapshot->in_flight_bytes);
	add_decimal(relay, "lag_seconds",
				snapshot->has_oldest ? (double) snapshot->oldest_ms / 1000 : 0);
	add_int(relay, "lag_bytes", snapshot_lag_bytes(snapshot));
	add_lsn(relay, "confirmed", snapshot->confirmed);
	return relay;
}

static json_object *
make_totals(const Counters *counters)
{
	json_object *totals = json_object_new_object();

	add_int(totals, "published", counters->published);
	add_int(totals, "dead_letters", counters->dead_letters);
	add_int(totals, "skipped", counters->skipped);
	add_int(totals, "published_bytes", counters->published_bytes);
	add_int(totals, "transactions", counters->transactions);
	add_int(totals, "postgres_connects", counters->connects);
	add_int(totals, "producer_restarts", counters->restarts);
	return totals;
}

static json_object *
make_minute(const HttpView *view)
{
	json_object *object = json_object_new_object();
	HistoryMinute minute;

	history_minute(view->history, view->snapshot, &minute);
	add_decimal(object, "events_per_second", minute.events);
	add_decimal(object, "bytes_per_second", minute.bytes);
	add_decimal(object, "p50_ms", minute.p50_ms);
	add_decimal(object, "p99_ms", minute.p99_ms);
	return object;
}

static json_object *
make_topic(const char *name, const CounterTopic *topic)
{
	json_object *object = json_object_new_object();

	add_text(object, "topic", name);
	add_int(object, "events", topic->events);
	add_decimal(object, "last_event", (double) topic->last_ms / 1000);
	return object;
}

static json_object *
make_topics(const Counters *counters)
{
	json_object *topics = json_object_new_array();

	for (size_t i = 0; i < counters->n_topics; i++)
		json_object_array_add(topics, make_topic(counters->topics[i].name,
												 &counters->topics[i]));
	if (counters->others.events > 0)
		json_object_array_add(topics, make_topic("", &counters->others));
	return topics;
}

static json_object *
make_slot(const HttpView *view)
{
	const SlotView *slot = slotwatch_view(view->slot);
	json_object *object;

	if (slot == NULL)
		return NULL;
	object = json_object_new_object();
	add_text(object, "name", config_text(view->config, CONFIG_RELAY_SLOT));
	add_text(object, "wal_status", slot->wal_status);
	if (slot->retained_bytes >= 0)
		add_int(object, "retained_wal_bytes", (uint64_t) slot->retained_bytes);
	if (slot->safe_bytes >= 0)
		add_int(object, "safe_wal_bytes", (uint64_t) slot->safe_bytes);
	return object;
}

static json_object *
make_log(void)
{
	json_object *log = json_object_new_array();
	const JournalEntry *entry;

	for (size_t i = 0; (entry = journal_at(i)) != NULL; i++)
	{
		json_object *object = json_object_new_object();

		add_decimal(object, "time", (double) entry->time_ms / 1000);
		add_text(object, "level",
				 entry->level == LOG_LEVEL_ERROR ? "error" : "warning");
		add_text(object, "text", entry->text);
		json_object_array_add(log, object);
	}
	return log;
}

/* The samples by what they measure: an array each, the oldest first. */
static json_object *
make_samples(const HttpView *view)
{
	static const char *const names[] = {"time",     "events", "bytes",
										"p50_ms",   "p99_ms", "lag_seconds",
										"lag_bytes"};
	enum
	{
		N_SERIES = sizeof(names) / sizeof(names[0])
	};
	json_object *samples = json_object_new_object();
	json_object *series[N_SERIES];
	const Sample *sample;

	for (int i = 0; i < N_SERIES; i++)
	{
		series[i] = json_object_new_array();
		json_object_object_add(samples, names[i], series[i]);
	}
	for (size_t i = 0; (sample = history_at(view->history, i)) != NULL; i++)
	{
		if (sample->time <= view->since)
			continue;
		json_object_array_add(series[0], json_object_new_int64(sample->time));
		json_object_array_add(series[1],
							  json_object_new_uint64(sample->events));
		json_object_array_add(series[2], json_object_new_uint64(sample->bytes));
		json_object_array_add(series[3], new_decimal(sample->p50_ms));
		json_object_array_add(series[4], new_decimal(sample->p99_ms));
		json_object_array_add(series[5], new_decimal(sample->lag_s));
		json_object_array_add(series[6],
							  json_object_new_uint64(sample->lag_bytes));
	}
	return samples;
}

/* The settings that were given, by section, with secrets masked. */
static json_object *
make_settings(const Config *config)
{
	json_object *settings = json_object_new_object();

	for (int i = 0; settings_sections[i] != NULL; i++)
	{
		json_object *section = json_object_new_object();
		size_t cursor = 0;
		const char *key;
		const char *value;

		while (config_next(config, settings_sections[i], &cursor, &key, &value))
			add_text(section, key, settings_is_secret(key) ? "***" : value);
		json_object_object_add(settings, settings_sections[i], section);
	}
	return settings;
}

unsigned
status_write(FILE *out, const HttpView *view)
{
	json_object *status = json_object_new_object();

	add_decimal(status, "time", (double) view->snapshot->now_ms / 1000);
	json_object_object_add(status, "relay", make_relay(view));
	json_object_object_add(status, "totals",
						   make_totals(view->snapshot->counters));
	json_object_object_add(status, "last_minute", make_minute(view));
	json_object_object_add(status, "topics",
						   make_topics(view->snapshot->counters));
	json_object_object_add(status, "slot", make_slot(view));
	json_object_object_add(status, "log", make_log());
	json_object_object_add(status, "settings", make_settings(view->config));
	json_object_object_add(status, "samples", make_samples(view));
	fputs(json_object_to_json_string_ext(status,
										 JSON_C_TO_STRING_PLAIN |
											 JSON_C_TO_STRING_NOSLASHESCAPE),
		  out);
	fputc('\n', out);
	json_object_put(status);
	return 200;
}
