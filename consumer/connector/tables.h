/*-------------------------------------------------------------------------
 *
 * connector/tables.h
 *	  The tables of a connector: option "tables".
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CONNECTOR_TABLES_H
#define PG_OUTBOX_CONNECTOR_TABLES_H

#include "connector/import.h"

/*
 * Adds the outboxes among the tables; says which of the others are not, if the
 * router has a predicate, and then sets import->has_changes.
 */
extern void import_tables(Import *import);

#endif /* PG_OUTBOX_CONNECTOR_TABLES_H */
