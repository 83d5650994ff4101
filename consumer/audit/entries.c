/*-------------------------------------------------------------------------
 *
 * audit/entries.c
 *	  The entries of option "tables", and the options that hold for each.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "audit/entries.h"
#include "audit/words.h"
#include "base/memory.h"

/* The decoder's default. */
#define DEFAULT_TABLES "public.outbox"

/* Reads name=value, the value bare or in single quotes. */
static bool
read_override(AuditEntry *entry, const char **cursor)
{
	AuditOverride *override;

	entry->overrides = xrealloc(entry->overrides, (entry->n_overrides + 1) *
													  sizeof(AuditOverride));
	override = &entry->overrides[entry->n_overrides++];
	*override = (AuditOverride){NULL, NULL};
	words_space(cursor);
	override->name = words_identifier(cursor);
	if (override->name == NULL || !words_symbol(cursor, '='))
		return false;
	override->value =
		**cursor == '\'' ? words_text(cursor) : words_bare_value(cursor);
	return override->value != NULL;
}

/* Reads the options in parentheses. */
static bool
read_overrides(AuditEntry *entry, const char **cursor)
{
	do
	{
		if (!read_override(entry, cursor))
			return false;
	} while (words_symbol(cursor, ','));
	return words_symbol(cursor, ')');
}

/* Reads one entry. */
static bool
read_entry(AuditEntry *entry, const char **cursor)
{
	const char *start;

	words_space(cursor);
	start = *cursor;
	entry->schema = words_pattern(cursor);
	if (entry->schema == NULL || **cursor != '.')
		return false;
	(*cursor)++;
	entry->table = words_pattern(cursor);
	if (entry->table == NULL)
		return false;
	entry->source = strndup(start, (size_t) (*cursor - start));
	if (entry->source == NULL)
		xalloc_failed();
	return !words_symbol(cursor, '(') || read_overrides(entry, cursor);
}

bool
audit_entries_read(AuditEntries *entries, const Config *config, Error *err)
{
	const char *value = config_text(config, CONFIG_OUTBOX_TABLES);
	const char *p = value != NULL ? value : DEFAULT_TABLES;

	*entries = (AuditEntries){.config = config};
	words_space(&p);
	if (*p == '\0')
		return error_set(err, "option \"tables\" is empty: without a table "
							  "there are no rows to compare Kafka with");
	do
	{
		entries->items =
			xrealloc(entries->items, (entries->count + 1) * sizeof(AuditEntry));
		entries->items[entries->count] = (AuditEntry){0};
		if (!read_entry(&entries->items[entries->count++], &p))
			return error_set(err, "option \"tables\": cannot be read at \"%s\"",
							 p);
	} while (words_symbol(&p, ','));
	words_space(&p);
	return *p == '\0' ||
		   error_set(err, "option \"tables\": cannot be read at \"%s\"", p);
}

void
audit_entries_free(AuditEntries *entries)
{
	for (size_t i = 0; i < entries->count; i++)
	{
		AuditEntry *entry = &entries->items[i];

		for (size_t j = 0; j < entry->n_overrides; j++)
		{
			free(entry->overrides[j].name);
			free(entry->overrides[j].value);
		}
		free(entry->overrides);
		free(entry->source);
		free(entry->schema);
		free(entry->table);
	}
	free(entries->items);
	*entries = (AuditEntries){0};
}

/* What stands behind an entry. */
static const char *
own_option(const AuditEntry *entry, const char *name)
{
	for (size_t i = 0; i < entry->n_overrides; i++)
	{
		if (strcmp(entry->overrides[i].name, name) == 0)
			return entry->overrides[i].value;
	}
	return NULL;
}

const char *
audit_option(const AuditEntries *entries, const AuditEntry *entry,
			 const char *name)
{
	const char *own = own_option(entry, name);

	return own != NULL ? own : config_foreign(entries->config, "outbox", name);
}

bool
audit_is_routed(const AuditEntries *entries, const AuditEntry *entry)
{
	static const char *const names[] = {"route_by", "route_regex",
										"route_replacement"};
	bool routes = false;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		if (own_option(entry, names[i]) != NULL)
			return true;
		routes = routes ||
				 config_foreign(entries->config, "outbox", names[i]) != NULL;
	}
	return routes && own_option(entry, "topic") == NULL;
}
