/*-------------------------------------------------------------------------
 *
 * main.c
 *	  pg_outbox: publishes the events of an outbox from PostgreSQL to Kafka.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "base/exit.h"
#include "base/log.h"
#include "cli.h"
#include "commands/audit.h"
#include "commands/check.h"
#include "commands/import.h"
#include "commands/run.h"
#include "commands/slot.h"
#include "commands/status.h"
#include "commands/tail.h"
#include "config/nearest.h"

static const Command commands[] = {
	{"run", "Streams events from the slot and publishes them to Kafka",
	 "[-c FILE] [-d CONNINFO] [-b BROKERS] [--slot NAME] [--create-slot] "
	 "[--skip LSN/SEQ]... [-X SECTION.KEY=VALUE]...",
	 command_run,
	 (const char[]){OPTION_BROKERS, OPTION_SLOT, OPTION_CREATE_SLOT,
					OPTION_SKIP, OPTION_PRINT_CONFIG, 0},
	 NULL},
	{"check", "Looks at all that publishing needs, and says how to repair it",
	 "[-c FILE] [-d CONNINFO] [-b BROKERS] [--slot NAME]", command_check,
	 (const char[]){OPTION_BROKERS, OPTION_SLOT, 0}, NULL},
	{"status",
	 "Shows the replication slot: who has it, and how far behind it is",
	 "[-c FILE] [-d CONNINFO] [-b BROKERS] [--slot NAME] [--json]",
	 command_status,
	 (const char[]){OPTION_BROKERS, OPTION_SLOT, OPTION_JSON, 0}, NULL},
	{"tail", "Shows events as they would be published; touches nothing",
	 "[-c FILE] [-d CONNINFO] [--json]", command_tail,
	 (const char[]){OPTION_JSON, 0}, NULL},
	{"audit", "Compares rows with Kafka, and tells which of them are not there",
	 "[-c FILE] [-d CONNINFO] [-b BROKERS] [--slot NAME] [--since TIME] "
	 "[--until TIME] [--topics REGEX] [--json]",
	 command_audit,
	 (const char[]){OPTION_BROKERS, OPTION_SLOT, OPTION_SINCE, OPTION_UNTIL,
					OPTION_TOPICS, OPTION_JSON, 0},
	 NULL},
	{"create-slot", "Creates the replication slot that events are kept in",
	 "[-c FILE] [-d CONNINFO] [--slot NAME] [--from SLOT] [--if-not-exists] "
	 "[--failover]",
	 command_create_slot,
	 (const char[]){OPTION_SLOT, OPTION_FROM, OPTION_FAILOVER,
					OPTION_IF_NOT_EXISTS, 0},
	 NULL},
	{"drop-slot", "Drops the replication slot, with the events still in it",
	 "[-c FILE] [-d CONNINFO] [-b BROKERS] [--slot NAME]", command_drop_slot,
	 (const char[]){OPTION_BROKERS, OPTION_SLOT, 0}, NULL},
	{"import",
	 "Makes a configuration of a connector of Debezium's Event Router",
	 "FILE [--connector NAME]", command_import,
	 (const char[]){OPTION_CONNECTOR, 0}, "FILE"},
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* Prints what the program is and which commands it has. */
static void
print_help(void)
{
	printf("pg_outbox publishes the events of a transactional outbox from "
		   "PostgreSQL to Kafka.\n\n"
		   "Usage: pg_outbox COMMAND [OPTION]...\n\nCommands:\n");
	for (size_t i = 0; i < N_COMMANDS; i++)
		printf("  %-12s %s\n", commands[i].name, commands[i].summary);
	printf("\n\"pg_outbox COMMAND --help\" lists a command's options; "
		   "\"pg_outbox --version\" prints the version.\n");
}

/* Says that there is no such command. */
static int
unknown_command(const char *name)
{
	const char *names[N_COMMANDS + 1] = {NULL};
	const char *nearest;

	for (size_t i = 0; i < N_COMMANDS; i++)
		names[i] = commands[i].name;
	nearest = nearest_name(name, names);
	if (nearest != NULL)
		fprintf(stderr,
				"pg_outbox: unknown command \"%s\"; did you mean \"%s\"?\n",
				name, nearest);
	else
		fprintf(stderr,
				"pg_outbox: unknown command \"%s\"; try \"pg_outbox "
				"--help\"\n",
				name);
	return EXIT_USAGE;
}

/* Runs one command with its options. */
static int
run_command(const Command *command, int argc, char **argv)
{
	Config *config = config_new();
	Arguments arguments = {0};
	LogLevel level;
	int status;

	if (cli_read(command, argc, argv, config, &arguments, &status))
	{
		if (log_level_parse(config_text(config, CONFIG_LOG_LEVEL), &level))
			log_set_level(level);
		if (strcmp(config_text(config, CONFIG_LOG_FORMAT), "json") == 0)
			log_set_format(LOG_FORMAT_JSON);
		status = command->run(config, &arguments);
	}
	config_free(config);
	return status;
}

int
main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;

	if (name == NULL)
	{
		fprintf(stderr, "pg_outbox: no command; try \"pg_outbox --help\"\n");
		return EXIT_USAGE;
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
	{
		print_help();
		return EXIT_DONE;
	}
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
	{
		printf("pg_outbox %s\n", PG_OUTBOX_VERSION);
		return EXIT_DONE;
	}
	for (size_t i = 0; i < N_COMMANDS; i++)
	{
		if (strcmp(commands[i].name, name) == 0)
			return run_command(&commands[i], argc - 1, argv + 1);
	}
	return unknown_command(name);
}
