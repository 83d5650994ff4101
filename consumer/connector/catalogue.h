/*-------------------------------------------------------------------------
 *
 * connector/catalogue.h
 *	  What becomes of the properties that no other file takes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CONNECTOR_CATALOGUE_H
#define PG_OUTBOX_CONNECTOR_CATALOGUE_H

#include "connector/import.h"

/* Says something about each property that was not used; never its value. */
extern void import_rest(Import *import);

#endif /* PG_OUTBOX_CONNECTOR_CATALOGUE_H */
