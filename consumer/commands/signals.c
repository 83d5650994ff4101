/*-------------------------------------------------------------------------
 *
 * commands/signals.c
 *	  SIGINT and SIGTERM for commands that wait.
 *
 *-------------------------------------------------------------------------
 */
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "commands/signals.h"

/* The signals that end a command. */
static sigset_t
ending_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	return set;
}

int
signals_open(void)
{
	sigset_t set = ending_signals();

	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

void
signals_release(int fd)
{
	struct signalfd_siginfo info;
	sigset_t set = ending_signals();

	while (read(fd, &info, sizeof(info)) > 0)
		;
	close(fd);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}
