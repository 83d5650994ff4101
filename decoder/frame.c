/*-------------------------------------------------------------------------
 *
 * frame.c
 *	  Reads and writes the frame of an event in a logical message.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "port/pg_bswap.h"

#include "frame.h"

/* Takes so many bytes from the front; false if there are fewer. */
static bool
take(Bytes *rest, size_t len, Bytes *taken)
{
	if ((size_t) rest->len < len)
		return false;
	taken->data = rest->data;
	taken->len = len;
	rest->data += len;
	rest->len -= len;
	return true;
}

/* Takes one byte. */
static bool
take_byte(Bytes *rest, unsigned char *byte)
{
	Bytes taken;

	if (!take(rest, 1, &taken))
		return false;
	*byte = *taken.data;
	return true;
}

/* Takes four bytes: a number in network order. */
static bool
take_uint32(Bytes *rest, uint32 *number)
{
	Bytes taken;

	*number = 0;
	if (!take(rest, 4, &taken))
		return false;
	for (int i = 0; i < 4; i++)
		*number = *number << 8 | (unsigned char) taken.data[i];
	return true;
}

/* Takes one field. */
static const char *
take_field(Bytes *rest, Field *field)
{
	unsigned char name_len;
	unsigned char kind;
	uint32 value_len;

	if (!take_byte(rest, &name_len) || !take(rest, name_len, &field->name))
		return "message frame is cut short in a field's name";
	if (name_len == 0)
		return "message frame has a field without a name";
	if (!take_byte(rest, &kind))
		return "message frame is cut short in a field's kind";
	if (kind != FIELD_NULL && kind != FIELD_TEXT && kind != FIELD_JSON &&
		kind != FIELD_BYTES)
		return "message frame has a field of unknown kind";
	field->kind = kind;
	if (!take_uint32(rest, &value_len))
		return "message frame is cut short in a value's length";
	if (!take(rest, value_len, &field->value))
		return "message frame is cut short in a value";
	if (kind == FIELD_NULL && value_len != 0)
		return "message frame has a null that has a value";
	return NULL;
}

/* Tells whether a field's name stands before it. */
static bool
is_repeated(const Field *fields, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (fields[i].name.len == fields[n].name.len &&
			memcmp(fields[i].name.data, fields[n].name.data,
				   fields[n].name.len) == 0)
			return true;
	}
	return false;
}

const char *
frame_read(Bytes frame, Field *fields, int *n_fields)
{
	unsigned char version;

	*n_fields = 0;
	if (!take_byte(&frame, &version))
		return "message frame is empty";
	if (version != FRAME_VERSION)
		return "message frame is of an unknown version";
	while (frame.len > 0)
	{
		const char *error;

		if (*n_fields == FRAME_MAX_FIELDS)
			return "message frame has too many fields";
		error = take_field(&frame, &fields[*n_fields]);
		if (error != NULL)
			return error;
		if (is_repeated(fields, *n_fields))
			return "message frame has a field twice";
		(*n_fields)++;
	}
	return NULL;
}

void
frame_begin(StringInfo frame)
{
	appendStringInfoChar(frame, FRAME_VERSION);
}

void
frame_append(StringInfo frame, const char *name, FieldKind kind, Bytes value)
{
	uint32 len = pg_hton32((uint32) value.len);
	size_t name_len = strlen(name);

	Assert(name_len >= 1 && name_len <= 255);
	appendStringInfoChar(frame, (char) name_len);
	appendBinaryStringInfo(frame, name, (int) name_len);
	appendStringInfoChar(frame, (char) kind);
	appendBinaryStringInfo(frame, (const char *) &len, sizeof(len));
	appendBinaryStringInfo(frame, value.data, value.len);
}
