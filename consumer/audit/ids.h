/*-------------------------------------------------------------------------
 *
 * audit/ids.h
 *	  The ids of rows, and what was seen of each in Kafka: 16 bytes an id.
 *
 * An id is kept as 11 bytes of a hash of it (XXH3, with a seed of this run):
 * that two of ten million ids share theirs has a probability of 10^-13.  Ids
 * are added, then sorted once, then looked up.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_AUDIT_IDS_H
#define PG_OUTBOX_AUDIT_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is known of an id. */
#define AUDIT_SEEN 1    /* in a topic of its own */
#define AUDIT_AGAIN 2   /* more than once */
#define AUDIT_DEAD 4    /* in the topic of dead letters */
#define AUDIT_SHARED 8  /* several rows have it */
#define AUDIT_JUDGED 16 /* counted among those that are not there */

typedef struct AuditId
{
	uint8_t hash[11];
	uint8_t flags;
	uint32_t seconds; /* when its row was written, since 1970; 0: not known */
} AuditId;

_Static_assert(sizeof(AuditId) == 16, "memory grows by 16 bytes an id");

typedef struct AuditIds
{
	AuditId *items;
	size_t count;
	size_t room;
	uint64_t seed;
	uint32_t *index; /* of the sorted, by the first two bytes */
} AuditIds;

#define AUDIT_INDEX 65536

/* An empty set, with a seed that nobody knows. */
extern void audit_ids_init(AuditIds *ids);
extern void audit_ids_free(AuditIds *ids);

/* Adds the id of a row, written at that time; it may be there already. */
extern void audit_ids_add(AuditIds *ids, const char *id, size_t len,
						  uint32_t seconds);

/*
 * Ends the adding.  Ids that came more than once are one with AUDIT_SHARED;
 * returns how many rows were too many.
 */
extern size_t audit_ids_sort(AuditIds *ids);

/* Finds an id among the sorted; NULL if it is none of them. */
extern AuditId *audit_ids_find(const AuditIds *ids, const char *id, size_t len);

/* Counts those of which flags & mask is value. */
extern size_t audit_ids_count(const AuditIds *ids, uint8_t mask, uint8_t value);

#endif /* PG_OUTBOX_AUDIT_IDS_H */
