/*-------------------------------------------------------------------------
 *
 * base/outage.c
 *	  Decides when to log that something is waited for: at growing intervals.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "base/outage.h"

#define FIRST_REMINDER_MS 60000
#define LAST_REMINDER_MS (60 * 60000)

bool
outage_is_due(Outage *outage, int64_t now_ms)
{
	if (outage->since_ms == 0)
	{
		outage->since_ms = now_ms;
		outage->step_ms = FIRST_REMINDER_MS;
	}
	else if (now_ms < outage->next_ms)
		return false;
	else if (outage->step_ms < LAST_REMINDER_MS)
		outage->step_ms *= 2;
	if (outage->step_ms > LAST_REMINDER_MS)
		outage->step_ms = LAST_REMINDER_MS;
	outage->next_ms = now_ms + outage->step_ms;
	return true;
}

int64_t
outage_lasted(const Outage *outage, int64_t now_ms)
{
	return outage->since_ms == 0 ? 0 : now_ms - outage->since_ms;
}

void
outage_end(Outage *outage)
{
	memset(outage, 0, sizeof(Outage));
}
