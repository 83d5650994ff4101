/*-------------------------------------------------------------------------
 *
 * connector/takeover.h
 *	  The commands by which the relay takes over from a connector.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CONNECTOR_TAKEOVER_H
#define PG_OUTBOX_CONNECTOR_TAKEOVER_H

#include "connector/import.h"

extern void import_takeover(Import *import);

#endif /* PG_OUTBOX_CONNECTOR_TAKEOVER_H */
