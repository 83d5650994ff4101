/*-------------------------------------------------------------------------
 *
 * cli.c
 *	  The command line.
 *
 *-------------------------------------------------------------------------
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "exit.h"
#include "nearest.h"
#include "pgconn.h"

static const struct option long_options[] = {
	{"config", required_argument, NULL, 'c'},
	{"dbname", required_argument, NULL, 'd'},
	{"brokers", required_argument, NULL, 'b'},
	{"slot", required_argument, NULL, 's'},
	{"create-slot", no_argument, NULL, 'C'},
	{"set", required_argument, NULL, 'X'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

/* Prints the help of one command. */
static void
print_help(const Command *command)
{
	printf("pg_outbox %s %s\n\n%s.\n\n", command->name, command->usage,
		   command->summary);
	printf("  -c, --config FILE         INI file with the sections [postgres], "
		   "[kafka],\n"
		   "                            [outbox], [relay] and [log]\n"
		   "  -d, --dbname CONNINFO     connection string or URI of the "
		   "database\n");
	if (command->needs_kafka)
		printf("  -b, --brokers HOST:PORT,… Kafka's bootstrap servers\n");
	printf("      --slot NAME           replication slot (pg_outbox)\n");
	if (command->needs_kafka)
		printf("      --create-slot         create the slot if there is "
			   "none\n");
	printf("  -X, --set SECTION.KEY=VALUE\n"
		   "                            any setting; may be repeated\n"
		   "  -h, --help                this text\n\n"
		   "Settings are read from the file, then from the environment\n"
		   "(PG_OUTBOX_<SECTION>_<KEY>), then from the command line; the "
		   "later wins.\n");
}

/* Takes one option of the second pass. */
static bool
take_option(Config *config, int option, Error *err)
{
	switch (option)
	{
		case 'd':
			return pgconn_set_conninfo(config, optarg, err);
		case 'b':
			return config_set(config, "kafka", "bootstrap.servers", optarg,
							  "-b", err);
		case 's':
			return config_set(config, "relay", "slot", optarg, "--slot", err);
		case 'C':
			return config_set(config, "relay", "create_slot", "true",
							  "--create-slot", err);
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
	return getopt_long(argc, argv, ":c:d:b:X:h", long_options, NULL);
}

/* Tells whether a command has an option. */
static bool
has_option(const Command *command, int option)
{
	return command->needs_kafka || (option != 'b' && option != 'C');
}

/* Says that there is no such option, or that it lacks its value. */
static void
complain(const Command *command, int option, const char *given)
{
	const char *names[sizeof(long_options) / sizeof(long_options[0])] = {NULL};
	const char *nearest = NULL;
	size_t n = 0;

	for (const struct option *o = long_options; o->name != NULL; o++)
	{
		if (has_option(command, o->val))
			names[n++] = o->name;
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
	if (optind == argc)
		return true;
	fprintf(stderr, "pg_outbox %s: unexpected argument \"%s\"\n", command->name,
			argv[optind]);
	return false;
}

/* Reads file, environment and options in the order in which they win. */
static bool
read_settings(int argc, char **argv, const char *file, Config *config,
			  Error *err)
{
	int option;

	if (file != NULL && !config_read_file(config, file, err))
		return false;
	if (!config_read_environ(config, environ, err))
		return false;
	optind = 1;
	while ((option = next_option(argc, argv)) != -1)
	{
		if (!take_option(config, option, err))
			return false;
	}
	return pgconn_check(config, err);
}

bool
cli_read(const Command *command, int argc, char **argv, Config *config,
		 int *status)
{
	const char *file = NULL;
	Error err;

	if (!scan_options(command, argc, argv, &file, status))
		return false;
	if (read_settings(argc, argv, file, config, &err))
		return true;
	fprintf(stderr, "pg_outbox: %s\n", err.text);
	*status = EXIT_USAGE;
	return false;
}
