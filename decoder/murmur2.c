/*-------------------------------------------------------------------------
 *
 * murmur2.c
 *	  The hash by which Kafka's clients spread keys over partitions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "murmur2.h"

#define SEED UINT32_C(0x9747b28c)
#define MULTIPLIER UINT32_C(0x5bd1e995)

/* Up to four bytes, the first the lowest. */
static uint32
little_endian(const unsigned char *bytes, int n)
{
	uint32 number = 0;

	for (int i = n - 1; i >= 0; i--)
		number = number << 8 | bytes[i];
	return number;
}

uint32
murmur2(Bytes bytes)
{
	const unsigned char *p = (const unsigned char *) bytes.data;
	uint32 hash = SEED ^ (uint32) bytes.len;
	int rest;

	for (rest = bytes.len; rest >= 4; rest -= 4, p += 4)
	{
		uint32 k = little_endian(p, 4) * MULTIPLIER;

		k = (k ^ (k >> 24)) * MULTIPLIER;
		hash = (hash * MULTIPLIER) ^ k;
	}
	if (rest > 0)
		hash = (hash ^ little_endian(p, rest)) * MULTIPLIER;
	hash = (hash ^ (hash >> 13)) * MULTIPLIER;
	return (hash ^ (hash >> 15)) & 0x7fffffff;
}
