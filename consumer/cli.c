/*-------------------------------------------------------------------------
 *
 * cli.c
 *	  The command line.
 *
 *-------------------------------------------------------------------------
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "cli.h"
#include "base/memory.h"
#include "config/nearest.h"
#include "config/tables.h"
#include "kafka/properties.h"
#include "postgres/parameters.h"

/* An option of the command line. */
typedef struct Option
{
	int letter;
	const char *name;
	bool has_value;
	const char *usage; /* how help shows it */
	const char *summary;
} Option;

static const Option options[] = {
	{'c', "config", true, "-c, --config FILE", "INI file with the settings"},
	{'d', "dbname", true, "-d, --dbname CONNINFO",
	 "connection string or URI of the database"},
	{OPTION_BROKERS, "brokers", true, "-b, --brokers HOST:PORT,...",
	 "Kafka's bootstrap servers"},
	{OPTION_SLOT, "slot", true, "    --slot NAME",
	 "replication slot (pg_outbox)"},
	{OPTION_CREATE_SLOT, "create-slot", false, "    --create-slot",
	 "create the slot if it does not exist; for trying out"},
	{OPTION_SKIP, "skip", true, "    --skip LSN/SEQ",
	 "pass over this event, as the log names it; may be repeated"},
	{OPTION_FROM, "from", true, "    --from SLOT",
	 "begin where this slot is, of any plugin, which nobody may read"},
	{OPTION_FAILOVER, "failover", false, "    --failover",
	 "let standbys have the slot, too (PostgreSQL 17 and later)"},
	{OPTION_IF_NOT_EXISTS, "if-not-exists", false, "    --if-not-exists",
	 "leave a slot that exists as it is; for scripts"},
	{OPTION_CONNECTOR, "connector", true, "    --connector NAME",
	 "the connector to take, if the file has several"},
	{OPTION_SINCE, "since", true, "    --since TIME",
	 "only rows from this time on, as PostgreSQL reads times"},
	{OPTION_UNTIL, "until", true, "    --until TIME",
	 "only rows before this time"},
	{OPTION_TOPICS, "topics", true, "    --topics REGEX",
	 "topics beside those that the rows go to, by their whole name"},
	{OPTION_JSON, "json", false, "    --json", "print JSON"},
	{OPTION_PRINT_CONFIG, "print-config", false, "    --print-config",
	 "print the settings, without secrets, and end"},
	{'X', "set", true, "-X, --set SECTION.KEY=VALUE",
	 "any setting; may be repeated"},
	{'h', "help", false, "-h, --help", "this text"},
};

#define N_OPTIONS (sizeof(options) / sizeof(options[0]))

/* Tells whether a command has an option. */
static bool
has_option(const Command *command, int letter)
{
	return letter == 'h' ||
		   (command->operand == NULL && strchr("cdX", letter) != NULL) ||
		   strchr(command->options, letter) != NULL;
}

/* Prints the help of one command. */
static void
print_help(const Command *command)
{
	printf("pg_outbox %s %s\n\n%s.\n\n", command->name, command->usage,
		   command->summary);
	for (size_t i = 0; i < N_OPTIONS; i++)
	{
		if (has_option(command, options[i].letter))
			printf("  %-28s %s\n", options[i].usage, options[i].summary);
	}
	if (command->operand != NULL)
		return;
	printf("\nSettings are read from the file, then from the environment\n"
		   "(PG_OUTBOX_<SECTION>_<KEY>), then from the command line; the "
		   "later wins.\n");
}

/* Adds an event to those that are passed over. */
static bool
add_skip(Config *config, Error *err)
{
	const char *others = config_text(config, CONFIG_RELAY_SKIP);
	char *list = NULL;
	bool ok;

	if (others == NULL || *others == '\0')
		return config_set(config, "relay", "skip", optarg, "--skip", err);
	if (asprintf(&list, "%s,%s", others, optarg) < 0)
		xalloc_failed();
	ok = config_set(config, "relay", "skip", list, "--skip", err);
	free(list);
	return ok;
}

/* Takes one option of the second pass. */
static bool
take_option(Config *config, Arguments *arguments, int option, Error *err)
{
	switch (option)
	{
		case 'd':
			return pgparameters_set(config, optarg, err);
		case OPTION_BROKERS:
			return config_set(config, "kafka", "bootstrap.servers", optarg,
							  "-b", err);
		case OPTION_SLOT:
			return config_set(config, "relay", "slot", optarg, "--slot", err);
		case OPTION_SKIP:
			return add_skip(config, err);
		case OPTION_CREATE_SLOT:
			arguments->create_slot = true;
			return true;
		case OPTION_FROM:
			arguments->from = optarg;
			return true;
		case OPTION_FAILOVER:
			arguments->failover = true;
			return true;
		case OPTION_IF_NOT_EXISTS:
			arguments->if_not_exists = true;
			return true;
		case OPTION_CONNECTOR:
			arguments->connector = optarg;
			return true;
		case OPTION_SINCE:
			arguments->since = optarg;
			return true;
		case OPTION_UNTIL:
			arguments->until = optarg;
			return true;
		case OPTION_TOPICS:
			arguments->topics = optarg;
			return true;
		case OPTION_JSON:
			arguments->json = true;
			return true;
		case OPTION_PRINT_CONFIG:
			arguments->print_config = true;
			return true;
		case 'X':
			return config_assign(config, optarg, err);
		default:
			return true;
	}
}

/* The next option of the command line; -1 at its end. */
static int
next_option(int argc, char **argv)
{
	struct option table[N_OPTIONS + 1] = {0};

	for (size_t i = 0; i < N_OPTIONS; i++)
		table[i] = (struct option){options[i].name,
								   options[i].has_value ? required_argument
														: no_argument,
								   NULL, options[i].letter};
	return getopt_long(argc, argv, ":c:d:b:X:h", table, NULL);
}

/* Says that there is no such option, or that it lacks its value. */
static void
complain(const Command *command, int option, const char *given)
{
	const char *names[N_OPTIONS + 1] = {NULL};
	const char *nearest = NULL;
	size_t n = 0;

	for (size_t i = 0; i < N_OPTIONS; i++)
	{
		if (has_option(command, options[i].letter))
			names[n++] = options[i].name;
	}
	if (option == ':')
		fprintf(stderr, "pg_outbox %s: option \"%s\" needs a value\n",
				command->name, given);
	else if (given[0] == '-' && given[1] == '-' &&
			 (nearest = nearest_name(given + 2, names)) != NULL)
		fprintf(stderr,
				"pg_outbox %s: unknown option \"%s\"; did you mean "
				"\"--%s\"?\n",
				command->name, given, nearest);
	else
		fprintf(stderr,
				"pg_outbox %s: unknown option \"%s\"; try \"pg_outbox %s "
				"--help\"\n",
				command->name, given, command->name);
}

/* Checks what is left behind the options. */
static bool
check_operands(const Command *command, int count, char **words)
{
	int wanted = command->operand != NULL ? 1 : 0;

	if (count < wanted)
		fprintf(stderr, "pg_outbox %s: no %s; try \"pg_outbox %s --help\"\n",
				command->name, command->operand, command->name);
	if (count > wanted)
		fprintf(stderr, "pg_outbox %s: unexpected argument \"%s\"\n",
				command->name, words[wanted]);
	return count == wanted;
}

/*
 * The first pass: finds the file, help, and what is wrong.  False if the
 * command is not to be run, with the status.
 */
static bool
scan_options(const Command *command, int argc, char **argv, const char **file,
			 int *status)
{
	int option;

	*status = EXIT_USAGE;
	opterr = 0;
	while ((option = next_option(argc, argv)) != -1)
	{
		if (option == 'h')
		{
			print_help(command);
			*status = EXIT_DONE;
			return false;
		}
		if (option == '?' || option == ':' || !has_option(command, option))
		{
			/* The value of an option may be a word of its own behind it. */
			complain(command, option,
					 argv[optind - (optarg == argv[optind - 1] ? 2 : 1)]);
			return false;
		}
		if (option == 'c')
			*file = optarg;
	}
	return check_operands(command, argc - optind, argv + optind);
}

/* The second pass: takes what the options say. */
static bool
take_options(int argc, char **argv, Config *config, Arguments *arguments,
			 Error *err)
{
	int option;

	optind = 1;
	while ((option = next_option(argc, argv)) != -1)
	{
		if (!take_option(config, arguments, option, err))
			return false;
	}
	return true;
}

/* Reads file, environment and options in the order in which they win. */
static bool
read_settings(int argc, char **argv, const char *file, Config *config,
			  Arguments *arguments, Error *err)
{
	config_describe("postgres", pgparameters_names);
	config_describe("kafka", kafka_properties_names);
	if (file != NULL && !config_read_file(config, file, err))
		return false;
	if (!config_read_environ(config, environ, err))
		return false;
	return take_options(argc, argv, config, arguments, err) &&
		   pgparameters_check(config, err) && config_check_tables(config, err);
}

bool
cli_read(const Command *command, int argc, char **argv, Config *config,
		 Arguments *arguments, int *status)
{
	const char *file = NULL;
	Error err;

	if (!scan_options(command, argc, argv, &file, status))
		return false;
	if (command->operand != NULL)
	{
		/* It reads no settings. */
		take_options(argc, argv, config, arguments, &err);
		arguments->operand = argv[optind];
		return true;
	}
	if (read_settings(argc, argv, file, config, arguments, &err))
		return true;
	fprintf(stderr, "pg_outbox: %s\n", err.text);
	*status = EXIT_USAGE;
	return false;
}
