/*-------------------------------------------------------------------------
 *
 * unit.h
 *	  What cmocka wants included before it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_UNIT_H
#define PG_OUTBOX_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#endif /* PG_OUTBOX_UNIT_H */
