/*-------------------------------------------------------------------------
 *
 * config/settings.h
 *	  The relay's own settings: names, types, defaults, ranges.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CONFIG_SETTINGS_H
#define PG_OUTBOX_CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * The settings by name: a misspelt one does not compile.  In the order in which
 * they are printed.
 */
typedef enum ConfigKey
{
	CONFIG_OUTBOX_TABLES,
	CONFIG_OUTBOX_MESSAGES,
	CONFIG_OUTBOX_TOPIC,
	CONFIG_OUTBOX_ROUTE_BY,
	CONFIG_OUTBOX_ROUTE_REGEX,
	CONFIG_OUTBOX_ROUTE_REPLACEMENT,
	CONFIG_OUTBOX_KEY,
	CONFIG_OUTBOX_KEY_ENCODING,
	CONFIG_OUTBOX_ID,
	CONFIG_OUTBOX_EVENT_TYPE,
	CONFIG_OUTBOX_PAYLOAD,
	CONFIG_OUTBOX_VALUE,
	CONFIG_OUTBOX_PARTITION,
	CONFIG_OUTBOX_TIMESTAMP,
	CONFIG_OUTBOX_HEADERS,
	CONFIG_OUTBOX_WHERE,
	CONFIG_OUTBOX_EMPTY_PAYLOAD,
	CONFIG_OUTBOX_SHARD,
	CONFIG_OUTBOX_MAX_EVENT_BYTES,
	CONFIG_OUTBOX_ORIGIN,
	CONFIG_RELAY_SLOT,
	CONFIG_RELAY_DELIVERY,
	CONFIG_RELAY_COMMIT_INTERVAL,
	CONFIG_RELAY_COMMIT_BYTES,
	CONFIG_RELAY_STATE_TOPIC,
	CONFIG_RELAY_TRANSACTIONAL_ID_PREFIX,
	CONFIG_RELAY_ON_ERROR,
	CONFIG_RELAY_SKIP,
	CONFIG_RELAY_DEAD_LETTER_TOPIC,
	CONFIG_RELAY_CREATE_TOPICS,
	CONFIG_RELAY_MAX_TOPICS,
	CONFIG_RELAY_CONNECT_TIMEOUT,
	CONFIG_RELAY_RECEIVE_TIMEOUT,
	CONFIG_RELAY_STATUS_INTERVAL,
	CONFIG_RELAY_INFLIGHT_BYTES,
	CONFIG_RELAY_SHUTDOWN_TIMEOUT,
	CONFIG_MAINTENANCE_INTERVAL,
	CONFIG_MAINTENANCE_TABLES,
	CONFIG_MAINTENANCE_OLDER_THAN,
	CONFIG_MAINTENANCE_AHEAD,
	CONFIG_MAINTENANCE_BATCH,
	CONFIG_MAINTENANCE_TIME_COLUMN,
	CONFIG_HTTP_LISTEN,
	CONFIG_HTTP_SLOT_INTERVAL,
	CONFIG_HTTP_STALL_TIMEOUT,
	CONFIG_HTTP_METRICS_TOPICS,
	CONFIG_LOG_LEVEL,
	CONFIG_LOG_FORMAT,
	N_SETTINGS
} ConfigKey;

typedef enum SettingType
{
	SETTING_TEXT,
	SETTING_SLOT,       /* the name of a replication slot */
	SETTING_COUNT,      /* a whole number */
	SETTING_BYTES,      /* a number with B, kB, MB or GB */
	SETTING_DELIVERY,   /* at-least-once or exactly-once */
	SETTING_DURATION,   /* a number with ms, s, min or h; kept in ms */
	SETTING_ON_ERROR,   /* hold, stop, dead-letter or skip */
	SETTING_POSITIONS,  /* of events: LSN/SEQ, ... */
	SETTING_TOPIC,      /* the name of a topic */
	SETTING_ADDRESS,    /* HOST:PORT */
	SETTING_TOPIC_SPEC, /* how topics are created; see config/topic_spec.h */
	SETTING_LOG_FORMAT, /* logfmt or json */
	SETTING_LOG_LEVEL
} SettingType;

typedef struct Setting
{
	const char *section;
	const char *key;
	SettingType type;
	const char *default_value; /* NULL = none */
	int64_t min;               /* of bytes and ms */
	int64_t max;
	const char *description; /* one line */
} Setting;

/* The names of the sections that a configuration may have, NULL at the end. */
extern const char *const settings_sections[];

/*
 * Tells whether the keys of a section are described here; those of [postgres]
 * and [kafka] are libpq's and librdkafka's.
 */
extern bool settings_describe(const char *section);

/*
 * Tells whether a section that is described takes libpq's keywords too, for a
 * connection of its own.
 */
extern bool settings_take_keywords(const char *section);

/* Tells whether the value of a key, of any section, must not be shown. */
extern bool settings_is_secret(const char *key);

/* The setting of a name. */
extern const Setting *settings_get(ConfigKey key);

/* Finds a setting by what a configuration calls it, or returns NULL. */
extern const Setting *settings_find(const char *section, const char *key);

/*
 * What to do instead of a setting that there was; NULL if there never was one
 * of that name.
 */
extern const char *settings_removed(const char *section, const char *key);

/* The keys of a section, NULL at the end, as many as fit in max entries. */
extern void settings_keys(const char *section, const char **keys, size_t max);

/* Checks a value; false with what is allowed in err. */
extern bool settings_check(const Setting *setting, const char *value,
						   Error *err);

/* Reads a value that settings_check() has passed. */
extern int64_t settings_number(const Setting *setting, const char *value);

#endif /* PG_OUTBOX_CONFIG_SETTINGS_H */
