/*-------------------------------------------------------------------------
 *
 * config/values.h
 *	  The settings of one run: INI file, environment, command line; the later
 *	  wins.
 *
 * Settings are kept as text by section and key.  The sections [relay] and
 * [log] belong to the relay, [outbox] holds the decoder's options:
 * config/settings.c describes their keys.  What [postgres] and [kafka] may hold
 * is known to libpq and librdkafka, and checked by postgres/connection.c and
 * kafka/properties.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CONFIG_VALUES_H
#define PG_OUTBOX_CONFIG_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "config/settings.h"

typedef struct Config Config;

extern Config *config_new(void);
extern void config_free(Config *config);

/*
 * Reads an INI file (libinih).  False with file, line and reason in err: file
 * not readable, line not understood, unknown section or key (with the nearest
 * known name), a key given twice in the file, a value out of range, a secret
 * in a file that others may read.
 */
extern bool config_read_file(Config *config, const char *path, Error *err);

/*
 * Takes PG_OUTBOX_<SECTION>_<KEY> from an environment; in [kafka] "_" stands
 * for ".".  Any other PG_OUTBOX_ variable is an error, but those that
 * Kubernetes sets for services called pg-outbox or pg-outbox-...:
 * ..._SERVICE_HOST, ..._PORT_9090_TCP and the like.
 */
extern bool config_read_environ(Config *config, char *const *environment,
								Error *err);

/*
 * Reads the file again, and returns what a described key that has a default
 * would be now; the caller frees it.  NULL, with the reason in err, if the file
 * cannot be read or has an error.  Changes nothing.
 */
extern char *config_reread(const Config *config, ConfigKey key, Error *err);

/* Takes one "section.key=value" of the command line. */
extern bool config_assign(Config *config, const char *assignment, Error *err);

/* Sets one value; origin names where it came from in errors ("-d", a file). */
extern bool config_set(Config *config, const char *section, const char *key,
					   const char *value, const char *origin, Error *err);

/*
 * The value of a setting, its default if it has one, else NULL.  Owned by
 * config, valid until it is set again.
 */
extern const char *config_text(const Config *config, ConfigKey key);

/*
 * Typed reads of settings that have a value, which was checked when it was set.
 * Sizes are bytes ("16MB" was given), durations milliseconds ("30s").
 */
extern int64_t config_number(const Config *config, ConfigKey key);

/*
 * What was set of a key that is a library's: one of [postgres] or [kafka].
 * NULL = nothing.  Owned by config, valid until it is set again.
 */
extern const char *config_foreign(const Config *config, const char *section,
								  const char *key);

/* Tells whether delivery of [relay] is exactly-once. */
extern bool config_is_exactly_once(const Config *config);

/*
 * Walks the keys that were set (defaults are not) in one section, in the order
 * of first setting: start with *cursor = 0, ends with false.
 */
extern bool config_next(const Config *config, const char *section,
						size_t *cursor, const char **key, const char **value);

/*
 * Makes the keys known that a section of a library may have, NULL at the end:
 * so that the error of an unknown key can say which section it belongs to.
 */
extern void config_describe(const char *section,
							const char *const *(*names)(void) );

typedef enum ConfigElsewhere
{
	CONFIG_NOWHERE,
	CONFIG_NEARLY, /* another section has a key of nearly that name */
	CONFIG_EXACTLY
} ConfigElsewhere;

/* Where else a key is known; as half a sentence in where. */
extern ConfigElsewhere config_find_elsewhere(const char *section,
											 const char *key, Error *where);

/*
 * Every key set in the section must be one of known (NULL at the end); else
 * false, with the key, where it was set and the nearest known name in err.
 */
extern bool config_check_names(const Config *config, const char *section,
							   const char *const *known, Error *err);

#endif /* PG_OUTBOX_CONFIG_VALUES_H */
