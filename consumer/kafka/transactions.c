/*-------------------------------------------------------------------------
 *
 * kafka/transactions.c
 *	  The life of Kafka transactions: taken over, committed, aborted.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "kafka/transactions.h"

/* The longest that one call into librdkafka may take, in ms. */
#define SLICE_MS 100

/* A job that has lasted longer than this waits for something, in ms. */
#define PATIENCE_MS 2000

/* The wait before the state topic is asked again, in ms. */
#define AGAIN_MS 500

/* How long an abort is tried, and the longest of one call, in ms. */
#define ABORT_MS 300
#define ABORT_SLICE_MS 20

struct Transactions
{
	const Config *config;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;

	/* under the lock */
	bool ending;
	bool busy;          /* there is a job, or a result not yet taken */
	bool finished;      /* result is valid */
	bool uses_producer; /* the thread is inside of librdkafka with it */
	bool abandoned;     /* nobody wants the result */
	int64_t since_ms;   /* when the job began */
	Error waiting;      /* why the last call did not succeed; "" = unknown */
	TransactionResult result;

	/* of the job; written while there is none */
	TransactionJob job;
	Kafka *kafka;
	char key[STATE_KEY_SIZE];

	atomic_bool cancelled;
};

char *
transactions_id(const Config *config, const char *system_identifier)
{
	const char *prefix =
		config_text(config, CONFIG_RELAY_TRANSACTIONAL_ID_PREFIX);
	char *id = NULL;

	if (asprintf(&id, "%spg_outbox-%s-%s", prefix != NULL ? prefix : "",
				 system_identifier, config_text(config, CONFIG_RELAY_SLOT)) < 0)
		xalloc_failed();
	return id;
}

/* Notes why a call has to be made again. */
static void
note_waiting(Transactions *transactions, const char *reason)
{
	pthread_mutex_lock(&transactions->lock);
	error_set(&transactions->waiting, "%s", reason);
	pthread_mutex_unlock(&transactions->lock);
}

bool
transactions_are_refused(int code)
{
	switch ((rd_kafka_resp_err_t) code)
	{
		case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
		case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
		case RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
		case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
			return true;
		default:
			return false;
	}
}

void
transactions_explain(const Config *config, int code, const char *reason,
					 Error *err)
{
	const char *prefix =
		config_text(config, CONFIG_RELAY_TRANSACTIONAL_ID_PREFIX);

	switch ((rd_kafka_resp_err_t) code)
	{
		case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
		case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
			error_set(err,
					  "%s: allow the relay's principal WRITE and DESCRIBE on "
					  "transactional ids that begin with \"%spg_outbox-\"",
					  reason, prefix != NULL ? prefix : "");
			break;
		case RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
			error_set(err,
					  "%s: transaction.timeout.ms in section [kafka] is more "
					  "than the brokers' transaction.max.timeout.ms",
					  reason);
			break;
		default:
			error_set(err,
					  "%s: these brokers have no transactions; delivery = "
					  "exactly-once needs Kafka 0.11 or later",
					  reason);
			break;
	}
}

/* One call of librdkafka's with a short timeout. */
static rd_kafka_error_t *
call(TransactionJob job, rd_kafka_t *producer)
{
	if (job == TRANSACTION_TAKE_OVER)
		return rd_kafka_init_transactions(producer, SLICE_MS);
	return rd_kafka_commit_transaction(producer, SLICE_MS);
}

/*
 * Tells whether a call is to be made again: the work goes on inside of
 * librdkafka, whatever the call's time.  Writes the outcome if not.
 */
static bool
goes_on(Transactions *transactions, rd_kafka_error_t *error,
		TransactionResult *result)
{
	rd_kafka_resp_err_t code = rd_kafka_error_code(error);
	const char *reason = rd_kafka_error_string(error);

	if (transactions_are_refused(code))
	{
		result->outcome = TRANSACTION_REFUSED;
		transactions_explain(transactions->config, code, reason, &result->err);
		return false;
	}
	if (rd_kafka_error_is_fatal(error) ||
		rd_kafka_error_txn_requires_abort(error) ||
		!rd_kafka_error_is_retriable(error))
	{
		result->outcome = TRANSACTION_FAILED;
		result->refuses_event = kafka_refuses(code);
		error_set(&result->err, "%s", reason);
		return false;
	}
	note_waiting(transactions, reason);
	return true;
}

/* Calls until it is done, fails or is cancelled. */
static void
call_until_done(Transactions *transactions, TransactionResult *result)
{
	rd_kafka_t *producer = kafka_handle(transactions->kafka);
	rd_kafka_error_t *error;
	bool again = true;

	/* Once it is cancelled somebody else may have the slot. */
	while (again && !atomic_load(&transactions->cancelled) &&
		   (error = call(result->job, producer)) != NULL)
	{
		again = goes_on(transactions, error, result);
		rd_kafka_error_destroy(error);
	}
}

/* Commits, and tells whether the request may have been sent twice. */
static void
commit(Transactions *transactions, TransactionResult *result)
{
	const Kafka *kafka = transactions->kafka;
	unsigned closed = kafka_closed_sockets(kafka);
	int64_t began = clock_ms();

	call_until_done(transactions, result);
	/*
	 * librdkafka sends a request again after the connection was closed (a
	 * request that is not answered in time closes it, socket.max.fails), or,
	 * where that is switched off, after the request's own time.
	 */
	result->dirty = kafka_closed_sockets(kafka) != closed ||
					clock_ms() - began > kafka_request_timeout(kafka) / 2;
}

/* The producer is not used from here on. */
static void
leave_producer(Transactions *transactions)
{
	pthread_mutex_lock(&transactions->lock);
	transactions->uses_producer = false;
	pthread_cond_broadcast(&transactions->changed);
	pthread_mutex_unlock(&transactions->lock);
}

/* Waits, but not when it is cancelled. */
static void
wait_again(Transactions *transactions)
{
	const struct timespec slice = {0, SLICE_MS * 1000000};

	for (int waited = 0;
		 waited < AGAIN_MS && !atomic_load(&transactions->cancelled);
		 waited += SLICE_MS)
		nanosleep(&slice, NULL);
}

/*
 * Creates the state topic.  Only reading it says that it is empty: a broker
 * that does not know it yet, or not any more, says that it is missing, too.
 */
static StateResult
make_topic(const Transactions *transactions, Error *err)
{
	StateResult state = state_topic_create(transactions->config, false, err);

	if (state != STATE_NONE)
		return state;
	error_set(err, "the state topic has just been created");
	return STATE_UNAVAILABLE;
}

/* Reads the state topic, and creates it if it is not there. */
static void
read_state(Transactions *transactions, TransactionResult *result)
{
	StateAnswer answer;
	StateResult state;

	while (!atomic_load(&transactions->cancelled))
	{
		state = state_topic_read(transactions->config, transactions->key,
								 &transactions->cancelled, &answer);
		if (state == STATE_MISSING)
			state = make_topic(transactions, &answer.err);
		if (state != STATE_UNAVAILABLE)
		{
			result->outcome =
				state == STATE_REFUSED ? TRANSACTION_REFUSED : TRANSACTION_DONE;
			result->state = answer.record;
			result->err = answer.err;
			snprintf(result->foreign_system, sizeof(result->foreign_system),
					 "%s", answer.system);
			return;
		}
		note_waiting(transactions, answer.err.text);
		wait_again(transactions);
	}
}

/* Does one job. */
static void
work(Transactions *transactions, TransactionResult *result)
{
	memset(result, 0, sizeof(TransactionResult));
	result->job = transactions->job;
	result->outcome = TRANSACTION_DONE;
	if (result->job == TRANSACTION_COMMIT)
		commit(transactions, result);
	else
		call_until_done(transactions, result);
	leave_producer(transactions);
	if (result->job == TRANSACTION_TAKE_OVER &&
		result->outcome == TRANSACTION_DONE)
		read_state(transactions, result);
}

/* Hands the result over and wakes the loop. */
static void
finish(Transactions *transactions, const TransactionResult *result)
{
	transactions->result = *result;
	transactions->finished = !transactions->abandoned;
	transactions->busy = transactions->finished;
	transactions->abandoned = false;
	pthread_cond_broadcast(&transactions->changed);
	kafka_wake(transactions->kafka);
}

/* The thread. */
static void *
run(void *argument)
{
	Transactions *transactions = argument;
	TransactionResult result;

	pthread_mutex_lock(&transactions->lock);
	for (;;)
	{
		while (!transactions->ending &&
			   (!transactions->busy || transactions->finished))
			pthread_cond_wait(&transactions->changed, &transactions->lock);
		if (transactions->ending)
			break;
		pthread_mutex_unlock(&transactions->lock);
		work(transactions, &result);
		pthread_mutex_lock(&transactions->lock);
		finish(transactions, &result);
	}
	pthread_mutex_unlock(&transactions->lock);
	return NULL;
}

Transactions *
transactions_new(const Config *config)
{
	Transactions *transactions = xcalloc(1, sizeof(Transactions));

	transactions->config = config;
	pthread_mutex_init(&transactions->lock, NULL);
	pthread_cond_init(&transactions->changed, NULL);
	if (pthread_create(&transactions->thread, NULL, run, transactions) != 0)
		xalloc_failed();
	return transactions;
}

void
transactions_free(Transactions *transactions)
{
	if (transactions == NULL)
		return;
	atomic_store(&transactions->cancelled, true);
	pthread_mutex_lock(&transactions->lock);
	transactions->ending = true;
	transactions->abandoned = transactions->busy && !transactions->finished;
	pthread_cond_broadcast(&transactions->changed);
	pthread_mutex_unlock(&transactions->lock);
	pthread_join(transactions->thread, NULL);
	pthread_cond_destroy(&transactions->changed);
	pthread_mutex_destroy(&transactions->lock);
	free(transactions);
}

void
transactions_start(Transactions *transactions, TransactionJob job, Kafka *kafka,
				   const char *key)
{
	pthread_mutex_lock(&transactions->lock);
	transactions->job = job;
	transactions->kafka = kafka;
	snprintf(transactions->key, sizeof(transactions->key), "%s",
			 key != NULL ? key : "");
	transactions->busy = true;
	transactions->finished = false;
	transactions->uses_producer = true;
	transactions->since_ms = clock_ms();
	transactions->waiting.text[0] = '\0';
	atomic_store(&transactions->cancelled, false);
	pthread_cond_broadcast(&transactions->changed);
	pthread_mutex_unlock(&transactions->lock);
}

bool
transactions_begin(Kafka *kafka, Error *err)
{
	rd_kafka_error_t *error = rd_kafka_begin_transaction(kafka_handle(kafka));

	if (error == NULL)
		return true;
	error_set(err, "%s", rd_kafka_error_string(error));
	rd_kafka_error_destroy(error);
	return false;
}

void
transactions_abort(Transactions *transactions, Kafka *kafka)
{
	int64_t deadline = clock_ms() + ABORT_MS;
	rd_kafka_error_t *error;
	bool again = true;

	transactions_cancel(transactions);
	/* Reports that nobody takes would hold it up. */
	while (again &&
		   (error = rd_kafka_abort_transaction(kafka_handle(kafka),
											   ABORT_SLICE_MS)) != NULL)
	{
		again = rd_kafka_error_is_retriable(error) && clock_ms() < deadline;
		rd_kafka_error_destroy(error);
		kafka_drain(kafka);
	}
}

bool
transactions_is_busy(Transactions *transactions)
{
	bool busy;

	pthread_mutex_lock(&transactions->lock);
	busy = transactions->busy;
	pthread_mutex_unlock(&transactions->lock);
	return busy;
}

bool
transactions_take_result(Transactions *transactions, TransactionResult *result)
{
	bool taken;

	pthread_mutex_lock(&transactions->lock);
	taken = transactions->finished;
	if (taken)
	{
		*result = transactions->result;
		transactions->finished = false;
		transactions->busy = false;
	}
	pthread_mutex_unlock(&transactions->lock);
	return taken;
}

bool
transactions_waits(Transactions *transactions, Error *reason)
{
	bool waits;

	pthread_mutex_lock(&transactions->lock);
	waits = transactions->busy && !transactions->finished &&
			transactions->waiting.text[0] != '\0' &&
			clock_ms() - transactions->since_ms > PATIENCE_MS;
	if (waits)
		*reason = transactions->waiting;
	pthread_mutex_unlock(&transactions->lock);
	return waits;
}

void
transactions_cancel(Transactions *transactions)
{
	pthread_mutex_lock(&transactions->lock);
	atomic_store(&transactions->cancelled, true);
	while (transactions->busy && !transactions->finished &&
		   transactions->uses_producer)
		pthread_cond_wait(&transactions->changed, &transactions->lock);
	if (transactions->finished)
	{
		transactions->finished = false;
		transactions->busy = false;
	}
	else if (transactions->busy)
		transactions->abandoned = true;
	pthread_mutex_unlock(&transactions->lock);
}
