/*-------------------------------------------------------------------------
 *
 * http/listen.h
 *	  The socket that [http] listen asks for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_HTTP_LISTEN_H
#define PG_OUTBOX_HTTP_LISTEN_H

#include "base/error.h"

/*
 * Listens at HOST:PORT, as config/settings.c has checked it; a host in brackets
 * is an IPv6 address.  Returns the socket, which does not block and which the
 * caller closes, or -1 with the reason in err and the exit status in *status:
 * EXIT_USAGE for a host that does not exist, EXIT_FAILED for a port in use.
 */
extern int listen_open(const char *address, int *status, Error *err);

#endif /* PG_OUTBOX_HTTP_LISTEN_H */
