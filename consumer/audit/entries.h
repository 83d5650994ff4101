/*-------------------------------------------------------------------------
 *
 * audit/entries.h
 *	  The entries of option "tables", and the options that hold for each.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_AUDIT_ENTRIES_H
#define PG_OUTBOX_AUDIT_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "config/values.h"

/* An option that stands behind an entry, in parentheses. */
typedef struct AuditOverride
{
	char *name;
	char *value;
} AuditOverride;

typedef struct AuditEntry
{
	char *source; /* its name as it is given, for people */
	char *schema; /* patterns of LIKE */
	char *table;
	AuditOverride *overrides;
	size_t n_overrides;
} AuditEntry;

typedef struct AuditEntries
{
	const Config *config; /* must outlive it */
	AuditEntry *items;
	size_t count;
} AuditEntries;

/*
 * Reads option "tables".  False, with the reason in err, if it cannot be read
 * or is empty.  To be freed in either case.
 */
extern bool audit_entries_read(AuditEntries *entries, const Config *config,
							   Error *err);
extern void audit_entries_free(AuditEntries *entries);

/*
 * The value of an option for the tables of an entry: its own, else that of all,
 * else NULL.
 */
extern const char *audit_option(const AuditEntries *entries,
								const AuditEntry *entry, const char *name);

/* Tells whether topics are made by regular expression, as the decoder does. */
extern bool audit_is_routed(const AuditEntries *entries,
							const AuditEntry *entry);

#endif /* PG_OUTBOX_AUDIT_ENTRIES_H */
