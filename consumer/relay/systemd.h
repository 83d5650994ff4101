/*-------------------------------------------------------------------------
 *
 * relay/systemd.h
 *	  Tells the service manager how the relay is: sd_notify(3).
 *
 * READY once the relay streams, stands by or is held at an event, STATUS with
 * the state in a sentence, WATCHDOG as often as is asked for, STOPPING at the
 * end.  The protocol is a datagram to NOTIFY_SOCKET, stable and documented
 * there, so libsystemd is not needed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_SYSTEMD_H
#define PG_OUTBOX_RELAY_SYSTEMD_H

#include <stdint.h>

#include "relay/snapshot.h"

typedef struct Systemd Systemd;

/*
 * Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID from the environment.
 * NULL if no service manager wants to be notified.
 */
extern Systemd *systemd_new(void);
extern void systemd_free(Systemd *systemd);

/* When systemd_serve() is to be called at last, in ms of clock_ms(). */
extern int64_t systemd_due(const Systemd *systemd);

/* Notifies of what has changed, and that the loop turns. */
extern void systemd_serve(Systemd *systemd, const Snapshot *snapshot);

#endif /* PG_OUTBOX_RELAY_SYSTEMD_H */
