/*-------------------------------------------------------------------------
 *
 * connector/placement.h
 *	  Where the Event Router places further columns: headers, the envelope and
 *	  the partition.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CONNECTOR_PLACEMENT_H
#define PG_OUTBOX_CONNECTOR_PLACEMENT_H

#include "connector/import.h"

/* Adds [outbox] headers, value and partition. */
extern void import_placements(Import *import);

#endif /* PG_OUTBOX_CONNECTOR_PLACEMENT_H */
