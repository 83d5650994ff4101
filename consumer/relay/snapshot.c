/*-------------------------------------------------------------------------
 *
 * relay/snapshot.c
 *	  The relay's state in words.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>

#include "relay/snapshot.h"

#define SECOND 1000
#define MINUTE (60 * SECOND)

/* What is read and not given to Kafka for longer than this is worth a word. */
#define STUCK_MS (5 * SECOND)
#define HOUR (60 * MINUTE)

/* A time in words, in its largest unit: "45 s", "3 min", "2 h". */
typedef struct Words
{
	char text[32];
} Words;

static Words
duration(int64_t ms)
{
	Words words;

	if (ms < SECOND)
		snprintf(words.text, sizeof(words.text), "%" PRId64 " ms", ms);
	else if (ms < 2 * MINUTE)
		snprintf(words.text, sizeof(words.text), "%" PRId64 " s", ms / SECOND);
	else if (ms < 2 * HOUR)
		snprintf(words.text, sizeof(words.text), "%" PRId64 " min",
				 ms / MINUTE);
	else
		snprintf(words.text, sizeof(words.text), "%" PRId64 " h", ms / HOUR);
	return words;
}

const char *
snapshot_state_name(SnapshotState state)
{
	static const char *const names[] = {
		[SNAPSHOT_CONNECTING] = "connecting",
		[SNAPSHOT_STREAMING] = "streaming",
		[SNAPSHOT_STANDING_BY] = "standing_by",
		[SNAPSHOT_HELD] = "held",
		[SNAPSHOT_STOPPING] = "stopping",
	};

	return names[state];
}

uint64_t
snapshot_lag_bytes(const Snapshot *snapshot)
{
	if (snapshot->confirmed == 0 || snapshot->received < snapshot->confirmed)
		return 0;
	return snapshot->received - snapshot->confirmed;
}

/* What there is to say while the relay streams. */
static void
describe_streaming(const Snapshot *snapshot, Error *sentence)
{
	if (snapshot->kafka_ms > 0)
		error_set(sentence, "Waiting for Kafka for %s: %s.",
				  duration(snapshot->kafka_ms).text,
				  snapshot->kafka_reason ? snapshot->kafka_reason
										 : "it does not answer");
	else if (!snapshot->has_oldest && snapshot->stuck_ms >= STUCK_MS)
		error_set(sentence,
				  "Streaming. Nothing has reached Kafka for %s, and more "
				  "waits.",
				  duration(snapshot->stuck_ms).text);
	else if (snapshot->has_oldest && snapshot->oldest_ms < SECOND)
		error_set(sentence, "Streaming. Events reach Kafka within a second.");
	else if (snapshot->has_oldest)
		error_set(sentence,
				  "Streaming. %" PRIu64
				  " events are on their way to Kafka, the "
				  "oldest for %s.",
				  snapshot->in_flight_events,
				  duration(snapshot->oldest_ms).text);
	else
		error_set(sentence, "Streaming. All events that were read are in "
							"Kafka.");
}

void
snapshot_sentence(const Snapshot *snapshot, Error *sentence)
{
	const char *reason =
		snapshot->reason ? snapshot->reason : "no reason known";

	switch (snapshot->state)
	{
		case SNAPSHOT_CONNECTING:
			if (snapshot->reason == NULL)
				error_set(sentence, "Connecting to PostgreSQL.");
			else
				error_set(sentence, "Waiting for PostgreSQL for %s: %s.",
						  duration(snapshot->postgres_ms).text, reason);
			break;
		case SNAPSHOT_STREAMING:
			describe_streaming(snapshot, sentence);
			break;
		case SNAPSHOT_STANDING_BY:
			error_set(sentence, "Standing by: %s.", reason);
			break;
		case SNAPSHOT_HELD:
			error_set(sentence,
					  "Held at an event that cannot be published: %s.", reason);
			break;
		case SNAPSHOT_STOPPING:
			error_set(sentence, "Stopping: delivering what is in flight.");
			break;
	}
}

bool
snapshot_is_ready(const Snapshot *snapshot, int64_t stall_ms, Error *why)
{
	if (snapshot->state != SNAPSHOT_STREAMING &&
		snapshot->state != SNAPSHOT_STANDING_BY)
	{
		snapshot_sentence(snapshot, why);
		return false;
	}
	if (snapshot->stuck_ms <= stall_ms)
		return true;
	return error_set(why,
					 "Stalled: the oldest event has been waiting for Kafka for "
					 "%s%s%s.",
					 duration(snapshot->stuck_ms).text,
					 snapshot->kafka_reason ? ": " : "",
					 snapshot->kafka_reason ? snapshot->kafka_reason : "");
}
