/*-------------------------------------------------------------------------
 *
 * http/health.c
 *	  /livez and /readyz.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>

#include "http/resource.h"

unsigned
health_write_livez(FILE *out, const HttpView *view)
{
	(void) view;
	fprintf(out, "ok\n");
	return 200;
}

/* Tells whether PostgreSQL sends what waits; if not, why says for how long. */
static bool
is_sent_to(const HttpView *view, int64_t stall_ms, Error *why)
{
	const SlotView *slot = slotwatch_view(view->slot);
	int64_t silent_ms = slot == NULL || view->snapshot->in_flight_events > 0
							? 0
							: silence_lasted(&slot->silence);

	if (silent_ms <= stall_ms)
		return true;
	return error_set(why,
					 "Stalled: PostgreSQL has sent nothing for %" PRId64
					 " s, though %" PRId64 " bytes of WAL wait.",
					 silent_ms / 1000, slot->silence.bytes);
}

unsigned
health_write_readyz(FILE *out, const HttpView *view)
{
	int64_t stall_ms = config_number(view->config, CONFIG_HTTP_STALL_TIMEOUT);
	Error why;

	if (snapshot_is_ready(view->snapshot, stall_ms, &why) &&
		is_sent_to(view, stall_ms, &why))
	{
		snapshot_sentence(view->snapshot, &why);
		fprintf(out, "%s\n", why.text);
		return 200;
	}
	fprintf(out, "%s\n", why.text);
	return 503;
}
