/*-------------------------------------------------------------------------
 *
 * kafka/pilots.h
 *	  The first event of a producer in each partition goes alone.
 *
 * A broker that knows nothing of a producer takes any sequence number from it
 * (ProducerAppendInfo.checkSequence()).  So of two requests in flight the
 * second may be written though the first was refused: by a replica that does
 * not lead the partition yet, or while too few are in sync.  librdkafka takes
 * the first for written then (rd_kafka_dr_implicit_ack()), and it is lost; if
 * it is sent again it comes too late.  Once an event of the producer is
 * acknowledged every replica in sync knows it, and refuses a gap.
 *
 * What the partitioner decides is known only inside of the call that produces,
 * so the guard is in the partitioner.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_KAFKA_PILOTS_H
#define PG_OUTBOX_KAFKA_PILOTS_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

/* What is known of one partition. */
typedef struct KafkaPilot
{
	bool waits;       /* the first event is in flight */
	int64_t known_ms; /* when one was acknowledged last; 0 = none yet */
} KafkaPilot;

/* More partitions of a topic are not guarded. */
#define KAFKA_PILOTS_MAX 65536

/* The partitions of a topic, as a producer knows them; all zero: not at all. */
typedef struct KafkaPilots
{
	KafkaPilot *partitions; /* owned */
	int32_t count;
} KafkaPilots;

/* What one call that produces found out. */
typedef struct KafkaPlacing
{
	const KafkaPilots *pilots;
	int64_t now_ms;
	int32_t partition; /* RD_KAFKA_PARTITION_UA: nobody asked for one */
	bool refused;      /* it is to be tried again after a delivery */
} KafkaPlacing;

/* Puts the guard behind the partitioner of a topic to be made. */
extern void kafka_pilots_guard(rd_kafka_topic_conf_t *conf);
extern void kafka_pilots_release(KafkaPilots *pilots);

/* Between these two the partitioner refuses what may not go yet; now in ms. */
extern void kafka_placing_begin(KafkaPlacing *placing,
								const KafkaPilots *pilots, int64_t now_ms);
extern void kafka_placing_end(void);

/* Tells whether an event may be produced to a partition. */
extern bool kafka_pilots_may_go(const KafkaPilots *pilots, int32_t partition,
								int64_t now_ms);

/* It is in flight, and it is not any more. */
extern void kafka_pilots_sent(KafkaPilots *pilots, int32_t partition,
							  int64_t now_ms);
extern void kafka_pilots_done(KafkaPilots *pilots, int32_t partition,
							  bool delivered, int64_t now_ms);

#endif /* PG_OUTBOX_KAFKA_PILOTS_H */
