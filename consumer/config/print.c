/*-------------------------------------------------------------------------
 *
 * config/print.c
 *	  Prints the settings of a run as an INI file that explains itself.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "base/exit.h"
#include "config/print.h"
#include "config/settings.h"

/* Prints what was set in a section, but its settings of ours. */
static void
print_foreign(const Config *config, const char *section)
{
	const char *key;
	const char *value;
	size_t cursor = 0;

	while (config_next(config, section, &cursor, &key, &value))
	{
		if (settings_find(section, key) == NULL)
			printf("%s = %s\n", key,
				   settings_is_secret(key) ? "********" : value);
	}
}

/* Prints all settings of a section of ours, those that are not set as well. */
static void
print_own(const Config *config, const char *section)
{
	for (ConfigKey key = 0; key < N_SETTINGS; key++)
	{
		const Setting *setting = settings_get(key);
		const char *value = config_text(config, key);

		if (strcmp(setting->section, section) != 0)
			continue;
		printf("; %s\n", setting->description);
		if (value != NULL)
			printf("%s = %s\n", setting->key, value);
		else
			printf(";%s =\n", setting->key);
	}
}

int
config_print(const Config *config)
{
	for (int i = 0; settings_sections[i] != NULL; i++)
	{
		const char *section = settings_sections[i];

		printf("%s[%s]\n", i > 0 ? "\n" : "", section);
		if (settings_describe(section))
			print_own(config, section);
		if (!settings_describe(section) || settings_take_keywords(section))
			print_foreign(config, section);
	}
	return EXIT_DONE;
}
