/*-------------------------------------------------------------------------
 *
 * connector/converters.h
 *	  What a connector's converters make of keys and values.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CONNECTOR_CONVERTERS_H
#define PG_OUTBOX_CONNECTOR_CONVERTERS_H

#include "connector/import.h"

/* Finds out which ones there are; adds nothing. */
extern void import_find_converters(Import *import);

/*
 * Adds [outbox] key, for a column or alternatives (a|b); name is the column's
 * without quotes.
 */
extern void import_key(Import *import, const char *columns, const char *from);

/* Says what the values will look like. */
extern void import_judge_values(Import *import);

/* Says what the converter of headers is. */
extern void import_judge_headers(Import *import);

#endif /* PG_OUTBOX_CONNECTOR_CONVERTERS_H */
