/*-------------------------------------------------------------------------
 *
 * connector/transforms.h
 *	  The chain of transforms of a connector.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CONNECTOR_TRANSFORMS_H
#define PG_OUTBOX_CONNECTOR_TRANSFORMS_H

#include "base/error.h"
#include "connector/import.h"

/*
 * Finds the Event Router and sets import->router, also of a router that the
 * chain does not name.  False, with the reason in err, if there is none.
 */
extern bool transforms_find_router(Import *import, Error *err);

/* Calls add for each constant header that a transform inserts. */
typedef void (*TransformsAddHeader)(void *argument, const char *name,
									const char *text);
extern void transforms_each_header(Import *import, TransformsAddHeader add,
								   void *argument);

/* Says what becomes of the other transforms. */
extern void import_transforms(Import *import);

#endif /* PG_OUTBOX_CONNECTOR_TRANSFORMS_H */
