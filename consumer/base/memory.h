/*-------------------------------------------------------------------------
 *
 * base/memory.h
 *	  Allocates memory, or ends the process.
 *
 * The relay can do nothing without memory, and may die at any moment without
 * loss: so it ends, with one line on standard error.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_BASE_MEMORY_H
#define PG_OUTBOX_BASE_MEMORY_H

#include <stddef.h>

/* Like malloc(), calloc(), realloc(), strdup(), but never NULL. */
extern void *xmalloc(size_t size);
extern void *xcalloc(size_t count, size_t size);
extern void *xrealloc(void *pointer, size_t size);
extern char *xstrdup(const char *text);

/* Ends the process: a library had no memory. */
extern void xalloc_failed(void) __attribute__((noreturn));

#endif /* PG_OUTBOX_BASE_MEMORY_H */
