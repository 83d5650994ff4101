/*-------------------------------------------------------------------------
 *
 * http/server.c
 *	  The HTTP server of "run".
 *
 * Every answer closes its connection, and a connection that is older than
 * CONNECTION_MS is shut down whatever it does: libmicrohttpd's own time-out is
 * one of silence, which a byte a second never reaches.
 *
 *-------------------------------------------------------------------------
 */
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/exit.h"
#include "base/memory.h"
#include "http/listen.h"
#include "http/page.h"
#include "http/resource.h"
#include "http/server.h"

#define MAX_CONNECTIONS 20
#define CONNECTION_MS 10000
#define CONNECTION_MEMORY (8 * 1024)

/*
 * until_ms: when a connection has to be over; INT64_MAX once it was shut down.
 */
struct HttpServer
{
	const Config *config;
	struct MHD_Daemon *daemon;
	int epoll_fd;
	const Snapshot *snapshot; /* while it serves */
	History *history;
	const SlotWatch *slot;
	struct
	{
		struct MHD_Connection *connection; /* NULL = a free place */
		int64_t until_ms;
	} connections[MAX_CONNECTIONS];
};

/* A path and how its answer is made. */
typedef struct Route
{
	const char *path;
	const char *type;
	unsigned (*write)(FILE *out, const HttpView *view);
	const PageFile *file; /* instead of write */
} Route;

static const Route routes[] = {
	{"/", "text/html; charset=utf-8", NULL, &page_html},
	{"/page.css", "text/css; charset=utf-8", NULL, &page_css},
	{"/page.js", "text/javascript; charset=utf-8", NULL, &page_js},
	{"/icon.svg", "image/svg+xml", NULL, &page_svg},
	{"/metrics", "text/plain; version=0.0.4; charset=utf-8", metrics_write,
	 NULL},
	{"/livez", "text/plain; charset=utf-8", health_write_livez, NULL},
	{"/readyz", "text/plain; charset=utf-8", health_write_readyz, NULL},
	{"/status.json", "application/json", status_write, NULL},
};

#define N_ROUTES (sizeof(routes) / sizeof(routes[0]))

/* Sends an answer.  The body is malloc()'s and is given away. */
static enum MHD_Result
answer(struct MHD_Connection *connection, unsigned status, const char *type,
	   char *body, size_t len)
{
	static const char *const headers[][2] = {
		{"Cache-Control", "no-store"},
		{"Connection", "close"},
		{"Content-Security-Policy",
		 "default-src 'self'; frame-ancestors 'none'; base-uri 'none'"},
		{"Referrer-Policy", "no-referrer"},
		{"X-Content-Type-Options", "nosniff"},
	};
	struct MHD_Response *response =
		MHD_create_response_from_buffer(len, body, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result;

	if (response == NULL)
	{
		free(body);
		return MHD_NO;
	}
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		MHD_add_response_header(response, headers[i][0], headers[i][1]);
	MHD_add_response_header(response, "Content-Type", type);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, "Allow", "GET, HEAD");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

/* Sends a sentence. */
static enum MHD_Result
answer_text(struct MHD_Connection *connection, unsigned status,
			const char *text)
{
	return answer(connection, status, "text/plain; charset=utf-8",
				  xstrdup(text), strlen(text));
}

/* Sends what a route's function writes. */
static enum MHD_Result
answer_written(HttpServer *server, struct MHD_Connection *connection,
			   const Route *route)
{
	const char *since =
		MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "since");
	const HttpView view = {.config = server->config,
						   .snapshot = server->snapshot,
						   .history = server->history,
						   .slot = server->slot,
						   .since = since ? strtoll(since, NULL, 10) : 0};
	char *body = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&body, &len);
	unsigned status;

	if (out == NULL)
		xalloc_failed();
	status = route->write(out, &view);
	if (fclose(out) != 0)
		xalloc_failed();
	return answer(connection, status, route->type, body, len);
}

/* Sends a file of the page. */
static enum MHD_Result
answer_file(struct MHD_Connection *connection, const Route *route)
{
	char *body = xmalloc(route->file->len);

	memcpy(body, route->file->data, route->file->len);
	return answer(connection, MHD_HTTP_OK, route->type, body, route->file->len);
}

/* Tells which paths there are. */
static enum MHD_Result
answer_not_found(struct MHD_Connection *connection)
{
	Error text;

	error_set(&text, "This path does not exist. There are:");
	for (size_t i = 0; i < N_ROUTES; i++)
		error_set(&text, "%s %s", text.text, routes[i].path);
	return answer_text(connection, MHD_HTTP_NOT_FOUND, text.text);
}

/* libmicrohttpd calls this for a request: once its head is read, then again. */
static enum MHD_Result
on_request(void *argument, struct MHD_Connection *connection, const char *path,
		   const char *method, const char *version, const char *data,
		   size_t *data_len, void **state)
{
	HttpServer *server = argument;
	static int seen;

	(void) version;
	(void) data;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return answer_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
						   "Only GET and HEAD are allowed.\n");
	if (*state == NULL)
	{
		*state = &seen;
		return MHD_YES;
	}
	*data_len = 0;
	for (size_t i = 0; i < N_ROUTES; i++)
	{
		if (strcmp(routes[i].path, path) != 0)
			continue;
		if (routes[i].file != NULL)
			return answer_file(connection, &routes[i]);
		return answer_written(server, connection, &routes[i]);
	}
	return answer_not_found(connection);
}

/* libmicrohttpd calls this when a connection begins and when it has ended. */
static void
on_connection(void *argument, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	HttpServer *server = argument;
	const struct MHD_Connection *wanted =
		code == MHD_CONNECTION_NOTIFY_STARTED ? NULL : connection;

	(void) context;
	for (int i = 0; i < MAX_CONNECTIONS; i++)
	{
		if (server->connections[i].connection != wanted)
			continue;
		server->connections[i].connection = wanted == NULL ? connection : NULL;
		server->connections[i].until_ms = clock_ms() + CONNECTION_MS;
		return;
	}
}

/* Shuts down connections that are too old; libmicrohttpd then closes them. */
static void
shut_down_old(HttpServer *server)
{
	int64_t now = clock_ms();

	for (int i = 0; i < MAX_CONNECTIONS; i++)
	{
		struct MHD_Connection *connection = server->connections[i].connection;
		const union MHD_ConnectionInfo *info;

		if (connection == NULL || now < server->connections[i].until_ms)
			continue;
		server->connections[i].until_ms = INT64_MAX;
		info = MHD_get_connection_info(connection,
									   MHD_CONNECTION_INFO_CONNECTION_FD);
		if (info != NULL)
			shutdown(info->connect_fd, SHUT_RDWR);
	}
}

/* libmicrohttpd's own log: what clients do wrong is no matter of ours. */
static void
drop_log(void *argument, const char *format, va_list args)
{
	(void) argument;
	(void) format;
	(void) args;
}

/* Starts libmicrohttpd on a socket, which it then owns. */
static bool
start_daemon(HttpServer *server, int fd)
{
	const union MHD_DaemonInfo *info;

	server->daemon =
		MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL,
						 on_request, server, MHD_OPTION_EXTERNAL_LOGGER,
						 drop_log, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
						 MHD_OPTION_CONNECTION_LIMIT, MAX_CONNECTIONS,
						 MHD_OPTION_CONNECTION_TIMEOUT, CONNECTION_MS / 1000,
						 MHD_OPTION_CONNECTION_MEMORY_LIMIT,
						 (size_t) CONNECTION_MEMORY,
						 MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
						 MHD_OPTION_END);
	if (server->daemon == NULL)
		return false;
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	server->epoll_fd = info->epoll_fd;
	return true;
}

HttpServer *
httpserver_new(const Config *config, const SlotWatch *slot, int *status,
			   Error *err)
{
	HttpServer *server;
	int fd = listen_open(config_text(config, CONFIG_HTTP_LISTEN), status, err);

	if (fd < 0)
		return NULL;
	server = xcalloc(1, sizeof(HttpServer));
	server->config = config;
	if (!start_daemon(server, fd))
	{
		close(fd);
		free(server);
		*status = EXIT_FAILED;
		error_set(err, "[http] listen: libmicrohttpd does not start");
		return NULL;
	}
	server->history = history_new();
	server->slot = slot;
	return server;
}

void
httpserver_free(HttpServer *server)
{
	if (server == NULL)
		return;
	MHD_stop_daemon(server->daemon);
	history_free(server->history);
	free(server);
}

int
httpserver_fd(const HttpServer *server)
{
	return server->epoll_fd;
}

int64_t
httpserver_due(const HttpServer *server)
{
	int64_t due = history_due(server->history);
	MHD_UNSIGNED_LONG_LONG wait;

	for (int i = 0; i < MAX_CONNECTIONS; i++)
	{
		if (server->connections[i].connection != NULL &&
			server->connections[i].until_ms < due)
			due = server->connections[i].until_ms;
	}
	if (MHD_get_timeout(server->daemon, &wait) == MHD_YES &&
		clock_ms() + (int64_t) wait < due)
		due = clock_ms() + (int64_t) wait;
	return due;
}

void
httpserver_serve(HttpServer *server, const Snapshot *snapshot)
{
	history_serve(server->history, snapshot);
	shut_down_old(server);
	server->snapshot = snapshot;
	MHD_run(server->daemon);
	server->snapshot = NULL;
}
