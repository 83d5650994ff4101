/*-------------------------------------------------------------------------
 *
 * audit/ids.c
 *	  The ids of rows, and what was seen of each in Kafka: 16 bytes an id.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

/* Of a library that is a header: nothing more to link. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "audit/ids.h"
#include "base/memory.h"

/* By how much an array grows: 16 MB, so little of it is not used. */
#define STEP ((size_t) 1 << 20)

void
audit_ids_init(AuditIds *ids)
{
	*ids = (AuditIds){0};
	/* Never cut short up to 256 bytes (getrandom(2)). */
	if (getrandom(&ids->seed, sizeof(ids->seed), 0) < 0)
		xalloc_failed();
}

void
audit_ids_free(AuditIds *ids)
{
	if (ids->items != NULL)
		munmap(ids->items, ids->room * sizeof(AuditId));
	free(ids->index);
	*ids = (AuditIds){0};
}

/* Makes room for more, without a second copy: pages are moved, not bytes. */
static void
grow(AuditIds *ids)
{
	size_t size = (ids->room + STEP) * sizeof(AuditId);
	void *items = ids->items == NULL
					  ? mmap(NULL, size, PROT_READ | PROT_WRITE,
							 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
					  : mremap(ids->items, ids->room * sizeof(AuditId), size,
							   MREMAP_MAYMOVE);

	if (items == MAP_FAILED)
		xalloc_failed();
	ids->items = items;
	ids->room += STEP;
}

/* Writes what an id is kept as. */
static void
write_hash(const AuditIds *ids, const char *id, size_t len, uint8_t hash[11])
{
	XXH128_canonical_t canonical;

	XXH128_canonicalFromHash(&canonical,
							 XXH3_128bits_withSeed(id, len, ids->seed));
	memcpy(hash, canonical.digest, 11);
}

void
audit_ids_add(AuditIds *ids, const char *id, size_t len, uint32_t seconds)
{
	AuditId *item;

	if (ids->count == ids->room)
		grow(ids);
	item = &ids->items[ids->count++];
	write_hash(ids, id, len, item->hash);
	item->flags = 0;
	item->seconds = seconds;
}

/* The order of hashes. */
static int
compare(const void *one, const void *other)
{
	return memcmp(((const AuditId *) one)->hash,
				  ((const AuditId *) other)->hash,
				  sizeof(((const AuditId *) one)->hash));
}

/*
 * Puts each id into the bucket of the first byte of its hash, in place (an
 * American flag sort): next[b] and end[b] are where the bucket is filled, and
 * where it ends.
 */
static void
fill_buckets(AuditId *items, size_t next[256], const size_t end[256])
{
	for (int bucket = 0; bucket < 256; bucket++)
	{
		while (next[bucket] < end[bucket])
		{
			AuditId item = items[next[bucket]];

			while (item.hash[0] != bucket)
			{
				AuditId *place = &items[next[item.hash[0]]++];
				AuditId other = *place;

				*place = item;
				item = other;
			}
			items[next[bucket]++] = item;
		}
	}
}

/*
 * Sorts.  qsort() alone would need as much memory again (glibc merges); hashes
 * are spread evenly, so a bucket is small.
 */
static void
sort(AuditIds *ids)
{
	size_t next[256];
	size_t end[256] = {0};
	size_t start = 0;

	for (size_t i = 0; i < ids->count; i++)
		end[ids->items[i].hash[0]]++;
	for (int bucket = 0; bucket < 256; bucket++)
	{
		next[bucket] = bucket == 0 ? 0 : end[bucket - 1];
		end[bucket] += next[bucket];
	}
	fill_buckets(ids->items, next, end);
	for (int bucket = 0; bucket < 256; start = end[bucket++])
	{
		if (end[bucket] > start)
			qsort(&ids->items[start], end[bucket] - start, sizeof(AuditId),
				  compare);
	}
}

/* Where in an index of two bytes a hash belongs. */
static size_t
place_of(const uint8_t *hash)
{
	return (size_t) hash[0] << 8 | hash[1];
}

/* Notes where the ids begin whose hash begins with two bytes. */
static void
make_index(AuditIds *ids)
{
	ids->index = xcalloc(AUDIT_INDEX + 1, sizeof(uint32_t));
	for (size_t i = 0; i < ids->count; i++)
		ids->index[place_of(ids->items[i].hash) + 1]++;
	for (size_t place = 0; place < AUDIT_INDEX; place++)
		ids->index[place + 1] += ids->index[place];
}

size_t
audit_ids_sort(AuditIds *ids)
{
	size_t kept = 0;
	size_t shared;

	if (ids->count > 0)
		sort(ids);
	for (size_t i = 0; i < ids->count; i++)
	{
		if (kept > 0 && compare(&ids->items[kept - 1], &ids->items[i]) == 0)
			ids->items[kept - 1].flags |= AUDIT_SHARED;
		else
			ids->items[kept++] = ids->items[i];
	}
	shared = ids->count - kept;
	ids->count = kept;
	make_index(ids);
	return shared;
}

AuditId *
audit_ids_find(const AuditIds *ids, const char *id, size_t len)
{
	AuditId wanted;
	size_t place;
	size_t start;

	write_hash(ids, id, len, wanted.hash);
	place = place_of(wanted.hash);
	start = ids->index[place];
	if (start == ids->index[place + 1])
		return NULL;
	return bsearch(&wanted, &ids->items[start], ids->index[place + 1] - start,
				   sizeof(AuditId), compare);
}

size_t
audit_ids_count(const AuditIds *ids, uint8_t mask, uint8_t value)
{
	size_t count = 0;

	for (size_t i = 0; i < ids->count; i++)
		count += (ids->items[i].flags & mask) == value;
	return count;
}
