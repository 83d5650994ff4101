/*-------------------------------------------------------------------------
 *
 * base/lsn.h
 *	  Positions in the write-ahead log, as PostgreSQL prints them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_BASE_LSN_H
#define PG_OUTBOX_BASE_LSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A byte position in the WAL; 0 is no position (InvalidXLogRecPtr). */
typedef uint64_t Lsn;

/* printf format and arguments of an LSN: "%X/%X", upper half first. */
#define LSN_FORMAT "%X/%X"
#define LSN_ARGS(lsn) ((uint32_t) ((lsn) >> 32)), ((uint32_t) (lsn))

/* Bytes that the text of an LSN takes, its terminating zero included. */
#define LSN_TEXT_SIZE sizeof("FFFFFFFF/FFFFFFFF")

/*
 * Reads an LSN from exactly len bytes of "XXXXXXXX/XXXXXXXX": one to eight
 * hexadecimal digits, a slash, one to eight more.  False on anything else.
 */
extern bool lsn_parse(const char *text, size_t len, Lsn *lsn);

#endif /* PG_OUTBOX_BASE_LSN_H */
