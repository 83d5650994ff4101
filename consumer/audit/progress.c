/*-------------------------------------------------------------------------
 *
 * audit/progress.c
 *	  A line on the terminal that says how far a long command is.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "audit/progress.h"
#include "base/clock.h"

/* How often it is shown, in ms; the clock is asked once in so many steps. */
#define INTERVAL_MS 200
#define STEPS 1024

void
progress_begin(Progress *progress, const char *what, uint64_t total)
{
	*progress = (Progress){.is_shown = isatty(STDERR_FILENO) == 1,
						   .what = what,
						   .total = total};
}

void
progress_show(Progress *progress, uint64_t done)
{
	int64_t now;

	if (!progress->is_shown || done % STEPS != 0)
		return;
	now = clock_ms();
	if (now < progress->next_ms)
		return;
	progress->next_ms = now + INTERVAL_MS;
	/* To the line's beginning, and its old text away (ECMA-48, EL). */
	fprintf(stderr, "\r\033[K%" PRIu64 " %s", done, progress->what);
	if (progress->total > 0)
		fprintf(stderr, ", %" PRIu64 " %%", done * 100 / progress->total);
}

void
progress_end(Progress *progress)
{
	if (progress->is_shown)
		fputs("\r\033[K", stderr);
}
