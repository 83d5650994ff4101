/*-------------------------------------------------------------------------
 *
 * commands/run.c
 *	  The command "run": streams from the slot and forwards to Kafka.
 *
 *-------------------------------------------------------------------------
 */
#include <malloc.h>
#include <stdio.h>

#include "commands/guests.h"
#include "commands/run.h"
#include "config/print.h"
#include "relay/loop.h"

int
command_run(const Config *config, const Arguments *arguments)
{
	Guests guests;
	int status;
	Error err;

	if (arguments->print_config)
		return config_print(config);
	/* librdkafka's threads else each hold memory of their own back. */
	mallopt(M_ARENA_MAX, 2);
	if (!guests_open(&guests, config, &status, &err))
	{
		fprintf(stderr, "pg_outbox: %s\n", err.text);
		return status;
	}
	status = relay_run(config, arguments->create_slot, guests.list, guests.n);
	guests_close(&guests);
	return status;
}
