/*-------------------------------------------------------------------------
 *
 * connector/reader.h
 *	  Reads the file of a connector, whatever its format.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CONNECTOR_READER_H
#define PG_OUTBOX_CONNECTOR_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "connector/model.h"

/* No configuration of a connector is larger, in bytes. */
#define READER_MAX_BYTES (1024 * 1024)

/*
 * Adds the connectors of a text, which path says the format of by its ending,
 * if it has one.  False, with path, line and reason in err, if it cannot be
 * read or has none.
 */
extern bool reader_read_text(const char *path, const char *text, size_t len,
							 ConnectorList *list, Error *err);

/* The same of a file; "-" is standard input. */
extern bool reader_read_file(const char *path, ConnectorList *list, Error *err);

#endif /* PG_OUTBOX_CONNECTOR_READER_H */
