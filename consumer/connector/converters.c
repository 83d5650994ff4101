/*-------------------------------------------------------------------------
 *
 * connector/converters.c
 *	  What a connector's converters make of keys and values.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "connector/converters.h"
#include "connector/names.h"

/* Converters by a part of their class, or the format of Debezium Server. */
static const struct
{
	const char *part;
	ConverterKind kind;
} converters[] = {{"StringConverter", CONVERTER_STRING},
				  {"simplestring", CONVERTER_STRING},
				  {"JsonSchemaConverter", CONVERTER_REGISTRY},
				  {"ProtobufConverter", CONVERTER_REGISTRY},
				  {"AvroConverter", CONVERTER_REGISTRY},
				  {"ExtJsonConverter", CONVERTER_REGISTRY},
				  {"avro", CONVERTER_REGISTRY},
				  {"protobuf", CONVERTER_REGISTRY},
				  {"JsonConverter", CONVERTER_JSON},
				  {"jsonbytearray", CONVERTER_JSON},
				  {"json", CONVERTER_JSON},
				  {"ByteArrayConverter", CONVERTER_BYTES},
				  {"ByteBufferConverter", CONVERTER_BYTES},
				  {"BinaryDataConverter", CONVERTER_BYTES},
				  {"binary", CONVERTER_BYTES}};

/* The kind of a converter. */
static ConverterKind
find_kind(Connector *connector, const char *property)
{
	const char *class = connector_take(connector, property);
	const char *schemas =
		connector_take_of(connector, property, "schemas.enable");

	if (class == NULL)
		return CONVERTER_UNSET;
	for (size_t i = 0; i < sizeof(converters) / sizeof(converters[0]); i++)
	{
		if (strstr(class, converters[i].part) == NULL)
			continue;
		/* JsonConverterConfig.java: true by default. */
		if (converters[i].kind == CONVERTER_JSON &&
			(schemas == NULL || strcasecmp(schemas, "false") != 0))
			return CONVERTER_JSON_SCHEMAS;
		return converters[i].kind;
	}
	return CONVERTER_OTHER;
}

void
import_find_converters(Import *import)
{
	import->key = find_kind(import->connector, "key.converter");
	import->value = find_kind(import->connector, "value.converter");
}

/* The class of a converter, without its package. */
static const char *
short_class(const Import *import, const char *property)
{
	const Property *found = connector_find(import->connector, property);
	const char *dot = found != NULL ? strrchr(found->value, '.') : NULL;

	return dot != NULL ? dot + 1 : found != NULL ? found->value : "";
}

/* A key whose bytes are those of JsonConverter. */
static void
import_json_key(Import *import, const char *columns)
{
	bool schemas = import->key == CONVERTER_JSON_SCHEMAS;
	char *key = name_format(schemas ? "{\"schema\":{\"type\":\"string\","
									  "\"optional\":false},"
									  "\"payload\":\"${%s}\"}"
									: "\"${%s}\"",
							columns);

	report_decide(import->report, REPORT_OUTBOX,
				  "keys were JSON, with quotes%s (%s), and Kafka chooses the "
				  "partition by all their bytes. This template keeps a key of "
				  "text (without \" and \\) or uuid in its partition%s. \"key "
				  "= %s\" would be the "
				  "key as it is: choose it for integers, and where new keys "
				  "may go to other partitions than their old events",
				  schemas ? " and a schema" : "",
				  short_class(import, "key.converter"),
				  schemas ? "; write \"optional\":true for a column that may "
							"be NULL, and "
							"\"name\":\"io.debezium.data.Uuid\",\"version\":1 "
							"behind it for a uuid"
						  : "",
				  columns);
	report_set(import->report, REPORT_OUTBOX, "key", key, "key.converter");
	free(key);
}

void
import_key(Import *import, const char *columns, const char *from)
{
	Report *report = import->report;

	switch (import->key)
	{
		case CONVERTER_JSON:
		case CONVERTER_JSON_SCHEMAS:
			import_json_key(import, columns);
			return;
		case CONVERTER_UNSET:
			report_decide(report, REPORT_OUTBOX,
						  "the connector names no key.converter, so the "
						  "worker's counts. With StringConverter this is the "
						  "same key; JsonConverter adds quotes, which mean "
						  "another partition: then key = \"${%s}\"",
						  columns);
			break;
		case CONVERTER_REGISTRY:
		case CONVERTER_OTHER:
			report_decide(report, REPORT_OUTBOX,
						  "keys were made by %s: here they are the text of the "
						  "column, in other partitions than before. Let the "
						  "consumers read all old events before the takeover, "
						  "or keep bytes that the application makes in a bytea "
						  "column, with key_encoding = raw",
						  short_class(import, "key.converter"));
			break;
		case CONVERTER_BYTES:
			report_decide(report, REPORT_OUTBOX,
						  "keys were bytes (%s): key_encoding = raw takes them "
						  "from a bytea column as they are; leave it out if "
						  "the column is text",
						  short_class(import, "key.converter"));
			report_set(report, REPORT_OUTBOX, "key_encoding", "raw",
					   "key.converter");
			break;
		case CONVERTER_STRING:
			break;
	}
	report_set(report, REPORT_OUTBOX, "key", columns, from);
}

/* Says what JSON values become. */
static void
judge_json(Import *import)
{
	Report *report = import->report;

	if (import->value == CONVERTER_JSON_SCHEMAS)
		report_decide(report, REPORT_OUTBOX,
					  "values were {\"schema\": ..., \"payload\": ...} "
					  "(JsonConverter with schemas): here they are the payload "
					  "alone, and consumers have to read it without that "
					  "wrapper");
	if (!import->expands && !import->has_envelope)
		report_decide(report, REPORT_OUTBOX,
					  "a payload of JSON was JSON inside a JSON string "
					  "(JsonConverter without table.expand.json.payload): here "
					  "it is JSON itself, so consumers parse it once, not "
					  "twice");
	if (import->expands)
		report_note(report, REPORT_OTHERWISE,
					"payloads are published as they are stored: nulls and "
					"empty arrays, which table.expand.json.payload drops, "
					"stay, numbers keep their digits, and jsonb has spaces "
					"behind \":\" and \",\"");
}

void
import_judge_values(Import *import)
{
	Report *report = import->report;

	switch (import->value)
	{
		case CONVERTER_UNSET:
			report_decide(report, REPORT_OUTBOX,
						  "the connector names no value.converter, so the "
						  "worker's counts. Here the value is the payload as "
						  "it is, as with StringConverter, or of bytea with "
						  "ByteArrayConverter. If it is JsonConverter, "
						  "consumers "
						  "saw JSON in a string, or wrapped in a schema");
			break;
		case CONVERTER_STRING:
			if (import->expands)
				report_note(report, REPORT_OTHERWISE,
							"StringConverter prints an expanded payload as "
							"Struct{a=1}: here it is the JSON itself");
			break;
		case CONVERTER_JSON:
		case CONVERTER_JSON_SCHEMAS:
			judge_json(import);
			break;
		case CONVERTER_BYTES:
			report_note(report, REPORT_OTHERWISE,
						"%s: a payload of bytea is published byte for byte "
						"here, and so is any other",
						short_class(import, "value.converter"));
			break;
		case CONVERTER_REGISTRY:
		case CONVERTER_OTHER:
			report_decide(report, REPORT_OUTBOX,
						  "values were made by %s: here they are the payload "
						  "as it is stored, and no schema is registered. "
						  "Consumers have to read that, or the application "
						  "serializes events itself into a bytea column",
						  short_class(import, "value.converter"));
			break;
	}
}

void
import_judge_headers(Import *import)
{
	const char *class = connector_take(import->connector, "header.converter");

	if (class != NULL && strstr(class, "SimpleHeaderConverter") == NULL &&
		strstr(class, "StringConverter") == NULL)
		report_note(import->report, REPORT_OTHERWISE,
					"headers are text without quotes, not what %s makes",
					short_class(import, "header.converter"));
}
