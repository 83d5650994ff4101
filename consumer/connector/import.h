/*-------------------------------------------------------------------------
 *
 * connector/import.h
 *	  A connector and what is made of it, while it is taken apart.
 *
 * Each file that takes a part of it has a function import_PART(), which adds
 * to the report and marks the properties that it has dealt with.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CONNECTOR_IMPORT_H
#define PG_OUTBOX_CONNECTOR_IMPORT_H

#include <stdbool.h>

#include "connector/model.h"
#include "connector/report.h"

/* The class of the transform that routes events. */
#define ROUTER_CLASS "io.debezium.transforms.outbox.EventRouter"

/* What makes bytes of a key or value. */
typedef enum ConverterKind
{
	CONVERTER_UNSET, /* the worker's */
	CONVERTER_STRING,
	CONVERTER_JSON,         /* without schemas */
	CONVERTER_JSON_SCHEMAS, /* {"schema": ..., "payload": ...} */
	CONVERTER_BYTES,
	CONVERTER_REGISTRY, /* Avro and others with a schema registry */
	CONVERTER_OTHER
} ConverterKind;

typedef struct Import
{
	Connector *connector;
	Report *report;
	char *router; /* what properties of the Event Router begin with; owned */
	char *prefix; /* of topics before the router; owned; empty: none */
	ConverterKind key;
	ConverterKind value;
	bool expands;      /* table.expand.json.payload */
	bool has_envelope; /* the value has more columns than the payload */
	bool has_second;   /* there is another router */
	bool has_changes;  /* it publishes changes of other tables as well */
	bool wants_failover;
} Import;

#endif /* PG_OUTBOX_CONNECTOR_IMPORT_H */
