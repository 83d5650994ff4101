/*-------------------------------------------------------------------------
 *
 * http/silence.c
 *	  For how long PostgreSQL has sent nothing, though WAL waits.
 *
 *-------------------------------------------------------------------------
 */
#include "http/silence.h"

/* WAL that may be on its way between two looks, in bytes. */
#define WAITING_BYTES (1024 * 1024)

void
silence_note(Silence *silence, bool is_idle, Lsn confirmed, int64_t bytes,
			 int64_t now_ms)
{
	bool waits = is_idle && bytes >= WAITING_BYTES;

	if (!waits)
		silence->since_ms = 0;
	else if (silence->since_ms == 0 || confirmed != silence->confirmed)
		silence->since_ms = now_ms;
	silence->confirmed = confirmed;
	silence->until_ms = now_ms;
	silence->bytes = bytes;
}

int64_t
silence_lasted(const Silence *silence)
{
	return silence->since_ms == 0 ? 0 : silence->until_ms - silence->since_ms;
}
