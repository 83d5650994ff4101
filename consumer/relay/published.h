/*-------------------------------------------------------------------------
 *
 * relay/published.h
 *	  Counts what is published: at once, or with its Kafka transaction.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_RELAY_PUBLISHED_H
#define PG_OUTBOX_RELAY_PUBLISHED_H

#include "kafka/producer.h"
#include "relay/state.h"

/* Events that Kafka has, and that count once their transaction is committed. */
typedef struct Published Published;

extern Published *published_new(void);
extern void published_free(Published *published);

/* Counts an event, or its dead letter, that Kafka has acknowledged. */
extern void published_count(Relay *relay, const KafkaDelivery *delivery);

/* The same, later.  The topic's name must be valid until then. */
extern void published_add(Published *published, const Relay *relay,
						  const KafkaDelivery *delivery);

/* Their transaction is committed: counts them; or is not: forgets them. */
extern void published_commit(Published *published, Relay *relay);
extern void published_clear(Published *published);

#endif /* PG_OUTBOX_RELAY_PUBLISHED_H */
