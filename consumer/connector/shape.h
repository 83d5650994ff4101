/*-------------------------------------------------------------------------
 *
 * connector/shape.h
 *	  The shapes in which connectors stand in JSON and YAML.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CONNECTOR_SHAPE_H
#define PG_OUTBOX_CONNECTOR_SHAPE_H

#include <json-c/json.h>

#include "connector/model.h"

/* How deep a connector may be in a document. */
#define SHAPE_MAX_DEPTH 8

/*
 * Adds all connectors of a document: {name, config}, as POST and GET have it;
 * the properties alone, as PUT; {NAME: {info}}, as GET ?expand=info; a
 * KafkaConnector of Strimzi; and arrays, objects and Lists of these.
 */
extern void shape_read(json_object *document, ConnectorList *list);

#endif /* PG_OUTBOX_CONNECTOR_SHAPE_H */
