/*-------------------------------------------------------------------------
 *
 * base/lsn.c
 *	  Positions in the write-ahead log, as PostgreSQL prints them.
 *
 *-------------------------------------------------------------------------
 */
#include "base/lsn.h"

/* The value of a hexadecimal digit, or -1. */
static int
digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* Reads one half from all of [p, end). */
static bool
parse_half(const char *p, const char *end, uint32_t *half)
{
	*half = 0;
	if (p == end || end - p > 8)
		return false;
	for (; p < end; p++)
	{
		int value = digit_value(*p);

		if (value < 0)
			return false;
		*half = *half << 4 | (uint32_t) value;
	}
	return true;
}

bool
lsn_parse(const char *text, size_t len, Lsn *lsn)
{
	const char *end = text + len;
	const char *slash = text;
	uint32_t upper;
	uint32_t lower;

	while (slash < end && *slash != '/')
		slash++;
	if (slash == end || !parse_half(text, slash, &upper) ||
		!parse_half(slash + 1, end, &lower))
		return false;
	*lsn = (Lsn) upper << 32 | lower;
	return true;
}
