/*-------------------------------------------------------------------------
 *
 * postgres/start.c
 *	  How a stream begins: from connecting to START_REPLICATION.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "decoder/protocol.h"
#include "postgres/connection.h"
#include "postgres/failure.h"
#include "postgres/start.h"
#include "postgres/waiting.h"

typedef enum State
{
	STATE_CLOSED,
	STATE_CONNECTING,
	STATE_IDENTIFYING,    /* IDENTIFY_SYSTEM is sent */
	STATE_ASKING_HISTORY, /* TIMELINE_HISTORY is sent */
	STATE_LOOKING,        /* the query about the slot is sent */
	STATE_STANDING_BY,    /* another has the slot; nothing is sent */
	STATE_CREATING,       /* CREATE_REPLICATION_SLOT is sent */
	STATE_STARTING,       /* START_REPLICATION is sent */
	STATE_STARTED
} State;

struct PgStart
{
	const Config *config;
	PgStartPlan plan;
	PGconn *conn;
	unsigned first_host; /* to try first, of several */
	State state;
	PostgresPollingStatusType polling; /* while connecting */
	int64_t deadline_ms;               /* of what the server does at once */
	PgWaiting *waiting;                /* for what it may wait with */
	bool blocked;                      /* it is known to wait */
	PGresult *result;                  /* of the command sent, so far */
	bool started_once;
	char *libraries; /* output_plugin_libraries; NULL: not known */
	PgHistory history;
	char *timelines; /* the text of the history file; NULL: none */
	int64_t sender_timeout_ms;
	int64_t free_ms;   /* nobody had the slot before for so long */
	Lsn slot_lsn;      /* where it began, as it was looked at */
	char position[32]; /* of the slot */
};

PgStart *
pgstart_new(const Config *config, const PgStartPlan *plan)
{
	PgStart *start = xcalloc(1, sizeof(PgStart));

	start->config = config;
	start->plan = *plan;
	start->waiting = pgwaiting_new(config);
	return start;
}

/* Tells whether the server may let the present command wait for others. */
static bool
may_be_blocked(const PgStart *start)
{
	return start->state == STATE_CREATING || start->state == STATE_STARTING;
}

/* Forgets the connection and what belongs to it. */
static void
forget(PgStart *start)
{
	pgwaiting_end(start->waiting);
	PQclear(start->result);
	start->result = NULL;
	start->conn = NULL;
	start->blocked = false;
	start->state = STATE_CLOSED;
}

void
pgstart_cancel(const PgStart *start)
{
	char ignored[256];
	PGcancel *cancel = may_be_blocked(start) ? PQgetCancel(start->conn) : NULL;

	if (cancel != NULL)
		PQcancel(cancel, ignored, sizeof(ignored));
	PQfreeCancel(cancel);
}

void
pgstart_close(PgStart *start)
{
	/* The walsender does not notice that we are gone, and would wait on. */
	if (start->blocked)
		pgstart_cancel(start);
	PQfinish(start->conn);
	forget(start);
}

void
pgstart_free(PgStart *start)
{
	if (start == NULL)
		return;
	pgstart_close(start);
	pgwaiting_free(start->waiting);
	free(start->libraries);
	free(start->timelines);
	free(start);
}

/* Passes the server's notices and warnings on to the log. */
static void
log_notice(void *arg, const PGresult *result)
{
	(void) arg;
	log_warning("PostgreSQL says",
				LOG_TEXT("message",
						 PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)));
}

void
pgstart_connect(PgStart *start)
{
	pgstart_close(start);
	start->free_ms = 0;
	start->slot_lsn = 0;
	start->deadline_ms = clock_ms() + pgconn_timeout(start->config);
	start->conn = pgconn_start(start->config, start->first_host);
	PQsetNoticeReceiver(start->conn, log_notice, NULL);
	start->polling = PGRES_POLLING_WRITING;
	start->state = STATE_CONNECTING;
}

bool
pgstart_is_standing_by(const PgStart *start)
{
	return start->state == STATE_STANDING_BY;
}

int
pgstart_fd(const PgStart *start)
{
	return start->conn ? PQsocket(start->conn) : -1;
}

short
pgstart_events(const PgStart *start)
{
	if (start->state == STATE_CONNECTING)
		return start->polling == PGRES_POLLING_READING ? POLLIN : POLLOUT;
	return POLLIN | (PQflush(start->conn) == 1 ? POLLOUT : 0);
}

int
pgstart_side_fd(const PgStart *start)
{
	return pgwaiting_fd(start->waiting);
}

short
pgstart_side_events(const PgStart *start)
{
	return pgwaiting_events(start->waiting);
}

int64_t
pgstart_due(const PgStart *start)
{
	if (start->state == STATE_CLOSED || start->state == STATE_STANDING_BY ||
		start->state == STATE_STARTED)
		return INT64_MAX;
	/* Without a socket it has failed already. */
	if (PQsocket(start->conn) < 0)
		return 0;
	return may_be_blocked(start) ? pgwaiting_due(start->waiting)
								 : start->deadline_ms;
}

PGconn *
pgstart_take(PgStart *start)
{
	PGconn *conn = start->conn;

	forget(start);
	return conn;
}

const PgHistory *
pgstart_history(const PgStart *start)
{
	return &start->history;
}

const char *
pgstart_timeline_history(const PgStart *start)
{
	return start->timelines != NULL ? start->timelines : "";
}

int64_t
pgstart_sender_timeout(const PgStart *start)
{
	return start->sender_timeout_ms;
}

int64_t
pgstart_slot_free(const PgStart *start)
{
	return start->free_ms;
}

Lsn
pgstart_slot_lsn(const PgStart *start)
{
	return start->slot_lsn;
}

const char *
pgstart_slot_position(const PgStart *start)
{
	return start->position;
}

/* Closes a connection that failed, after noting why. */
static PgStartResult
fail(PgStart *start, const PGresult *result, PgErrorClass *error_class,
	 Error *err)
{
	*error_class = pgfailure_judge(start->conn, result, start->plan.slot,
								   start->libraries, err);
	/* It let us in before: a password may be on its way to us. */
	if (*error_class == PG_ERROR_DENIED && start->started_once)
		*error_class = PG_ERROR_LOST;
	start->blocked = false;
	pgstart_close(start);
	return PGSTART_FAILED;
}

/* Closes a connection that does not serve, for a reason that is in err. */
static PgStartResult
refuse(PgStart *start)
{
	pgstart_close(start);
	return PGSTART_FAILED;
}

/* Gives up a server that does not answer: the next host has its turn. */
static PgStartResult
give_up(PgStart *start, PgErrorClass *error_class, Error *err)
{
	error_set(err, "PostgreSQL did not answer for %" PRId64 " s",
			  pgconn_timeout(start->config) / 1000);
	*error_class = PG_ERROR_LOST;
	start->first_host++;
	start->blocked = false;
	return refuse(start);
}

/* Sends one command and goes over to the state that waits for its result. */
static PgStartResult
send_command(PgStart *start, const char *command, State next,
			 PgErrorClass *error_class, Error *err)
{
	log_debug("sending", LOG_TEXT("command", command));
	if (!PQsendQuery(start->conn, command))
		return fail(start, NULL, error_class, err);
	start->state = next;
	start->blocked = false;
	if (may_be_blocked(start))
		pgwaiting_begin(start->waiting, start->conn);
	return PGSTART_WAIT;
}

/* Writes a string literal of the replication grammar (repl_scanner.l). */
static void
write_literal(FILE *out, const char *text)
{
	fputc('\'', out);
	for (; *text != '\0'; text++)
	{
		if (*text == '\'')
			fputc('\'', out);
		fputc(*text, out);
	}
	fputc('\'', out);
}

/* Sends START_REPLICATION with the decoder's options of [outbox]. */
static PgStartResult
start_stream(PgStart *start, PgErrorClass *error_class, Error *err)
{
	char *command = NULL;
	size_t size;
	FILE *out = open_memstream(&command, &size);
	const char *key;
	const char *value;
	size_t cursor = 0;
	PgStartResult next;

	if (out == NULL)
		xalloc_failed();
	/* At 0/0: the slot alone knows where to begin. */
	fprintf(out,
			"START_REPLICATION SLOT \"%s\" LOGICAL 0/0 "
			"(\"proto_version\" '" PROTOCOL_VERSION "', \"coalesce\" '%d'",
			start->plan.slot, PGSTART_COALESCE_BYTES);
	while (config_next(start->config, "outbox", &cursor, &key, &value))
	{
		fprintf(out, ", \"%s\" ", key);
		write_literal(out, value);
	}
	fputc(')', out);
	fclose(out);
	next = send_command(start, command, STATE_STARTING, error_class, err);
	free(command);
	return next;
}

/*
 * Exactly-once delivery notes the timeline with each position.  A standby that
 * is promoted goes on with the stream on another one, and does not tell.
 */
static bool
is_fit(PgStart *start, PgErrorClass *error_class, Error *err)
{
	const char *standby = PQparameterStatus(start->conn, "in_hot_standby");

	if (!config_is_exactly_once(start->config) || standby == NULL ||
		strcmp(standby, "on") != 0)
		return true;
	*error_class = PG_ERROR_LOST;
	return error_set(err,
					 "this server is a standby, and delivery = exactly-once "
					 "needs the primary: name it in [postgres], or name "
					 "all of them with target_session_attrs = read-write");
}

/* Goes on connecting. */
static PgStartResult
advance_connecting(PgStart *start, PgErrorClass *error_class, Error *err)
{
	struct pollfd fd = {.fd = PQsocket(start->conn),
						.events = pgstart_events(start)};

	/* libpq may fail before it has a socket. */
	if (PQstatus(start->conn) == CONNECTION_BAD)
		return fail(start, NULL, error_class, err);
	/* PQconnectPoll() may only be called when the socket is ready. */
	if (poll(&fd, 1, 0) == 0)
		return PGSTART_WAIT;
	start->polling = PQconnectPoll(start->conn);
	switch (start->polling)
	{
		case PGRES_POLLING_READING:
		case PGRES_POLLING_WRITING:
			return PGSTART_WAIT;
		case PGRES_POLLING_OK:
			if (!is_fit(start, error_class, err))
				return refuse(start);
			if (PQsetnonblocking(start->conn, 1) == 0)
				return send_command(start, "IDENTIFY_SYSTEM", STATE_IDENTIFYING,
									error_class, err);
			break;
		default:
			break;
	}
	return fail(start, NULL, error_class, err);
}

/* Asks what the slot is. */
static PgStartResult
look(PgStart *start, PgErrorClass *error_class, Error *err)
{
	char query[PGSLOT_QUERY_LENGTH];

	pgslot_look_query(start->plan.slot, query);
	return send_command(start, query, STATE_LOOKING, error_class, err);
}

/*
 * Asks where earlier timelines ended, if that is wanted; the first has no such
 * file.
 */
static PgStartResult
ask_timelines(PgStart *start, PgErrorClass *error_class, Error *err)
{
	char command[64];

	free(start->timelines);
	start->timelines = NULL;
	if (!config_is_exactly_once(start->config) || start->plan.only_create ||
		strcmp(start->history.timeline, "1") == 0)
		return look(start, error_class, err);
	snprintf(command, sizeof(command), "TIMELINE_HISTORY %s",
			 start->history.timeline);
	return send_command(start, command, STATE_ASKING_HISTORY, error_class, err);
}

/*
 * Notes where they ended.  Without the file nothing is known of them, which is
 * no reason to end.
 */
static PgStartResult
answered_timelines(PgStart *start, PgErrorClass *error_class, Error *err)
{
	const PGresult *result = start->result;

	if (PQntuples(result) == 1 && PQnfields(result) == 2)
		start->timelines = xstrdup(PQgetvalue(result, 0, 1));
	else
		log_warning("the server does not show the history of its timeline",
					LOG_TEXT("timeline", start->history.timeline),
					LOG_TEXT("error",
							 PQresultErrorField(result,
												PG_DIAG_MESSAGE_PRIMARY)));
	return look(start, error_class, err);
}

/* Notes whose WAL it is, from the result of IDENTIFY_SYSTEM. */
static PgStartResult
identified(PgStart *start, PgErrorClass *error_class, Error *err)
{
	PgHistory *history = &start->history;
	const PGresult *result = start->result;
	const char *end;

	if (PQntuples(result) == 1 && PQnfields(result) >= 3)
	{
		snprintf(history->system_identifier, sizeof(history->system_identifier),
				 "%s", PQgetvalue(result, 0, 0));
		snprintf(history->timeline, sizeof(history->timeline), "%s",
				 PQgetvalue(result, 0, 1));
		end = PQgetvalue(result, 0, 2);
		if (lsn_parse(end, strlen(end), &history->end))
			return ask_timelines(start, error_class, err);
	}
	error_set(err, "PostgreSQL answered IDENTIFY_SYSTEM with something else");
	*error_class = PG_ERROR_REFUSED;
	return refuse(start);
}

/* Sends the command that creates the slot. */
static PgStartResult
create_slot(PgStart *start, PgErrorClass *error_class, Error *err)
{
	char command[PGSLOT_COMMAND_LENGTH];

	if (start->plan.kind == PG_SLOT_FAILOVER &&
		PQserverVersion(start->conn) < 170000)
	{
		error_set(err, "--failover needs PostgreSQL 17 or later; leave it "
					   "out, and create the slot on the new primary after a "
					   "failover");
		*error_class = PG_ERROR_CONFIG;
		return refuse(start);
	}
	pgslot_create_command(start->plan.slot, start->plan.kind, command);
	return send_command(start, command, STATE_CREATING, error_class, err);
}

/*
 * The server gives a client up that it does not hear for wal_sender_timeout.
 * Statuses come three times as often; if they are not acknowledged the kernel
 * ends the connection, so that a network that is broken ends it on this side
 * first.
 */
static void
limit_silence(const PgStart *start)
{
	int fd = PQsocket(start->conn);
	unsigned limit = (unsigned) (start->sender_timeout_ms / 3);
	unsigned set = 0;
	socklen_t len = sizeof(set);

	/* Of a Unix socket there is none, and no network either. */
	if (limit == 0 ||
		getsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &set, &len) < 0)
		return;
	if (set == 0 || set > limit)
		setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof(limit));
}

/* The slot is in use: keeps the connection, to look again. */
static PgStartResult
stand_by(PgStart *start)
{
	start->free_ms = 0;
	start->state = STATE_STANDING_BY;
	return PGSTART_BUSY;
}

/* There is no such slot. */
static PgStartResult
slot_is_missing(PgStart *start, const PgSlot *found, PgErrorClass *error_class,
				Error *err)
{
	if (start->plan.may_create && !start->started_once)
		return create_slot(start, error_class, err);
	*error_class = pgslot_missing(found, start->plan.slot, err);
	return refuse(start);
}

/* The slot is there already, where it was only to be created. */
static PgStartResult
slot_exists(PgStart *start, const PgSlot *found, PgErrorClass *error_class,
			Error *err)
{
	const char *slot = start->plan.slot;

	if (!pgslot_is_ours(found, slot, error_class, err))
		return refuse(start);
	if (!found->is_complete)
	{
		error_set(err, "slot \"%s\" is being created by PID %s", slot,
				  found->active_pid);
		return stand_by(start);
	}
	if (start->plan.kind == PG_SLOT_FAILOVER && !found->is_failover)
	{
		*error_class = PG_ERROR_REFUSED;
		error_set(err,
				  "slot \"%s\" exists, and is not for failover; over a "
				  "replication connection: ALTER_REPLICATION_SLOT \"%s\" "
				  "(FAILOVER);",
				  slot, slot);
		return refuse(start);
	}
	snprintf(start->position, sizeof(start->position), "%s", found->position);
	return PGSTART_EXISTS;
}

/* Decides what to do, from what the slot is. */
static PgStartResult
looked(PgStart *start, PgErrorClass *error_class, Error *err)
{
	PgSlot found;

	/* Whoever may not look gets the server's own words instead. */
	if (!pgslot_read(start->result, &found))
		return start->plan.only_create ? create_slot(start, error_class, err)
									   : start_stream(start, error_class, err);
	free(start->libraries);
	start->libraries =
		found.libraries != NULL ? xstrdup(found.libraries) : NULL;
	start->sender_timeout_ms = found.sender_timeout_ms;
	/* The server's clock may have been set back since. */
	start->free_ms = found.free_ms > 0 ? found.free_ms : 0;
	lsn_parse(found.position, strlen(found.position), &start->slot_lsn);
	limit_silence(start);
	if (!found.exists)
		return slot_is_missing(start, &found, error_class, err);
	if (start->plan.only_create)
		return slot_exists(start, &found, error_class, err);
	if (!pgslot_is_ready(&found, start->plan.slot, error_class, err))
		return *error_class == PG_ERROR_BUSY ? stand_by(start) : refuse(start);
	return start_stream(start, error_class, err);
}

/* The slot was created: notes where, and begins the stream. */
static PgStartResult
created(PgStart *start, PgErrorClass *error_class, Error *err)
{
	start->free_ms = INT64_MAX;
	snprintf(start->position, sizeof(start->position), "%s",
			 PQgetvalue(start->result, 0, 1));
	if (start->plan.only_create)
		return PGSTART_CREATED;
	if (!start->plan.is_temporary)
		log_warning("slot created; events committed before are not in it",
					LOG_TEXT("slot", start->plan.slot),
					LOG_TEXT("at", start->position));
	return start_stream(start, error_class, err);
}

/* A command is done: goes on with the next one. */
static PgStartResult
command_done(PgStart *start, PgErrorClass *error_class, Error *err)
{
	PgStartResult next;

	switch (start->state)
	{
		case STATE_IDENTIFYING:
			next = identified(start, error_class, err);
			break;
		case STATE_ASKING_HISTORY:
			next = answered_timelines(start, error_class, err);
			break;
		case STATE_LOOKING:
			next = looked(start, error_class, err);
			break;
		case STATE_CREATING:
			next = created(start, error_class, err);
			break;
		default:
			error_set(err, "PostgreSQL did not begin the stream");
			*error_class = PG_ERROR_LOST;
			next = refuse(start);
			break;
	}
	return next;
}

/* A command was refused. */
static PgStartResult
command_failed(PgStart *start, PgErrorClass *error_class, Error *err)
{
	if (pgfailure_judge(start->conn, start->result, start->plan.slot,
						start->libraries, err) == PG_ERROR_BUSY)
		return stand_by(start); /* another was faster */
	return fail(start, start->result, error_class, err);
}

/* A command has ended. */
static PgStartResult
command_ended(PgStart *start, PgErrorClass *error_class, Error *err)
{
	PGresult *result = start->result;
	PgStartResult next;

	pgwaiting_end(start->waiting);
	start->blocked = false;
	if (PQresultStatus(result) == PGRES_TUPLES_OK ||
		start->state == STATE_LOOKING || start->state == STATE_ASKING_HISTORY)
		next = command_done(start, error_class, err);
	else
		next = command_failed(start, error_class, err);
	/* Unless the connection is closed, and that gone with it. */
	if (start->result == result)
	{
		PQclear(result);
		start->result = NULL;
	}
	return next;
}

/* Nothing has come yet: asks why, or gives up at last. */
static PgStartResult
be_patient(PgStart *start, PgErrorClass *error_class, Error *err)
{
	Error reason;

	if (!may_be_blocked(start))
		return clock_ms() < start->deadline_ms
				   ? PGSTART_WAIT
				   : give_up(start, error_class, err);
	switch (pgwaiting_serve(start->waiting, &reason))
	{
		case PGWAITING_KNOWN:
			start->blocked = true;
			error_set(err, "%s slot \"%s\" takes long: %s",
					  start->state == STATE_CREATING
						  ? "creating"
						  : "to begin to stream from",
					  start->plan.slot, reason.text);
			return PGSTART_BLOCKED;
		case PGWAITING_GONE:
			return give_up(start, error_class, err);
		case PGWAITING_QUIET:
			break;
	}
	return PGSTART_WAIT;
}

/* Takes what has come of the result of the command that was sent. */
static PgStartResult
advance_command(PgStart *start, PgErrorClass *error_class, Error *err)
{
	bool lost = PQconsumeInput(start->conn) == 0;

	while (!PQisBusy(start->conn))
	{
		PGresult *next = PQgetResult(start->conn);

		if (next == NULL)
			return command_ended(start, error_class, err);
		if (PQresultStatus(next) == PGRES_COPY_BOTH)
		{
			PQclear(next);
			pgwaiting_end(start->waiting);
			start->state = STATE_STARTED;
			start->started_once = true;
			return PGSTART_STARTED;
		}
		if (start->result == NULL)
			start->result = next;
		else
			PQclear(next);
	}
	if (lost)
		return fail(start, start->result, error_class, err);
	return be_patient(start, error_class, err);
}

PgStartResult
pgstart_advance(PgStart *start, PgErrorClass *error_class, Error *err)
{
	PgStartResult next;

	switch (start->state)
	{
		case STATE_CLOSED:
		case STATE_STARTED:
			return PGSTART_WAIT;
		case STATE_STANDING_BY:
			/* Nothing was asked, so what comes is the end. */
			return PQconsumeInput(start->conn) != 0
					   ? PGSTART_WAIT
					   : fail(start, NULL, error_class, err);
		case STATE_CONNECTING:
			next = advance_connecting(start, error_class, err);
			if (next == PGSTART_WAIT && clock_ms() >= start->deadline_ms)
				next = give_up(start, error_class, err);
			return next;
		default:
			return advance_command(start, error_class, err);
	}
}

void
pgstart_look_again(PgStart *start)
{
	start->deadline_ms = clock_ms() + pgconn_timeout(start->config);
	/* Also at where its WAL ends by now. */
	start->state = STATE_IDENTIFYING;
	/* If it cannot be sent, the next step finds out why. */
	PQsendQuery(start->conn, "IDENTIFY_SYSTEM");
}

PgStartResult
pgstart_await(PgStart *start, int interrupt, int64_t until,
			  PgErrorClass *error_class, Error *err)
{
	for (;;)
	{
		PgStartResult result = pgstart_advance(start, error_class, err);
		int64_t due = pgstart_due(start);
		int64_t now = clock_ms();
		struct pollfd fds[3];

		if (result != PGSTART_WAIT || now >= until)
			return result;
		fds[0] = (struct pollfd){.fd = interrupt, .events = POLLIN};
		fds[1] = (struct pollfd){.fd = pgstart_fd(start),
								 .events = pgstart_events(start)};
		fds[2] = (struct pollfd){.fd = pgstart_side_fd(start),
								 .events = pgstart_side_events(start)};
		if (due > until)
			due = until;
		poll(fds, 3, due > now ? (int) (due - now) : 0);
		if (fds[0].revents != 0)
			return PGSTART_WAIT;
	}
}
