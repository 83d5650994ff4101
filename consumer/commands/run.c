/*-------------------------------------------------------------------------
 *
 * commands/run.c
 *	  The command "run": streams from the slot and forwards to Kafka.
 *
 *-------------------------------------------------------------------------
 */
#include <malloc.h>

#include "commands/run.h"
#include "config/print.h"
#include "relay/loop.h"

int
command_run(const Config *config, const Arguments *arguments)
{
	if (arguments->print_config)
		return config_print(config);
	/* librdkafka's threads else each hold memory of their own back. */
	mallopt(M_ARENA_MAX, 2);
	return relay_run(config, arguments->create_slot);
}
