/*-------------------------------------------------------------------------
 *
 * http/server.h
 *	  The HTTP server of "run": metrics, health, status and the page.
 *
 * GET and HEAD only, nothing that changes the relay, no content of an event,
 * no secret.  It has no thread: the relay's loop polls its descriptor and calls
 * it (libmicrohttpd with an external epoll).  Whoever is slow is hung up on, so
 * a client costs 20 connections and some kB at most.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_HTTP_SERVER_H
#define PG_OUTBOX_HTTP_SERVER_H

#include <stdint.h>

#include "base/error.h"
#include "config/values.h"
#include "http/slot_watch.h"
#include "relay/snapshot.h"

typedef struct HttpServer HttpServer;

/*
 * Listens at [http] listen.  The configuration and the watch must outlive the
 * server.  NULL, with the reason in err and the exit status in *status, if it
 * cannot.
 */
extern HttpServer *httpserver_new(const Config *config, const SlotWatch *slot,
								  int *status, Error *err);
extern void httpserver_free(HttpServer *server);

/* What to poll for reading, and when to serve at last, in ms of clock_ms(). */
extern int httpserver_fd(const HttpServer *server);
extern int64_t httpserver_due(const HttpServer *server);

/* Answers what was asked, without waiting. */
extern void httpserver_serve(HttpServer *server, const Snapshot *snapshot);

#endif /* PG_OUTBOX_HTTP_SERVER_H */
