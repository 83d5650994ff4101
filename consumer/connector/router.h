/*-------------------------------------------------------------------------
 *
 * connector/router.h
 *	  The Event Router of a connector: section [outbox].
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CONNECTOR_ROUTER_H
#define PG_OUTBOX_CONNECTOR_ROUTER_H

#include "connector/import.h"

/* The options that it has, NULL at the end. */
extern const char *const router_options[];

extern void import_router(Import *import);

#endif /* PG_OUTBOX_CONNECTOR_ROUTER_H */
