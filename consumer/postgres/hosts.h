/*-------------------------------------------------------------------------
 *
 * postgres/hosts.h
 *	  Lists of hosts or ports as libpq has them: one,two,three.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_POSTGRES_HOSTS_H
#define PG_OUTBOX_POSTGRES_HOSTS_H

/*
 * The same list, beginning with another item, counted round and round from 0.
 * A list of one item stays as it is.  The caller frees it.
 */
extern char *hosts_rotate(const char *list, unsigned first);

/* How many items a list has; an empty one has one. */
extern unsigned hosts_count(const char *list);

/* A list of count times the same item.  The caller frees it. */
extern char *hosts_repeat(const char *item, unsigned count);

#endif /* PG_OUTBOX_POSTGRES_HOSTS_H */
