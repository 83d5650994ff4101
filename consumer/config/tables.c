/*-------------------------------------------------------------------------
 *
 * config/tables.c
 *	  Lists of tables: what [outbox] says as plain names, and what
 *	  [maintenance] maintains.
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <stddef.h>

#include "config/tables.h"

/*
 * Tells whether a list has names and nothing else.  In double quotes "*" and
 * "(" are part of a name, as decoder/option_tables.c has it.
 */
static bool
is_plain(const char *tables)
{
	bool quoted = false;
	bool empty = true;

	for (; *tables != '\0'; tables++)
	{
		if (*tables == '"')
			quoted = !quoted;
		else if (!quoted && (*tables == '*' || *tables == '('))
			return false;
		empty &= isspace((unsigned char) *tables) != 0;
	}
	return !empty;
}

const char *
config_plain_tables(const Config *config)
{
	const char *tables = config_text(config, CONFIG_OUTBOX_TABLES);

	if (tables == NULL)
		return "public.outbox";
	return is_plain(tables) ? tables : NULL;
}

const char *
config_maintained_tables(const Config *config)
{
	const char *tables = config_text(config, CONFIG_MAINTENANCE_TABLES);

	return tables != NULL ? tables : config_plain_tables(config);
}

bool
config_check_tables(const Config *config, Error *err)
{
	const char *tables = config_text(config, CONFIG_MAINTENANCE_TABLES);

	if (tables != NULL && !is_plain(tables))
		return error_set(err,
						 "[maintenance] tables is \"%s\"; it must be a list of "
						 "tables without patterns and options: public.outbox, "
						 "billing.events",
						 tables);
	if (config_text(config, CONFIG_MAINTENANCE_INTERVAL) != NULL &&
		config_maintained_tables(config) == NULL)
		return error_set(err,
						 "[maintenance] needs tables, a list of what to clean "
						 "up: tables of [outbox] is empty or has patterns or "
						 "options, which name no tables by themselves");
	return true;
}
