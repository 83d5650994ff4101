/*-------------------------------------------------------------------------
 *
 * properties.h
 *	  Reads text in the form of Java's properties.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_PROPERTIES_H
#define PG_OUTBOX_PROPERTIES_H

#include "bytes.h"

/* Takes a property: name and value, UTF-8, palloc'd. */
typedef void (*Property)(void *arg, Bytes name, Bytes value);

/*
 * Calls property for each of the properties in text, which is UTF-8, as Java's
 * Properties.load() reads them.  False if an escape stands for no character;
 * then the properties before it have been taken.
 */
extern bool properties_scan(Bytes text, Property property, void *arg);

#endif /* PG_OUTBOX_PROPERTIES_H */
