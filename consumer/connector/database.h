/*-------------------------------------------------------------------------
 *
 * connector/database.h
 *	  The database of a connector: section [postgres].
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CONNECTOR_DATABASE_H
#define PG_OUTBOX_CONNECTOR_DATABASE_H

#include "connector/import.h"

extern void import_database(Import *import);

#endif /* PG_OUTBOX_CONNECTOR_DATABASE_H */
