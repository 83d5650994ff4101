/*-------------------------------------------------------------------------
 *
 * relay/exactly_once.c
 *	  Delivery exactly once: whole PostgreSQL transactions in Kafka
 *	  transactions, and the position in the same ones.
 *
 * Who holds the slot writes.  With it we take over (kafka/transactions.h):
 * that fences every relay that had the slot before and ends what it left open,
 * and then the position in Kafka is final.  What the stream repeats of it is
 * passed over.  From then on a Kafka transaction gathers PostgreSQL
 * transactions, gets the position behind them as its last record, and is
 * committed; only then is the slot told.
 *
 * Where the process may die, and what follows for a reader of committed
 * records:
 *	- before or while events are produced, or before Kafka has the request to
 *	  commit: the transaction is open and whoever takes over aborts it; the
 *	  position is the old one, so its events come again;
 *	- after Kafka has the request: whoever takes over waits until the commit is
 *	  done; the position is the new one, so its events are passed over;
 *	- after the commit, before PostgreSQL was told: the same.
 * The same holds if the process does not die but loses its connection, its
 * producer or, being stopped, its slot: nothing is ever concluded from a commit
 * whose outcome is unknown, but the position is read again.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/exit.h"
#include "base/log.h"
#include "base/memory.h"
#include "kafka/transactions.h"
#include "relay/end.h"
#include "relay/handover.h"
#include "relay/hold.h"
#include "relay/published.h"
#include "relay/resume.h"
#include "relay/state.h"

/*
 * The longest that a transaction gathers while the stream brings more at once,
 * in ms: then the cost of a commit is little, and readers still follow.
 */
#define GATHER_MS 250

/* How often it is looked whether a job takes long, in ms. */
#define LOOK_MS 1000

/* The ticket of the state record; no event has it. */
#define STATE_TICKET UINT64_MAX

typedef enum Stage
{
	STAGE_IDLE,        /* no slot, or what we had is given up */
	STAGE_WAITING,     /* the slot is ours; the last job has still to end */
	STAGE_TAKING_OVER, /* the position is being read */
	STAGE_PAUSING,     /* between two transactions */
	STAGE_OPEN,        /* events are taken */
	STAGE_COMMITTING
} Stage;

typedef struct ExactlyOnce
{
	Delivery delivery; /* first: a pointer to it is one to this */
	Transactions *transactions;
	Published *published; /* with the transaction that is open */
	int64_t interval_ms;
	uint64_t most_bytes;
	char state_topic[STATE_TOPIC_SIZE];

	Stage stage;
	char *id; /* the producer's transactional.id; NULL = none yet */
	char key[STATE_KEY_SIZE];
	uint32_t timeline;
	Lsn suspect;      /* a position that was ahead of the server's WAL */
	bool used;        /* the producer has taken over, or tried to */
	int64_t pause_ms; /* when the next transaction may begin */
	int64_t first_ms; /* when the first event of this one was; 0 = none yet */
	int64_t cut_after_ms;
	bool full;     /* it was closed because it is large */
	Outage outage; /* a job takes long */
} ExactlyOnce;

/* The relay's delivery as what it is here. */
static ExactlyOnce *
own(const Relay *relay)
{
	return (ExactlyOnce *) relay->delivery;
}

/* Nothing is taken, and nothing is open any more. */
static void
go_idle(Relay *relay, ExactlyOnce *once)
{
	intake_shut(relay->intake);
	published_clear(once->published);
	once->stage = STAGE_IDLE;
	outage_end(&once->outage);
}

/*
 * Gives up what is open.  A commit that is under way goes on to its end in
 * Kafka or not: the next to take over reads which.
 */
static void
give_up_transaction(Relay *relay, ExactlyOnce *once)
{
	if (once->stage == STAGE_OPEN)
		transactions_abort(once->transactions, relay->kafka);
	else
		transactions_cancel(once->transactions);
	go_idle(relay, once);
}

/* A producer that has done nothing yet. */
static void
make_producer(Relay *relay, ExactlyOnce *once)
{
	kafka_stop(relay->kafka);
	kafka_begin(relay->kafka);
	once->used = false;
}

/* The same, with the transactional.id of a server's slot. */
static void
set_server(Relay *relay, ExactlyOnce *once, const char *system_identifier)
{
	char *id = transactions_id(relay->config, system_identifier);

	if (once->id == NULL || strcmp(once->id, id) != 0)
		kafka_set_transactional_id(relay->kafka, id);
	else if (once->used)
		make_producer(relay, once);
	free(once->id);
	once->id = id;
	once->used = false;
	state_record_key(system_identifier,
					 config_text(relay->config, CONFIG_RELAY_SLOT), once->key);
}

static int64_t
begin(Relay *relay)
{
	ExactlyOnce *once = own(relay);
	const PgHistory *history = pgstream_history(relay->stream);

	tracker_reset(relay->tracker);
	intake_restart(relay->intake);
	intake_shut(relay->intake);
	relay->received = 0;
	relay->published = 0;
	set_server(relay, once, history->system_identifier);
	once->timeline = (uint32_t) strtoul(history->timeline, NULL, 10);
	once->cut_after_ms = kafka_transaction_timeout(relay->kafka) / 2;
	once->stage = STAGE_WAITING;
	/* Whoever had the slot before is fenced, but see resume(). */
	return 0;
}

/* Who stands by touches nothing. */
static void
stand_by(Relay *relay)
{
	(void) relay;
}

static void
lose_producer(Relay *relay)
{
	ExactlyOnce *once = own(relay);

	/* Before it has taken over it has nothing to give up. */
	if (once->stage != STAGE_WAITING)
		give_up_transaction(relay, once);
	once->used = false;
}

static void
lose_stream(Relay *relay)
{
	ExactlyOnce *once = own(relay);

	if (once->stage == STAGE_IDLE)
		return;
	give_up_transaction(relay, once);
	/* Else its socket might still hold a request to commit. */
	make_producer(relay, once);
}

static void
take_delivery(Relay *relay, const KafkaDelivery *delivery)
{
	if (delivery->ticket != STATE_TICKET)
		published_add(own(relay)->published, relay, delivery);
}

/* Logs that a job takes long: once, then rarely. */
static void
serve_waiting(ExactlyOnce *once)
{
	int64_t now = clock_ms();
	Error reason;

	if (transactions_waits(once->transactions, &reason) &&
		outage_is_due(&once->outage, now))
		log_warning(once->stage == STAGE_TAKING_OVER
						? "waiting for Kafka to hand over its transactions; "
						  "trying again"
						: "waiting for Kafka to commit a transaction; trying "
						  "again",
					LOG_INT("waited_s",
							outage_lasted(&once->outage, now) / 1000),
					LOG_TEXT("error", reason.text));
}

/* Says from where is published, and why from there. */
static void
log_resumed(const Relay *relay, const ExactlyOnce *once, ResumeKind kind,
			const TransactionResult *result, const StateRecord *position)
{
	const StateRecord *state = &result->state;

	switch (kind)
	{
		case RESUME_NO_STATE:
			log_info("publishing exactly once from where the slot stands: "
					 "Kafka has no position of it",
					 LOG_TEXT("state_topic", once->state_topic),
					 LOG_TEXT("other_system", result->foreign_system[0] != '\0'
												  ? result->foreign_system
												  : NULL));
			return;
		case RESUME_STATE:
			log_info("publishing exactly once",
					 LOG_LSN("published", position->lsn),
					 LOG_INT("timeline", state->timeline));
			return;
		case RESUME_TIMELINE_END:
			log_warning("publishing exactly once from the end of the timeline "
						"on which the last position was: what is behind it was "
						"published, and lost by the failover",
						LOG_LSN("published", state->lsn),
						LOG_INT("timeline", state->timeline),
						LOG_LSN("end", position->lsn));
			return;
		case RESUME_OTHER_HISTORY:
			log_warning("publishing from where the slot stands: the last "
						"position is on a timeline that is no part of this "
						"server's history, so events may be repeated",
						LOG_LSN("published", state->lsn),
						LOG_INT("timeline", state->timeline),
						LOG_INT("server_timeline", once->timeline));
			return;
		case RESUME_AHEAD_OF_SERVER:
			log_warning("publishing from where the slot stands: the last "
						"position is ahead of this server's WAL, which was set "
						"back, so events may be repeated",
						LOG_LSN("published", state->lsn),
						LOG_LSN("server_end",
								pgstream_history(relay->stream)->end));
			return;
	}
}

/* The next transaction may begin, now or after a while. */
static void
pause(ExactlyOnce *once, int64_t pause_ms)
{
	once->stage = STAGE_PAUSING;
	once->pause_ms = clock_ms() + pause_ms;
}

/*
 * How long nothing is published, in ms.  Delivery at least once has no fence,
 * and may still be sending, if that is what had the slot before.
 */
static int64_t
quiet_length(const Relay *relay, const StateRecord *position)
{
	return position->lsn != 0 ? 0 : relay_quiet_length(relay);
}

/* The position is known: decides what the stream will repeat. */
static void
resume(Relay *relay, ExactlyOnce *once, const TransactionResult *result)
{
	const ResumeServer server = {.timeline = once->timeline,
								 .history =
									 pgstream_timeline_history(relay->stream),
								 .end = pgstream_history(relay->stream)->end};
	StateRecord position;
	ResumeKind kind = resume_decide(&result->state, &server, &position);

	/*
	 * Another relay may have published it after the server was asked where its
	 * WAL ends: asked once more it knows.
	 */
	if (kind == RESUME_AHEAD_OF_SERVER && once->suspect != result->state.lsn)
	{
		once->suspect = result->state.lsn;
		relay->restart = true;
		relay->at_once = true;
		return;
	}
	log_resumed(relay, once, kind, result, &position);
	if (position.lsn != 0)
		tracker_resume(relay->tracker, position.lsn, position.events);
	pause(once, quiet_length(relay, &position));
}

/* Ends the relay, since starting it again would change nothing. */
static void
need_person(Relay *relay, const Error *err)
{
	log_error(err->text);
	relay_start_draining(relay, EXIT_PERSON);
	go_idle(relay, own(relay));
}

/* Kafka refuses what says how far its events go. */
static void
refuse_position(Relay *relay, ExactlyOnce *once, const char *reason)
{
	Error err;

	error_set(&err,
			  "Kafka refuses the position in state topic \"%s\": %s; without "
			  "it nothing is published",
			  once->state_topic, reason);
	transactions_abort(once->transactions, relay->kafka);
	need_person(relay, &err);
}

/*
 * While a job is under way its result says what became of it.  With care a
 * commit begins when every event is there: what is refused then is the
 * position.
 */
static bool
take_failure(Relay *relay, bool refused, const char *reason)
{
	ExactlyOnce *once = own(relay);

	if (once->stage != STAGE_TAKING_OVER && once->stage != STAGE_COMMITTING)
		return false;
	/* Its job comes to no end. */
	if (kafka_is_broken(relay->kafka))
		return false;
	if (refused && !intake_is_careful(relay->intake))
		return false;
	if (refused)
		refuse_position(relay, once, reason);
	return true;
}

/* A job failed: begins anew, or gives up. */
static void
end_job(Relay *relay, ExactlyOnce *once, const TransactionResult *result)
{
	if (result->outcome == TRANSACTION_REFUSED)
	{
		need_person(relay, &result->err);
		return;
	}
	if (result->refuses_event && intake_is_careful(relay->intake))
	{
		refuse_position(relay, once, result->err.text);
		return;
	}
	if (result->refuses_event)
		intake_be_careful(relay->intake);
	relay->restart = true;
	if (outage_is_due(&relay->failing, clock_ms()))
		log_warning("the Kafka transaction failed; taking over anew, and "
					"reading what became of it",
					LOG_TEXT("error", result->err.text));
	once->stage = STAGE_IDLE;
}

/* The slot has been got and the position read, or not. */
static void
serve_taking_over(Relay *relay, ExactlyOnce *once)
{
	TransactionResult result;

	if (!transactions_take_result(once->transactions, &result))
	{
		serve_waiting(once);
		return;
	}
	outage_end(&once->outage);
	if (result.outcome == TRANSACTION_DONE)
		resume(relay, once, &result);
	else
		end_job(relay, once, &result);
}

/* Begins the first job on a producer that is new. */
static void
serve_slot(Relay *relay, ExactlyOnce *once)
{
	if (transactions_is_busy(once->transactions) || relay->produce_ms != 0 ||
		kafka_handle(relay->kafka) == NULL)
		return;
	once->used = true;
	once->stage = STAGE_TAKING_OVER;
	transactions_start(once->transactions, TRANSACTION_TAKE_OVER, relay->kafka,
					   once->key);
}

/* Lets events in, as many as a transaction takes. */
static void
serve_pause(Relay *relay, ExactlyOnce *once)
{
	Error err;

	if (relay->phase != PHASE_RUNNING || clock_ms() < once->pause_ms)
		return;
	if (!transactions_begin(relay->kafka, &err))
	{
		log_warning("no Kafka transaction can be begun; taking over anew",
					LOG_TEXT("error", err.text));
		relay->restart = true;
		return;
	}
	once->stage = STAGE_OPEN;
	once->first_ms = 0;
	once->full = false;
	intake_open(relay->intake,
				intake_is_careful(relay->intake) ? 0 : once->most_bytes);
	relay->more = true; /* lines may be there already */
}

/* Tells whether it is the time to commit what is whole. */
static bool
is_time(const Relay *relay, ExactlyOnce *once, int64_t now)
{
	if (intake_is_careful(relay->intake))
		return kafka_in_flight(relay->kafka) == 0;
	once->full = intake_reached_limit(relay->intake) ||
				 now - once->first_ms >= GATHER_MS;
	if (once->full || relay->phase != PHASE_RUNNING || relay_is_holding(relay))
		return true;
	/* Nothing is left to take, and nothing more will come at once. */
	return relay->message.buffer == NULL && !relay->more &&
		   (!relay->more_comes || now - relay->heard_ms >= once->interval_ms);
}

/* Adds the position to the transaction; false if there is no room now. */
static bool
add_state(Relay *relay, ExactlyOnce *once)
{
	StateRecord record = {.timeline = once->timeline};
	char value[STATE_VALUE_SIZE];
	struct timespec now;
	KafkaRecord made = {.partition = 0};
	KafkaRefusal refusal;

	record.lsn = tracker_furthest(relay->tracker, &record.events);
	state_record_write(&record, value);
	clock_gettime(CLOCK_REALTIME, &now);
	made.topic = (Slice){once->state_topic, strlen(once->state_topic)};
	made.key = (Slice){once->key, strlen(once->key)};
	made.value = (Slice){value, strlen(value)};
	made.ts = (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
	switch (kafka_produce(relay->kafka, &made, STATE_TICKET, &refusal))
	{
		case KAFKA_QUEUED:
			return true;
		case KAFKA_FULL:
			return false;
		case KAFKA_REFUSED:
			need_person(relay, &refusal.reason);
			return false;
	}
	return false;
}

/*
 * Nothing follows what was taken of a transaction: the relay ends, or is held
 * at an event.  If whole transactions are before it they are published without
 * it: one at a time, after the stream has begun anew.
 */
static void
give_up_part(Relay *relay, ExactlyOnce *once)
{
	if (relay->phase == PHASE_RUNNING && !intake_is_careful(relay->intake))
	{
		intake_be_careful(relay->intake);
		relay->restart = true;
		relay->at_once = true;
		return;
	}
	give_up_transaction(relay, once);
	make_producer(relay, once);
}

/*
 * Tells whether a report has to come before the commit: else what is refused
 * could be taken for the position, or what is lost for delivered.
 */
static bool
is_awaited(const Relay *relay)
{
	return kafka_is_unguarded(relay->kafka) ||
		   (intake_is_careful(relay->intake) &&
			kafka_in_flight(relay->kafka) > 0);
}

/* Takes events until it is the time to commit them. */
static void
serve_open(Relay *relay, ExactlyOnce *once)
{
	int64_t now = clock_ms();
	bool ends = relay->phase != PHASE_RUNNING || relay_is_holding(relay);
	bool cut;

	if (ends && tracker_is_inside(relay->tracker))
	{
		give_up_part(relay, once);
		return;
	}
	if (!intake_has_produced(relay->intake))
		return;
	if (once->first_ms == 0)
		once->first_ms = now;
	cut = now - once->first_ms >= once->cut_after_ms;
	if (tracker_is_inside(relay->tracker) ? !cut : !is_time(relay, once, now))
		return;
	/* Else a backlog would always have something in flight. */
	intake_shut(relay->intake);
	if (is_awaited(relay) || !add_state(relay, once))
		return;
	once->stage = STAGE_COMMITTING;
	transactions_start(once->transactions, TRANSACTION_COMMIT, relay->kafka,
					   NULL);
}

/* The commit has ended, well or not. */
static void
serve_committing(Relay *relay, ExactlyOnce *once)
{
	TransactionResult result;
	bool quick;

	if (!transactions_take_result(once->transactions, &result))
	{
		serve_waiting(once);
		return;
	}
	outage_end(&once->outage);
	if (result.outcome != TRANSACTION_DONE)
	{
		end_job(relay, once, &result);
		return;
	}
	published_commit(once->published, relay);
	tracker_all_delivered(relay->tracker);
	/*
	 * A transaction that follows at once waits for the markers of this one, and
	 * librdkafka then asks again only after 20 ms: a large one does not notice.
	 */
	quick = once->full || intake_is_careful(relay->intake);
	pause(once, quick ? 0 : once->interval_ms);
	/* At the end there is no later one. */
	if (relay->phase != PHASE_RUNNING)
		return;
	relay->restart = result.dirty || kafka_is_worn(relay->kafka);
	if (result.dirty)
		log_info("the commit may have reached Kafka twice: taking over anew, "
				 "so that it cannot end a later transaction");
}

static void
serve(Relay *relay)
{
	ExactlyOnce *once = own(relay);

	if (relay->restart)
		return;
	if (once->stage == STAGE_WAITING)
		serve_slot(relay, once);
	if (once->stage == STAGE_TAKING_OVER)
		serve_taking_over(relay, once);
	if (once->stage == STAGE_PAUSING)
		serve_pause(relay, once);
	if (once->stage == STAGE_OPEN)
		serve_open(relay, once);
	else if (once->stage == STAGE_COMMITTING)
		serve_committing(relay, once);
}

/* When a transaction that is open is to be looked at again. */
static int64_t
open_due(const Relay *relay, const ExactlyOnce *once)
{
	int64_t due = once->first_ms + GATHER_MS;
	int64_t silent = relay->heard_ms + once->interval_ms;

	/* Its first event, or a delivery, makes the loop turn. */
	if (once->first_ms == 0 || intake_is_careful(relay->intake))
		return INT64_MAX;
	if (tracker_is_inside(relay->tracker))
		due = once->first_ms + once->cut_after_ms;
	else if (relay->message.buffer == NULL && silent < due)
		due = silent;
	/* If it is late already something else is in the way. */
	return due > clock_ms() ? due : clock_ms() + 1;
}

static int64_t
due(Relay *relay)
{
	const ExactlyOnce *once = own(relay);

	switch (once->stage)
	{
		case STAGE_IDLE:
			break;
		case STAGE_WAITING:
		case STAGE_TAKING_OVER:
		case STAGE_COMMITTING:
			return clock_ms() + LOOK_MS;
		case STAGE_PAUSING:
			return relay->phase == PHASE_RUNNING ? once->pause_ms : INT64_MAX;
		case STAGE_OPEN:
			return open_due(relay, once);
	}
	return INT64_MAX;
}

static bool
is_settled(Relay *relay)
{
	const ExactlyOnce *once = own(relay);

	if (once->stage == STAGE_OPEN)
		return !intake_has_produced(relay->intake);
	return once->stage != STAGE_COMMITTING;
}

static void
free_delivery(Relay *relay)
{
	ExactlyOnce *once = own(relay);

	give_up_transaction(relay, once);
	transactions_free(once->transactions);
	published_free(once->published);
	free(once->id);
	free(once);
}

Delivery *
exactly_once_new(const Config *config)
{
	ExactlyOnce *once = xcalloc(1, sizeof(ExactlyOnce));

	once->delivery = (Delivery){.begin = begin,
								.stand_by = stand_by,
								.lose_stream = lose_stream,
								.lose_producer = lose_producer,
								.take_delivery = take_delivery,
								.take_failure = take_failure,
								.serve = serve,
								.due = due,
								.is_settled = is_settled,
								.free = free_delivery};
	once->transactions = transactions_new(config);
	once->published = published_new();
	once->interval_ms = config_number(config, CONFIG_RELAY_COMMIT_INTERVAL);
	once->most_bytes =
		(uint64_t) config_number(config, CONFIG_RELAY_COMMIT_BYTES);
	state_topic_name(config, once->state_topic);
	return &once->delivery;
}
