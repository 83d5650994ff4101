/*-------------------------------------------------------------------------
 *
 * kafka/properties.h
 *	  The properties of the Kafka producer: the [kafka] section.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_KAFKA_PROPERTIES_H
#define PG_OUTBOX_KAFKA_PROPERTIES_H

#include <librdkafka/rdkafka.h>

#include "config/values.h"

/*
 * Makes librdkafka's configuration of [kafka] and the relay's own settings.
 * The caller owns it.  NULL, with the property and the reason in err, if one
 * is unknown, has a wrong value, or breaks the promise of delivery.
 */
extern rd_kafka_conf_t *kafka_properties_new(const Config *config, Error *err);

/*
 * The names of all properties, aliases too, NULL at the end; valid as long as
 * the program.
 */
extern const char *const *kafka_properties_names(void);

#endif /* PG_OUTBOX_KAFKA_PROPERTIES_H */
