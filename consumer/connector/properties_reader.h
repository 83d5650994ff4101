/*-------------------------------------------------------------------------
 *
 * connector/properties_reader.h
 *	  Reads a connector from Java's properties.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CONNECTOR_PROPERTIES_READER_H
#define PG_OUTBOX_CONNECTOR_PROPERTIES_READER_H

#include <stddef.h>

#include "connector/model.h"

/*
 * Adds the connector of a text of properties (java.util.Properties, load):
 * a file of a standalone Connect, or application.properties of Debezium Server,
 * whose names are those of Connect afterwards.  Adds none if it names no class.
 */
extern void properties_read(const char *text, size_t len, ConnectorList *list);

#endif /* PG_OUTBOX_CONNECTOR_PROPERTIES_READER_H */
