/*-------------------------------------------------------------------------
 *
 * relay/progress.c
 *	  Whether what is read gets published and confirmed.
 *
 *-------------------------------------------------------------------------
 */
#include "base/clock.h"
#include "base/log.h"
#include "relay/progress.h"

void
relay_note_confirmed(Relay *relay, Lsn flush)
{
	Lsn published = tracker_published(relay->tracker);
	int64_t lasted = outage_lasted(&relay->failing, clock_ms());

	if (published > flush || published <= relay->published)
		return;
	relay->published = published;
	backoff_reset(&relay->restarts);
	if (relay->failing.since_ms != 0)
		log_info("publishing again", LOG_INT("waited_s", lasted / 1000));
	outage_end(&relay->failing);
}
