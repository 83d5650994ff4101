/*-------------------------------------------------------------------------
 *
 * http/process.c
 *	  What the process uses.
 *
 *-------------------------------------------------------------------------
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "http/process.h"

/* The entries of /proc/self/fd, without the one that lists them. */
static uint64_t
count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	uint64_t count = 0;

	if (dir == NULL)
		return 0;
	for (struct dirent *entry = readdir(dir); entry != NULL;
		 entry = readdir(dir))
	{
		if (entry->d_name[0] != '.')
			count++;
	}
	closedir(dir);
	return count - 1;
}

/* The memory, in pages, from /proc/self/statm. */
static void
look_at_memory(ProcessView *process)
{
	uint64_t page = (uint64_t) sysconf(_SC_PAGESIZE);
	FILE *file = fopen("/proc/self/statm", "re");
	uint64_t total;
	uint64_t resident;

	if (file == NULL)
		return;
	if (fscanf(file, "%" SCNu64 " %" SCNu64, &total, &resident) == 2)
	{
		process->virtual_bytes = total * page;
		process->resident_bytes = resident * page;
	}
	fclose(file);
}

void
process_look(ProcessView *process)
{
	struct rusage usage;
	struct rlimit limit;

	memset(process, 0, sizeof(*process));
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		process->cpu_ms =
			(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
			(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		process->max_fds = limit.rlim_cur;
	process->open_fds = count_fds();
	look_at_memory(process);
}
