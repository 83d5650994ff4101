/*-------------------------------------------------------------------------
 *
 * kafka/state_record.c
 *	  The position that exactly-once delivery keeps in Kafka: one record.
 *
 *-------------------------------------------------------------------------
 */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "kafka/state_record.h"

void
state_record_key(const char *system_identifier, const char *slot,
				 char key[STATE_KEY_SIZE])
{
	snprintf(key, STATE_KEY_SIZE, "%s/%s", system_identifier, slot);
}

bool
state_record_is_foreign(const char *key, size_t len, const char *own_key,
						char *system, size_t size)
{
	const char *slash = memchr(key, '/', len);
	const char *own_slot = strchr(own_key, '/');
	size_t own_len = strlen(own_slot);

	if (slash == NULL || (size_t) (key + len - slash) != own_len ||
		memcmp(slash, own_slot, own_len) != 0)
		return false;
	if ((size_t) (slash - key) == (size_t) (own_slot - own_key) &&
		memcmp(key, own_key, (size_t) (slash - key)) == 0)
		return false;
	snprintf(system, size, "%.*s", (int) (slash - key), key);
	return true;
}

void
state_record_write(const StateRecord *record, char value[STATE_VALUE_SIZE])
{
	int len = snprintf(value, STATE_VALUE_SIZE,
					   "{\"lsn\":\"" LSN_FORMAT "\",\"timeline\":%u",
					   LSN_ARGS(record->lsn), record->timeline);

	if (record->events > 0)
		len += snprintf(value + len, STATE_VALUE_SIZE - (size_t) len,
						",\"seq\":%u", record->events);
	snprintf(value + len, STATE_VALUE_SIZE - (size_t) len, "}");
}

/* Reads a number of 1 and more; it stays as it is if it is not there. */
static bool
read_number(struct json_object *object, const char *name, uint32_t *number,
			Error *err)
{
	struct json_object *member;
	int64_t value;

	if (!json_object_object_get_ex(object, name, &member))
		return true;
	value = json_object_get_int64(member);
	if (!json_object_is_type(member, json_type_int) || value < 1 ||
		value > UINT32_MAX)
		return error_set(err, "\"%s\" is not a number from 1 to %u", name,
						 UINT32_MAX);
	*number = (uint32_t) value;
	return true;
}

/* Reads the members. */
static bool
read_members(StateRecord *record, struct json_object *object, Error *err)
{
	struct json_object *lsn;

	memset(record, 0, sizeof(StateRecord));
	if (!json_object_is_type(object, json_type_object))
		return error_set(err, "it is not a JSON object");
	if (!json_object_object_get_ex(object, "lsn", &lsn) ||
		!json_object_is_type(lsn, json_type_string) ||
		!lsn_parse(json_object_get_string(lsn),
				   (size_t) json_object_get_string_len(lsn), &record->lsn) ||
		record->lsn == 0)
		return error_set(err, "\"lsn\" is not a position like \"0/1A2B\"");
	if (!read_number(object, "timeline", &record->timeline, err) ||
		!read_number(object, "seq", &record->events, err))
		return false;
	if (record->timeline == 0)
		return error_set(err, "\"timeline\" is missing");
	return true;
}

bool
state_record_read(StateRecord *record, const char *value, size_t len,
				  Error *err)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *object;
	bool ok;

	if (tokener == NULL)
		xalloc_failed();
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	object = len < INT32_MAX ? json_tokener_parse_ex(tokener, value, (int) len)
							 : NULL;
	/* Without this a number at the end might go on. */
	if (object == NULL && len > 0 &&
		json_tokener_get_error(tokener) == json_tokener_continue)
		object = json_tokener_parse_ex(tokener, "", 1);
	ok = read_members(record, object, err);
	json_object_put(object);
	json_tokener_free(tokener);
	return ok;
}
