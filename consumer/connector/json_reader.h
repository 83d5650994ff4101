/*-------------------------------------------------------------------------
 *
 * connector/json_reader.h
 *	  Reads connectors from JSON.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CONNECTOR_JSON_READER_H
#define PG_OUTBOX_CONNECTOR_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "connector/model.h"

/*
 * Adds the connectors of a text of JSON.  False, with line and reason in err,
 * if it is no JSON.
 */
extern bool json_read(const char *text, size_t len, ConnectorList *list,
					  Error *err);

#endif /* PG_OUTBOX_CONNECTOR_JSON_READER_H */
