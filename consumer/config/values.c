/*-------------------------------------------------------------------------
 *
 * config/values.c
 *	  The settings of one run: INI file, environment, command line.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <ctype.h>
#include <ini.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "config/nearest.h"
#include "config/settings.h"
#include "config/values.h"

/* One setting that was set. */
typedef struct Entry
{
	char *section;
	char *key;
	char *value;
	char *origin; /* where it was set, for errors */
} Entry;

struct Config
{
	Entry *entries;
	size_t count;
	char *path; /* of the file that was read; NULL: none */
};

#define ENVIRONMENT_PREFIX "PG_OUTBOX_"

/* A section has no more keys than this, of those that are described. */
#define MAX_KEYS 64

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

Config *
config_new(void)
{
	return xcalloc(1, sizeof(Config));
}

/* Releases what an entry holds. */
static void
clear_entry(Entry *entry)
{
	free(entry->section);
	free(entry->key);
	free(entry->value);
	free(entry->origin);
}

void
config_free(Config *config)
{
	if (config == NULL)
		return;
	for (size_t i = 0; i < config->count; i++)
		clear_entry(&config->entries[i]);
	free(config->entries);
	free(config->path);
	free(config);
}

/* Finds what was set, or NULL. */
static Entry *
find_entry(const Config *config, const char *section, const char *key)
{
	for (size_t i = 0; i < config->count; i++)
	{
		Entry *entry = &config->entries[i];

		if (strcmp(entry->section, section) == 0 &&
			strcmp(entry->key, key) == 0)
			return entry;
	}
	return NULL;
}

/* Sets a value, in place of an earlier one. */
static void
store(Config *config, const char *section, const char *key, const char *value,
	  const char *origin)
{
	Entry entry = {xstrdup(section), xstrdup(key), xstrdup(value),
				   xstrdup(origin)};
	Entry *old = find_entry(config, section, key);

	if (old != NULL)
	{
		clear_entry(old);
		*old = entry;
		return;
	}
	config->entries =
		xrealloc(config->entries, (config->count + 1) * sizeof(Entry));
	config->entries[config->count++] = entry;
}

/* Lists the sections, as "[a], [b] and [c]". */
static void
list_sections(char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (const char *const *s = settings_sections; *s != NULL && len < size;
		 s++)
		len += (size_t) snprintf(text + len, size - len, "%s[%s]",
								 s == settings_sections ? ""
								 : s[1] == NULL         ? " and "
														: ", ",
								 *s);
}

/* Checks that there is such a section. */
static bool
check_section(const char *section, const char *origin, Error *err)
{
	const char *nearest;
	char sections[128];

	for (const char *const *s = settings_sections; *s != NULL; s++)
	{
		if (strcmp(*s, section) == 0)
			return true;
	}
	nearest = nearest_name(section, settings_sections);
	if (nearest != NULL)
		return error_set(err, "%s: unknown section [%s]; did you mean [%s]?",
						 origin, section, nearest);
	list_sections(sections, sizeof(sections));
	return error_set(err, "%s: unknown section [%s]; there are %s", origin,
					 section, sections);
}

/* What is known of the keys of other libraries. */
static struct
{
	const char *section;
	const char *const *(*names)(void);
} described[4];

void
config_describe(const char *section, const char *const *(*names)(void) )
{
	size_t i = 0;

	while (i + 1 < LENGTH(described) && described[i].section != NULL &&
		   strcmp(described[i].section, section) != 0)
		i++;
	described[i].section = section;
	described[i].names = names;
}

/* The keys that a section may have, as far as they are known. */
static const char *const *
keys_of(const char *section, const char *own[MAX_KEYS])
{
	settings_keys(section, own, MAX_KEYS);
	for (size_t i = 0; i < LENGTH(described); i++)
	{
		if (described[i].section != NULL &&
			strcmp(described[i].section, section) == 0)
			return described[i].names();
	}
	return own;
}

/* Tells whether a name is in a list. */
static bool
is_in(const char *name, const char *const *list)
{
	while (*list != NULL && strcmp(*list, name) != 0)
		list++;
	return *list != NULL;
}

ConfigElsewhere
config_find_elsewhere(const char *section, const char *key, Error *where)
{
	const char *own[MAX_KEYS];
	ConfigElsewhere found = CONFIG_NOWHERE;

	for (const char *const *s = settings_sections; *s != NULL; s++)
	{
		const char *const *keys = keys_of(*s, own);
		const char *nearest;

		if (strcmp(*s, section) == 0)
			continue;
		if (is_in(key, keys))
		{
			error_set(where, "it belongs to section [%s]", *s);
			return CONFIG_EXACTLY;
		}
		nearest = found == CONFIG_NEARLY ? NULL : nearest_name(key, keys);
		if (nearest == NULL)
			continue;
		error_set(where, "did you mean \"%s\" in section [%s]?", nearest, *s);
		found = CONFIG_NEARLY;
	}
	return found;
}

/* Writes the error of an unknown key, with the nearest name. */
static bool
unknown_key(const char *section, const char *key, const char *origin,
			const char *const *known, Error *err)
{
	const char *nearest = nearest_name(key, known);
	Error hint;
	ConfigElsewhere elsewhere = config_find_elsewhere(section, key, &hint);

	/* What is right in another section was meant rather than a neighbour. */
	if (nearest != NULL && elsewhere != CONFIG_EXACTLY)
		error_set(&hint, "did you mean \"%s\"?", nearest);
	else if (elsewhere == CONFIG_NOWHERE)
		return error_set(err, "%s: unknown key \"%s\" in section [%s]", origin,
						 key, section);
	return error_set(err, "%s: unknown key \"%s\" in section [%s]; %s", origin,
					 key, section, hint.text);
}

bool
config_set(Config *config, const char *section, const char *key,
		   const char *value, const char *origin, Error *err)
{
	const Setting *setting;
	const char *known[MAX_KEYS];
	Error allowed;

	if (!check_section(section, origin, err))
		return false;
	if (settings_describe(section))
	{
		const char *instead = settings_removed(section, key);

		setting = settings_find(section, key);
		if (instead != NULL)
			return error_set(err,
							 "%s: unknown key \"%s\" in section [%s]: it was "
							 "removed; %s",
							 origin, key, section, instead);
		if (setting == NULL && !settings_take_keywords(section))
		{
			settings_keys(section, known, MAX_KEYS);
			return unknown_key(section, key, origin, known, err);
		}
		if (setting != NULL && !settings_check(setting, value, &allowed))
			return error_set(err,
							 "%s: invalid value \"%s\" for %s.%s; allowed is "
							 "%s",
							 origin, value, section, key, allowed.text);
	}
	store(config, section, key, value, origin);
	return true;
}

bool
config_assign(Config *config, const char *assignment, Error *err)
{
	const char *equals = strchr(assignment, '=');
	const char *dot = strchr(assignment, '.');
	char *section;
	char *key;
	bool ok;

	/* The value is not quoted: it may be a secret. */
	if (equals == NULL || dot == NULL || dot > equals)
		return error_set(err, "-X: not of the form section.key=value");
	section = xstrdup(assignment);
	section[dot - assignment] = '\0';
	section[equals - assignment] = '\0';
	key = section + (dot - assignment) + 1;
	ok = config_set(config, section, key, equals + 1, "-X", err);
	free(section);
	return ok;
}

/* Sets a key from one variable whose section is known; name is behind it. */
static bool
set_from_variable(Config *config, const char *variable, const char *section,
				  const char *name, Error *err)
{
	const char *equals = strchr(name, '=');
	char *key = xstrdup(name);
	char *origin = xstrdup(variable);
	bool ok;

	key[equals - name] = '\0';
	origin[equals - variable] = '\0';
	for (char *p = key; *p != '\0'; p++)
	{
		*p = (char) tolower((unsigned char) *p);
		if (*p == '_' && strcmp(section, "kafka") == 0)
			*p = '.';
	}
	ok = config_set(config, section, key, equals + 1, origin, err);
	free(key);
	free(origin);
	return ok;
}

/*
 * Tells whether a variable is one that Kubernetes sets for a service, as Docker
 * did for links (kubelet's envvars.go): NAME_SERVICE_HOST, NAME_SERVICE_PORT,
 * NAME_SERVICE_PORT_PORTNAME, NAME_PORT=tcp://..., NAME_PORT_80_TCP,
 * NAME_PORT_80_TCP_ADDR and the like.  [postgres] port is one of ours.
 */
static bool
is_of_a_service(const char *variable)
{
	static const char patterns[] =
		"^PG_OUTBOX(_[A-Z0-9_]+)?_(SERVICE_HOST=|SERVICE_PORT(_[A-Z0-9_]+)?=|"
		"PORT=(tcp|udp|sctp)://|PORT_[0-9]+_(TCP|UDP|SCTP)(_[A-Z]+)?=)";
	regex_t regex;
	bool matches;

	if (regcomp(&regex, patterns, REG_EXTENDED | REG_NOSUB) != 0)
		xalloc_failed();
	matches = regexec(&regex, variable, 0, NULL, 0) == 0;
	regfree(&regex);
	return matches;
}

/* Writes the error of a variable of which no section is known. */
static bool
unknown_variable(const char *variable, Error *err)
{
	char *name = xstrdup(variable);
	char *section;

	name[strcspn(name, "=")] = '\0';
	section = xstrdup(name + strlen(ENVIRONMENT_PREFIX));
	section[strcspn(section, "_")] = '\0';
	for (char *p = section; *p != '\0'; p++)
		*p = (char) tolower((unsigned char) *p);
	/* Or the section is right, and there is no key behind it. */
	if (check_section(section, name, err))
		error_set(err, "%s: not of the form " ENVIRONMENT_PREFIX "SECTION_KEY",
				  name);
	free(section);
	free(name);
	return false;
}

/* Takes one variable of ours. */
static bool
take_variable(Config *config, const char *variable, Error *err)
{
	const char *rest = variable + strlen(ENVIRONMENT_PREFIX);

	for (const char *const *s = settings_sections; *s != NULL; s++)
	{
		size_t len = strlen(*s);

		if (strncasecmp(rest, *s, len) == 0 && rest[len] == '_')
			return set_from_variable(config, variable, *s, rest + len + 1, err);
	}
	return unknown_variable(variable, err);
}

bool
config_read_environ(Config *config, char *const *environment, Error *err)
{
	for (; *environment != NULL; environment++)
	{
		if (strncmp(*environment, ENVIRONMENT_PREFIX,
					strlen(ENVIRONMENT_PREFIX)) == 0 &&
			strchr(*environment, '=') != NULL &&
			!is_of_a_service(*environment) &&
			!take_variable(config, *environment, err))
			return false;
	}
	return true;
}

/* A file being read. */
typedef struct File
{
	Config *config;
	Config *seen; /* what this file has set */
	const char *path;
	FILE *stream;
	int line;
	bool continues;   /* the line is more of the value above it */
	char section[64]; /* of the present line */
	bool failed;
	Error *err;
	bool is_public; /* others may read it */
} File;

/* Notes the first error of a file, with its line. */
static void
fail_line(File *file, const char *reason)
{
	if (!file->failed)
		error_set(file->err, "%s:%d: %s", file->path, file->line, reason);
	file->failed = true;
}

/* Notes the section that a line begins, if it begins one. */
static void
note_section(File *file, const char *line)
{
	size_t len = strcspn(line, "]");

	if (line[0] == '[' && line[len] == ']' && len <= sizeof(file->section))
		snprintf(file->section, sizeof(file->section), "%.*s", (int) (len - 1),
				 line + 1);
}

/* The line is too long: names the variable that takes its value instead. */
static void
fail_long_line(File *file, const char *line)
{
	int len = (int) strcspn(line, "=: \t");
	char name[128];
	Error reason;

	snprintf(name, sizeof(name), "%s_%.*s", file->section, len, line);
	for (char *p = name; *p != '\0'; p++)
		*p = isalnum((unsigned char) *p) ? (char) toupper((unsigned char) *p)
										 : '_';
	error_set(&reason,
			  "the line is longer than 198 bytes; set " ENVIRONMENT_PREFIX
			  "%s in the environment instead",
			  name);
	fail_line(file, reason.text);
}

/*
 * Refuses what libinih would read otherwise than it looks: it cuts long lines
 * in two, and drops what follows a semicolon after a space, which may be half a
 * password.  It takes an indented line as more of the value above it, which is
 * noted here and judged by take_key().
 */
static void
check_line(File *file, const char *line, int size)
{
	const char *comment = strchr(line, ';');

	file->continues = isspace((unsigned char) line[0]);
	if (strlen(line) == (size_t) size - 1 && line[size - 2] != '\n')
		fail_long_line(file, line);
	else if (line[0] != ';' && line[0] != '#' && comment != NULL &&
			 isspace((unsigned char) comment[-1]))
		fail_line(file, "\" ;\" would begin a comment; put comments on lines "
						"of their own, and such a value into the environment");
}

/* Gives libinih the next line (ini_reader). */
static char *
read_line(char *line, int size, void *argument)
{
	File *file = argument;

	if (file->failed || fgets(line, size, file->stream) == NULL)
		return NULL;
	file->line++;
	note_section(file, line);
	check_line(file, line, size);
	return line;
}

/* Takes more of the value above, of which only the decoder's options have it.
 */
static void
take_more(File *file, const char *section, const char *key, const char *more,
		  const char *origin)
{
	const Entry *above = find_entry(file->seen, section, key);
	size_t size;
	char *value;

	if (above == NULL || strcmp(section, "outbox") != 0)
	{
		fail_line(file, "the line begins with white space");
		return;
	}
	size = strlen(above->value) + strlen(more) + 2;
	value = xmalloc(size);
	snprintf(value, size, "%s %s", above->value, more);
	store(file->seen, section, key, value, origin);
	file->failed =
		!config_set(file->config, section, key, value, origin, file->err);
	free(value);
}

/*
 * Tells whether a value is in quotes, which would be part of it.  In [outbox]
 * they are: names and texts are quoted as in SQL there.
 */
static bool
is_quoted(const char *section, const char *value)
{
	size_t len = strlen(value);

	return strcmp(section, "outbox") != 0 && len >= 2 &&
		   (value[0] == '"' || value[0] == '\'') && value[len - 1] == value[0];
}

/* Takes one key from libinih (ini_handler). */
static int
take_key(void *argument, const char *section, const char *key,
		 const char *value)
{
	File *file = argument;
	char origin[512];

	if (file->failed)
		return 0;
	snprintf(origin, sizeof(origin), "%s:%d", file->path, file->line);
	if (file->continues)
	{
		take_more(file, section, key, value, origin);
		return !file->failed;
	}
	if (find_entry(file->seen, section, key) != NULL)
	{
		error_set(file->err, "%s: \"%s\" is set twice in section [%s]", origin,
				  key, section);
		file->failed = true;
		return 0;
	}
	store(file->seen, section, key, value, origin);
	if (settings_is_secret(key) && file->is_public)
	{
		error_set(file->err, "%s: others may read \"%s\" here; chmod o-r %s",
				  origin, key, file->path);
		file->failed = true;
		return 0;
	}
	if (is_quoted(section, value))
	{
		error_set(file->err,
				  "%s: the quotes would be part of the value of \"%s\"; leave "
				  "them out",
				  origin, key);
		file->failed = true;
		return 0;
	}
	file->failed =
		!config_set(file->config, section, key, value, origin, file->err);
	return !file->failed;
}

bool
config_read_file(Config *config, const char *path, Error *err)
{
	File file = {.config = config, .path = path, .err = err};
	struct stat info;
	int result;

	file.stream = fopen(path, "re");
	if (file.stream == NULL)
		return error_set(err, "%s: cannot be read: %s", path, strerror(errno));
	file.seen = config_new();
	file.is_public =
		fstat(fileno(file.stream), &info) == 0 && (info.st_mode & S_IROTH) != 0;
	result = ini_parse_stream(read_line, &file, take_key, &file);
	if (ferror(file.stream))
		fail_line(&file, "cannot be read");
	if (result != 0)
		fail_line(&file, "neither [section], key = value, nor a comment");
	fclose(file.stream);
	config_free(file.seen);
	free(config->path);
	config->path = xstrdup(path);
	return !file.failed;
}

char *
config_reread(const Config *config, ConfigKey key, Error *err)
{
	const Setting *setting = settings_get(key);
	const Entry *entry = find_entry(config, setting->section, setting->key);
	Config *fresh;
	char *value = NULL;

	if (config->path == NULL)
	{
		error_set(err, "there is no configuration file to read again");
		return NULL;
	}
	fresh = config_new();
	if (config_read_file(fresh, config->path, err))
	{
		/* What was set otherwise still wins. */
		bool from_file = entry == NULL || strncmp(entry->origin, config->path,
												  strlen(config->path)) == 0;

		value = xstrdup(config_text(from_file ? fresh : config, key));
	}
	config_free(fresh);
	return value;
}

const char *
config_foreign(const Config *config, const char *section, const char *key)
{
	const Entry *entry = find_entry(config, section, key);

	return entry != NULL ? entry->value : NULL;
}

const char *
config_text(const Config *config, ConfigKey key)
{
	const Setting *setting = settings_get(key);
	const char *value = config_foreign(config, setting->section, setting->key);

	return value != NULL ? value : setting->default_value;
}

int64_t
config_number(const Config *config, ConfigKey key)
{
	return settings_number(settings_get(key), config_text(config, key));
}

bool
config_next(const Config *config, const char *section, size_t *cursor,
			const char **key, const char **value)
{
	while (*cursor < config->count)
	{
		const Entry *entry = &config->entries[(*cursor)++];

		if (strcmp(entry->section, section) != 0)
			continue;
		*key = entry->key;
		*value = entry->value;
		return true;
	}
	return false;
}

bool
config_check_names(const Config *config, const char *section,
				   const char *const *known, Error *err)
{
	for (size_t i = 0; i < config->count; i++)
	{
		const Entry *entry = &config->entries[i];
		const char *const *k = known;

		if (strcmp(entry->section, section) != 0)
			continue;
		while (*k != NULL && strcmp(*k, entry->key) != 0)
			k++;
		if (*k == NULL)
			return unknown_key(section, entry->key, entry->origin, known, err);
	}
	return true;
}

bool
config_is_exactly_once(const Config *config)
{
	return strcmp(config_text(config, CONFIG_RELAY_DELIVERY), "exactly-once") ==
		   0;
}
