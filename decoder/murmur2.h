/*-------------------------------------------------------------------------
 *
 * murmur2.h
 *	  The hash by which Kafka's clients spread keys over partitions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_MURMUR2_H
#define PG_OUTBOX_MURMUR2_H

#include "bytes.h"

/*
 * MurmurHash2 of the bytes with Kafka's seed, without its sign bit
 * (Utils.murmur2 and Utils.toPositive of Kafka's Java client).
 */
extern uint32 murmur2(Bytes bytes);

#endif /* PG_OUTBOX_MURMUR2_H */
