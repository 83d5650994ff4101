/*-------------------------------------------------------------------------
 *
 * kafka/held.c
 *	  Records that wait for a topic, behind the first one of it.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kafka/held.h"
#include "kafka/weight.h"

/* In one piece with its headers and, behind them, all bytes. */
typedef struct HeldRecord
{
	struct HeldRecord *next;
	uint64_t ticket;
	KafkaRecord record;
	NamedSlice headers[];
} HeldRecord;

/* Copies bytes to *end, and moves that behind them. */
static Slice
copy_bytes(Slice bytes, char **end)
{
	Slice copy = {.len = bytes.len};

	if (bytes.data == NULL)
		return copy;
	copy.data = *end;
	memcpy(*end, bytes.data, bytes.len);
	*end += bytes.len;
	return copy;
}

void
kafka_held_add(KafkaHeld *held, const KafkaRecord *record, uint64_t ticket)
{
	size_t headers = record->n_headers * sizeof(NamedSlice);
	HeldRecord *added =
		xmalloc(sizeof(HeldRecord) + headers + kafka_bytes_of_record(record));
	char *end = (char *) added->headers + headers;

	added->next = NULL;
	added->ticket = ticket;
	added->record = *record;
	added->record.topic = (Slice){.data = NULL};
	added->record.key = copy_bytes(record->key, &end);
	added->record.value = copy_bytes(record->value, &end);
	added->record.headers = added->headers;
	for (size_t i = 0; i < record->n_headers; i++)
	{
		added->headers[i].name = copy_bytes(record->headers[i].name, &end);
		added->headers[i].value = copy_bytes(record->headers[i].value, &end);
	}
	if (held->first == NULL)
		held->first = added;
	else
		held->last->next = added;
	held->last = added;
}

const KafkaRecord *
kafka_held_first(const KafkaHeld *held, uint64_t *ticket)
{
	if (held->first == NULL)
		return NULL;
	*ticket = held->first->ticket;
	return &held->first->record;
}

void
kafka_held_drop_first(KafkaHeld *held)
{
	HeldRecord *first = held->first;

	held->first = first->next;
	free(first);
}

void
kafka_held_release(KafkaHeld *held)
{
	while (held->first != NULL)
		kafka_held_drop_first(held);
}
