/*-------------------------------------------------------------------------
 *
 * connector/kafka.h
 *	  The producer and the topics of a connector: section [kafka], and
 *	  create_topics and delivery of [relay].
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CONNECTOR_KAFKA_H
#define PG_OUTBOX_CONNECTOR_KAFKA_H

#include "connector/import.h"

extern void import_kafka(Import *import);

#endif /* PG_OUTBOX_CONNECTOR_KAFKA_H */
