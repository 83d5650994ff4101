/*-------------------------------------------------------------------------
 *
 * relay/end.c
 *	  What makes the relay end, and what it ends with.
 *
 *-------------------------------------------------------------------------
 */
#include "base/clock.h"
#include "base/exit.h"
#include "base/log.h"
#include "relay/end.h"

void
relay_start_draining(Relay *relay, int exit_status)
{
	if (relay->phase != PHASE_RUNNING)
		return;
	relay->phase = PHASE_DRAINING;
	relay->more = false;
	relay->exit_status = exit_status;
	/* One that has not begun is not waited for. */
	if (!pgstream_is_streaming(relay->stream))
		pgstream_close(relay->stream);
	relay->deadline_ms =
		clock_ms() +
		config_number(relay->config, CONFIG_RELAY_SHUTDOWN_TIMEOUT);
}

void
relay_give_up_with(Relay *relay, int exit_status, const Error *err)
{
	log_error(err->text);
	relay_start_draining(relay, exit_status);
	relay->exit_status = exit_status;
}

void
relay_give_up(Relay *relay, const Error *err)
{
	relay_give_up_with(relay, EXIT_FAILED, err);
}
