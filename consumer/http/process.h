/*-------------------------------------------------------------------------
 *
 * http/process.h
 *	  What the process uses, as the process_* metrics of client libraries
 *	  have it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_HTTP_PROCESS_H
#define PG_OUTBOX_HTTP_PROCESS_H

#include <stdint.h>

typedef struct ProcessView
{
	int64_t cpu_ms;
	uint64_t resident_bytes;
	uint64_t virtual_bytes;
	uint64_t open_fds;
	uint64_t max_fds;
} ProcessView;

/* Asks the kernel; what it does not say is 0. */
extern void process_look(ProcessView *process);

#endif /* PG_OUTBOX_HTTP_PROCESS_H */
