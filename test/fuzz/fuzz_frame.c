/*-------------------------------------------------------------------------
 *
 * fuzz_frame.c
 *	  Fuzz target: the frame of a message, JSON in its fields, and properties.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "frame.h"
#include "json_text.h"
#include "properties.h"
#include "server.h"

extern int LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

/* Stops if a part does not lie within the whole. */
static void
check_within(Bytes part, Bytes whole)
{
	if (part.len < 0 || part.data < whole.data ||
		part.data + part.len > whole.data + whole.len)
		abort();
}

/* Takes a member of an object: both parts lie in it, names are strings. */
static void
take_member(void *whole, Bytes name, Bytes value)
{
	Bytes text;

	check_within(name, *(Bytes *) whole);
	check_within(value, *(Bytes *) whole);
	if (name.len < 2 || name.data[0] != '"' || value.len < 1)
		abort();
	if (json_text_unescape(name, &text) && text.len > name.len - 2)
		abort();
	if (value.data[0] == '"')
		json_text_unescape(value, &text);
}

/* Reads a frame. */
static void
read_frame(void *argument)
{
	Bytes frame = *(Bytes *) argument;
	Field fields[FRAME_MAX_FIELDS];
	int n_fields;

	frame_read(frame, fields, &n_fields);
	if (n_fields < 0 || n_fields > FRAME_MAX_FIELDS)
		abort();
	for (int i = 0; i < n_fields; i++)
	{
		check_within(fields[i].name, frame);
		check_within(fields[i].value, frame);
		json_text_scan(fields[i].value, take_member, &fields[i].value);
	}
}

/* Reads JSON. */
static void
read_json(void *argument)
{
	json_text_scan(*(Bytes *) argument, take_member, argument);
	json_text_is_object(*(Bytes *) argument);
}

/* Takes a property: no longer than the text that it is of. */
static void
take_property(void *whole, Bytes name, Bytes value)
{
	if (name.len < 0 || value.len < 0 ||
		name.len + value.len > ((Bytes *) whole)->len)
		abort();
}

/* Reads properties. */
static void
read_properties(void *argument)
{
	properties_scan(*(Bytes *) argument, take_property, argument);
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	/* A copy of just this size, so that a byte too many is seen. */
	char *copy = malloc(size + (size == 0));
	Bytes input = {copy, size};

	memcpy(copy, data, size);
	server_run(read_frame, &input);
	server_run(read_json, &input);
	server_run(read_properties, &input);
	free(copy);
	return 0;
}
