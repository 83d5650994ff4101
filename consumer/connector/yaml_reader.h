/*-------------------------------------------------------------------------
 *
 * connector/yaml_reader.h
 *	  Reads connectors from YAML, as Strimzi's.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CONNECTOR_YAML_READER_H
#define PG_OUTBOX_CONNECTOR_YAML_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "connector/model.h"

/*
 * Adds the connectors of a text of YAML, of all its documents.  False, with
 * line and reason in err, if it is no YAML or has too much in it.
 */
extern bool yaml_read(const char *text, size_t len, ConnectorList *list,
					  Error *err);

#endif /* PG_OUTBOX_CONNECTOR_YAML_READER_H */
