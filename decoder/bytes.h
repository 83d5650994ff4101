/*-------------------------------------------------------------------------
 *
 * bytes.h
 *	  A run of bytes with a length.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_BYTES_H
#define PG_OUTBOX_BYTES_H

/* Not terminated; data == NULL is SQL NULL. */
typedef struct Bytes
{
	const char *data;
	int len;
} Bytes;

#endif /* PG_OUTBOX_BYTES_H */
