/*-------------------------------------------------------------------------
 *
 * config/nearest.h
 *	  The known name that a misspelt one probably meant.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CONFIG_NEAREST_H
#define PG_OUTBOX_CONFIG_NEAREST_H

/*
 * Returns that one of known (NULL at the end) which is nearest to name by
 * Levenshtein distance, or NULL if none is near enough.
 */
extern const char *nearest_name(const char *name, const char *const *known);

#endif /* PG_OUTBOX_CONFIG_NEAREST_H */
