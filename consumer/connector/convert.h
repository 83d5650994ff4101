/*-------------------------------------------------------------------------
 *
 * connector/convert.h
 *	  Makes the relay's configuration of a connector.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CONNECTOR_CONVERT_H
#define PG_OUTBOX_CONNECTOR_CONVERT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "connector/model.h"

/*
 * Chooses the connector of that name; NULL for the only one.  NULL, with the
 * reason in err, if there is none or several.
 */
extern Connector *convert_choose(const ConnectorList *list, const char *name,
								 Error *err);

/*
 * Prints the INI file that does what a connector does.  False, with the reason
 * in err and nothing printed, if it is none of PostgreSQL with an Event Router,
 * or publishes elsewhere than to Kafka.
 */
extern bool convert_print(Connector *connector, FILE *out, Error *err);

#endif /* PG_OUTBOX_CONNECTOR_CONVERT_H */
