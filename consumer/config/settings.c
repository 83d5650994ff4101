/*-------------------------------------------------------------------------
 *
 * config/settings.c
 *	  The relay's own settings: names, types, defaults, ranges.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/position.h"
#include "config/address.h"
#include "config/settings.h"
#include "config/topic_spec.h"

#define KB INT64_C(1024)
#define MB (1024 * KB)
#define GB (1024 * MB)
#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

const char *const settings_sections[] = {"postgres", "kafka",       "outbox",
										 "relay",    "maintenance", "http",
										 "log",      NULL};

/* The decoder checks the values of [outbox] when the stream starts. */
static const Setting settings[] = {
	[CONFIG_OUTBOX_TABLES] = {"outbox", "tables", SETTING_TEXT, NULL, 0, 0,
							  "tables that are an outbox: schema.table, ..."},
	[CONFIG_OUTBOX_MESSAGES] = {"outbox", "messages", SETTING_TEXT, NULL, 0, 0,
								"prefix of logical messages that are events"},
	[CONFIG_OUTBOX_TOPIC] = {"outbox", "topic", SETTING_TEXT, NULL, 0, 0,
							 "topic, a template over columns"},
	[CONFIG_OUTBOX_ROUTE_BY] =
		{"outbox", "route_by", SETTING_TEXT, NULL, 0, 0,
		 "column that a regular expression routes by, instead of topic"},
	[CONFIG_OUTBOX_ROUTE_REGEX] =
		{"outbox", "route_regex", SETTING_TEXT, NULL, 0, 0,
		 "regular expression that a value of it has to match"},
	[CONFIG_OUTBOX_ROUTE_REPLACEMENT] =
		{"outbox", "route_replacement", SETTING_TEXT, NULL, 0, 0,
		 "topic made of what matched: $1, ${name}"},
	[CONFIG_OUTBOX_KEY] = {"outbox", "key", SETTING_TEXT, NULL, 0, 0,
						   "key: a column, a template, or empty for none"},
	[CONFIG_OUTBOX_KEY_ENCODING] = {"outbox", "key_encoding", SETTING_TEXT,
									NULL, 0, 0,
									"raw: bytes of a bytea key are the "
									"record's"},
	[CONFIG_OUTBOX_ID] = {"outbox", "id", SETTING_TEXT, NULL, 0, 0,
						  "column of the event's id"},
	[CONFIG_OUTBOX_EVENT_TYPE] = {"outbox", "event_type", SETTING_TEXT, NULL, 0,
								  0, "column of the event's type"},
	[CONFIG_OUTBOX_PAYLOAD] = {"outbox", "payload", SETTING_TEXT, NULL, 0, 0,
							   "column of the value"},
	[CONFIG_OUTBOX_VALUE] = {"outbox", "value", SETTING_TEXT, NULL, 0, 0,
							 "what the value is: payload, or row(column, "
							 "column:member, ...)"},
	[CONFIG_OUTBOX_PARTITION] = {"outbox", "partition", SETTING_TEXT, NULL, 0,
								 0, "column of the partition"},
	[CONFIG_OUTBOX_TIMESTAMP] = {"outbox", "timestamp", SETTING_TEXT, NULL, 0,
								 0, "column of the timestamp"},
	[CONFIG_OUTBOX_HEADERS] = {"outbox", "headers", SETTING_TEXT, NULL, 0, 0,
							   "headers: column, column:header, column:*, ..."},
	[CONFIG_OUTBOX_WHERE] = {"outbox", "where", SETTING_TEXT, NULL, 0, 0,
							 "condition that rows have to match to be events"},
	[CONFIG_OUTBOX_EMPTY_PAYLOAD] = {"outbox", "empty_payload", SETTING_TEXT,
									 NULL, 0, 0,
									 "what blank text is: value or tombstone"},
	[CONFIG_OUTBOX_SHARD] = {"outbox", "shard", SETTING_TEXT, NULL, 0, 0,
							 "k/n: only keys that hash to k of n"},
	[CONFIG_OUTBOX_MAX_EVENT_BYTES] = {"outbox", "max_event_bytes",
									   SETTING_TEXT, NULL, 0, 0,
									   "largest payload, in bytes"},
	[CONFIG_OUTBOX_ORIGIN] = {"outbox", "origin", SETTING_TEXT, NULL, 0, 0,
							  "none: drop what came by replication"},
	[CONFIG_RELAY_SLOT] = {"relay", "slot", SETTING_SLOT, "pg_outbox", 0, 0,
						   "replication slot to stream from"},
	[CONFIG_RELAY_DELIVERY] =
		{"relay", "delivery", SETTING_DELIVERY, "at-least-once", 0, 0,
		 "at-least-once, or exactly-once for readers of committed records"},
	[CONFIG_RELAY_COMMIT_INTERVAL] =
		{"relay", "commit_interval", SETTING_DURATION, "10ms", 1, MINUTE,
		 "shortest time from one Kafka transaction to the next, exactly-once"},
	[CONFIG_RELAY_COMMIT_BYTES] =
		{"relay", "commit_bytes", SETTING_BYTES, "8MB", KB, GB,
		 "size at which a Kafka transaction is committed, exactly-once"},
	[CONFIG_RELAY_STATE_TOPIC] =
		{"relay", "state_topic", SETTING_TOPIC, NULL, 0, 0,
		 "where exactly-once keeps its position; unset: pg_outbox.state.SLOT"},
	[CONFIG_RELAY_TRANSACTIONAL_ID_PREFIX] =
		{"relay", "transactional_id_prefix", SETTING_TEXT, NULL, 0, 0,
		 "what transactional.id begins with, exactly-once"},
	[CONFIG_RELAY_ON_ERROR] = {"relay", "on_error", SETTING_ON_ERROR, "hold", 0,
							   0,
							   "what becomes of an event that cannot be "
							   "published: hold, stop, dead-letter or skip"},
	[CONFIG_RELAY_SKIP] = {"relay", "skip", SETTING_POSITIONS, NULL, 0, 0,
						   "events to pass over: LSN/SEQ, ..., as the log "
						   "names them"},
	[CONFIG_RELAY_DEAD_LETTER_TOPIC] =
		{"relay", "dead_letter_topic", SETTING_TOPIC, "pg_outbox.dead-letters",
		 0, 0, "where on_error = dead-letter sends events"},
	[CONFIG_RELAY_CREATE_TOPICS] =
		{"relay", "create_topics", SETTING_TOPIC_SPEC, NULL, 0, 0,
		 "create topics that are missing: "
		 "PARTITIONS[:REPLICATION[,property=value]...]"},
	[CONFIG_RELAY_MAX_TOPICS] = {"relay", "max_topics", SETTING_COUNT, "10000",
								 1, 1000000,
								 "topics that the producer remembers, about 4 "
								 "kB each, before it begins "
								 "anew"},
	[CONFIG_RELAY_CONNECT_TIMEOUT] =
		{"relay", "connect_timeout", SETTING_DURATION, "10s", SECOND, HOUR,
		 "longest time to wait for PostgreSQL to answer when connecting"},
	[CONFIG_RELAY_RECEIVE_TIMEOUT] = {"relay", "receive_timeout",
									  SETTING_DURATION, "60s", SECOND, HOUR,
									  "longest silence of PostgreSQL, which is "
									  "asked for a sign of life before"},
	[CONFIG_RELAY_STATUS_INTERVAL] =
		{"relay", "status_interval", SETTING_DURATION, "10s", 100, MINUTE,
		 "longest time between two statuses to PostgreSQL"},
	[CONFIG_RELAY_INFLIGHT_BYTES] =
		{"relay", "inflight_bytes", SETTING_BYTES, "16MB", 64 * KB, GB,
		 "memory for events that Kafka has not acknowledged yet"},
	[CONFIG_RELAY_SHUTDOWN_TIMEOUT] =
		{"relay", "shutdown_timeout", SETTING_DURATION, "30s", 0, HOUR,
		 "longest time to deliver what is in flight when stopping"},
	[CONFIG_MAINTENANCE_INTERVAL] =
		{"maintenance", "interval", SETTING_DURATION, NULL, SECOND, 24 * HOUR,
		 "how often the extension's outbox.maintain() is called; unset: never"},
	[CONFIG_MAINTENANCE_TABLES] =
		{"maintenance", "tables", SETTING_TEXT, NULL, 0, 0,
		 "tables to maintain: schema.table, ...; unset: those of [outbox], if "
		 "they are a plain list"},
	[CONFIG_MAINTENANCE_OLDER_THAN] = {"maintenance", "older_than",
									   SETTING_TEXT, "7 days", 0, 0,
									   "age at which rows of the outbox are "
									   "deleted, an interval of PostgreSQL"},
	[CONFIG_MAINTENANCE_AHEAD] =
		{"maintenance", "ahead", SETTING_COUNT, "7", 0, 1000,
		 "partitions to have ready behind the present one"},
	[CONFIG_MAINTENANCE_BATCH] = {"maintenance", "batch", SETTING_COUNT,
								  "10000", 1, 1000000,
								  "rows to delete in one transaction"},
	[CONFIG_MAINTENANCE_TIME_COLUMN] = {"maintenance", "time_column",
										SETTING_TEXT, NULL, 0, 0,
										"column that says when a row was "
										"written; unset: created_at and the "
										"like"},
	[CONFIG_HTTP_LISTEN] = {"http", "listen", SETTING_ADDRESS, NULL, 0, 0,
							"where metrics, health and the status page are "
							"served: HOST:PORT; unset: nowhere"},
	[CONFIG_HTTP_SLOT_INTERVAL] =
		{"http", "slot_interval", SETTING_DURATION, "15s", 0, HOUR,
		 "how often the server is asked for the slot; 0s: never"},
	[CONFIG_HTTP_STALL_TIMEOUT] =
		{"http", "stall_timeout", SETTING_DURATION, "60s", SECOND, HOUR,
		 "not ready once an event has waited for Kafka for longer"},
	[CONFIG_HTTP_METRICS_TOPICS] =
		{"http", "metrics_topics", SETTING_COUNT, "100", 0, 10000,
		 "topics with a metric of their own; all others are one"},
	[CONFIG_LOG_LEVEL] = {"log", "level", SETTING_LOG_LEVEL, "info", 0, 0,
						  "error, warning, info or debug"},
	[CONFIG_LOG_FORMAT] = {"log", "format", SETTING_LOG_FORMAT, "logfmt", 0, 0,
						   "logfmt or json"},
};

_Static_assert(sizeof(settings) / sizeof(settings[0]) == N_SETTINGS,
			   "the last name has a setting; test_config.c looks for gaps");

/* A unit and what one of it is. */
typedef struct Unit
{
	const char *name;
	int64_t factor;
} Unit;

static const Unit byte_units[] = {{"B", 1},
								  {"kB", KB},
								  {"MB", MB},
								  {"GB", GB},
								  {NULL, 0}};
static const Unit duration_units[] = {{"ms", 1},
									  {"s", SECOND},
									  {"min", MINUTE},
									  {"h", HOUR},
									  {NULL, 0}};
static const Unit count_units[] = {{"", 1}, {NULL, 0}};

static const char *const format_words[] = {"logfmt", "json", NULL};
static const char *const delivery_words[] = {"at-least-once", "exactly-once",
											 NULL};
static const char *const on_error_words[] = {"hold", "stop", "dead-letter",
											 "skip", NULL};

bool
settings_describe(const char *section)
{
	return strcmp(section, "postgres") != 0 && strcmp(section, "kafka") != 0;
}

bool
settings_take_keywords(const char *section)
{
	return strcmp(section, "maintenance") == 0;
}

bool
settings_is_secret(const char *key)
{
	static const char *const words[] = {"password",  "passphrase",
										"secret",    "key.pem",
										"jaas",      "oauthbearer.config",
										"kinit.cmd", "scram_",
										NULL};

	if (strcmp(key, "password_file") == 0)
		return false;
	for (int i = 0; words[i] != NULL; i++)
	{
		if (strstr(key, words[i]) != NULL)
			return true;
	}
	return false;
}

const Setting *
settings_get(ConfigKey key)
{
	return &settings[key];
}

const Setting *
settings_find(const char *section, const char *key)
{
	for (size_t i = 0; i < N_SETTINGS; i++)
	{
		if (strcmp(settings[i].section, section) == 0 &&
			strcmp(settings[i].key, key) == 0)
			return &settings[i];
	}
	return NULL;
}

const char *
settings_removed(const char *section, const char *key)
{
	if (strcmp(section, "relay") == 0 && strcmp(key, "create_slot") == 0)
		return "a slot that is made anew at a restart hides what was lost with "
			   "the old one, so create it once, with pg_outbox create-slot "
			   "--if-not-exists";
	return NULL;
}

void
settings_keys(const char *section, const char **keys, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < N_SETTINGS && n + 1 < max; i++)
	{
		if (strcmp(settings[i].section, section) == 0)
			keys[n++] = settings[i].key;
	}
	keys[n] = NULL;
}

/* Tells whether a word is in a list. */
static bool
is_word(const char *word, const char *const *words)
{
	for (; *words != NULL; words++)
	{
		if (strcmp(word, *words) == 0)
			return true;
	}
	return false;
}

/* Tells whether PostgreSQL takes the name (commands/slot.c,
 * ReplicationSlotValidateName). */
static bool
is_slot_name(const char *name)
{
	size_t len = strlen(name);

	return len >= 1 && len <= 63 &&
		   strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

/* Tells whether Kafka takes the name (Topic.java, validate). */
static bool
is_topic_name(const char *name)
{
	size_t len = strlen(name);

	return len >= 1 && len <= 249 && strcmp(name, ".") != 0 &&
		   strcmp(name, "..") != 0 &&
		   strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
						"0123456789._-") == len;
}

/* Checks how topics are to be created. */
static bool
check_topic_spec(const char *value, Error *err)
{
	TopicSpec spec;

	if (!topic_spec_parse(&spec, value, err))
		return false;
	topic_spec_free(&spec);
	return true;
}

/* Checks a list of positions of events. */
static bool
check_positions(const char *value, Error *err)
{
	Position position;
	PositionListItem item;

	do
		item = position_list_next(&value, &position);
	while (item == POSITION_LIST_ITEM);
	return item == POSITION_LIST_END ||
		   error_set(err, "LSN/SEQ as the log names it, like 0/1D959AF0/3, or "
						  "several with commas between them");
}

/* Reads a whole number with a unit; false if it is not one or out of int64. */
static bool
parse_number(const char *value, const Unit *units, int64_t *number)
{
	char *end;
	long long count;

	errno = 0;
	count = strtoll(value, &end, 10);
	if (end == value || errno != 0)
		return false;
	while (*end == ' ')
		end++;
	for (; units->name != NULL; units++)
	{
		if (strcmp(units->name, end) == 0)
			return !__builtin_mul_overflow(count, units->factor, number);
	}
	return false;
}

/* The units of a type. */
static const Unit *
units_of(SettingType type)
{
	switch (type)
	{
		case SETTING_BYTES:
			return byte_units;
		case SETTING_COUNT:
			return count_units;
		default:
			return duration_units;
	}
}

/* Checks a number with a unit and its range. */
static bool
check_number(const Setting *setting, const char *value, Error *err)
{
	int64_t number;

	if (!parse_number(value, units_of(setting->type), &number))
		return error_set(err, setting->type == SETTING_BYTES
								  ? "a number with a unit: B, kB, MB or GB"
							  : setting->type == SETTING_COUNT
								  ? "a whole number"
								  : "a number with a unit: ms, s, min or h");
	if (number < setting->min || number > setting->max)
		return error_set(err, "from %" PRId64 "%s to %" PRId64 "%s",
						 setting->min, units_of(setting->type)->name,
						 setting->max, units_of(setting->type)->name);
	return true;
}

bool
settings_check(const Setting *setting, const char *value, Error *err)
{
	LogLevel level;
	Address address;

	switch (setting->type)
	{
		case SETTING_TEXT:
			return true;
		case SETTING_SLOT:
			return is_slot_name(value) ||
				   error_set(err, "1 to 63 of a-z, 0-9 and _");
		case SETTING_BYTES:
		case SETTING_COUNT:
		case SETTING_DURATION:
			return check_number(setting, value, err);
		case SETTING_ON_ERROR:
			return is_word(value, on_error_words) ||
				   error_set(err, "hold, stop, dead-letter or skip");
		case SETTING_POSITIONS:
			return check_positions(value, err);
		case SETTING_DELIVERY:
			return is_word(value, delivery_words) ||
				   error_set(err, "at-least-once or exactly-once");
		case SETTING_TOPIC:
			return is_topic_name(value) ||
				   error_set(err, "1 to 249 of a-z, A-Z, 0-9, \".\", \"_\" "
								  "and \"-\"");
		case SETTING_ADDRESS:
			return address_parse(&address, value, err);
		case SETTING_TOPIC_SPEC:
			return check_topic_spec(value, err);
		case SETTING_LOG_FORMAT:
			return is_word(value, format_words) ||
				   error_set(err, "logfmt or json");
		case SETTING_LOG_LEVEL:
			return log_level_parse(value, &level) ||
				   error_set(err, "error, warning, info or debug");
	}
	return false;
}

int64_t
settings_number(const Setting *setting, const char *value)
{
	int64_t number = 0;

	parse_number(value, units_of(setting->type), &number);
	return number;
}
