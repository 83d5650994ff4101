/*-------------------------------------------------------------------------
 *
 * kafka/transactions.h
 *	  The life of Kafka transactions: taken over, committed, aborted.
 *
 * librdkafka's calls for them wait for the coordinator.  So they run in a
 * thread of their own, one at a time: the loop answers PostgreSQL's keepalives
 * and takes delivery reports meanwhile (commit waits for those), and is woken
 * when there is a result.  Only to begin one waits for nobody, and to abort one
 * is worth but little time: who takes over next does it in any case.
 *
 * A producer is used by one epoch and no longer than it is known to be clean:
 * after an abort, a failure or a commit that was retried it is to be replaced,
 * since an EndTxn that was delayed on the way could end a later transaction of
 * the same epoch (KAFKA-17754).
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_KAFKA_TRANSACTIONS_H
#define PG_OUTBOX_KAFKA_TRANSACTIONS_H

#include <stdbool.h>

#include "config/values.h"
#include "kafka/producer.h"
#include "kafka/state_topic.h"

typedef struct Transactions Transactions;

typedef enum TransactionJob
{
	TRANSACTION_TAKE_OVER,
	TRANSACTION_COMMIT
} TransactionJob;

typedef enum TransactionOutcome
{
	TRANSACTION_DONE,
	TRANSACTION_FAILED, /* what became of it only a new producer can tell */
	TRANSACTION_REFUSED /* it would be again: a person is needed */
} TransactionOutcome;

typedef struct TransactionResult
{
	TransactionJob job;
	TransactionOutcome outcome;
	/* of a commit: it may have been sent twice, so the producer is used up */
	bool dirty;
	/* of a commit that failed: Kafka refuses one of its events for good */
	bool refuses_event;
	/* of taking over: what is published already, lsn 0 = unknown */
	StateRecord state;
	/* of taking over: another system that has a position of the slot, or "" */
	char foreign_system[32];
	Error err; /* if it was not done */
} TransactionResult;

/* The configuration must outlive it. */
extern Transactions *transactions_new(const Config *config);

/* Waits until the thread has ended: at most for Kafka's answer, some seconds.
 */
extern void transactions_free(Transactions *transactions);

/*
 * Writes the transactional.id of a slot: all relays of it share one, so that
 * each fences the one before.  The caller frees it.
 */
extern char *transactions_id(const Config *config,
							 const char *system_identifier);

/*
 * Tells whether an error code of librdkafka is one that no later try changes,
 * and says what to do about it.
 */
extern bool transactions_are_refused(int code);
extern void transactions_explain(const Config *config, int code,
								 const char *reason, Error *err);

/*
 * Begins a job with the present producer of kafka, which is made transactional
 * by kafka_set_transactional_id().  None may be under way.
 *
 * Taking over fences whoever had the transactional.id, waits until what it left
 * open is ended, and reads the position of key from the state topic.
 */
extern void transactions_start(Transactions *transactions, TransactionJob job,
							   Kafka *kafka, const char *key);

/* Begins a transaction, which Kafka learns of with its first event. */
extern bool transactions_begin(Kafka *kafka, Error *err);

/*
 * Tries to abort the transaction that is open, for some tenths of a second, so
 * that readers of committed records need not wait for its time-out.  What was
 * in flight is given up.  The producer is to be replaced whatever comes of it.
 */
extern void transactions_abort(Transactions *transactions, Kafka *kafka);

/*
 * True while a job is under way, or its result has not been taken.  kafka_fd()
 * becomes readable when that may have changed.
 */
extern bool transactions_is_busy(Transactions *transactions);

/* Takes the result of a job; false if there is none yet. */
extern bool transactions_take_result(Transactions *transactions,
									 TransactionResult *result);

/* What a job under way waits for; false if it does not wait for long. */
extern bool transactions_waits(Transactions *transactions, Error *reason);

/*
 * Forgets the job that is under way, and returns when it does not use the
 * producer any more, within a tenth of a second.  It may still be busy.
 */
extern void transactions_cancel(Transactions *transactions);

#endif /* PG_OUTBOX_KAFKA_TRANSACTIONS_H */
