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

/* cmocka's own has another name for each type from version 2 on. */
#define assert_between(value, least, most) \
	do \
	{ \
		int64_t value_ = (int64_t) (value); \
		assert_true(value_ >= (int64_t) (least) && \
					value_ <= (int64_t) (most)); \
	} while (0)

#endif /* PG_OUTBOX_UNIT_H */
