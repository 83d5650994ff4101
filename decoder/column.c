/*-------------------------------------------------------------------------
 *
 * column.c
 *	  A column of an outbox table and its values as text.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "access/detoast.h"
#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "common/base64.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "column.h"
#include "compat.h"
#include "json.h"
#include "utf8.h"

/* Tells how values of a type are read. */
static ColumnType
classify(Oid typid)
{
	switch (typid)
	{
		case TEXTOID:
		case VARCHAROID:
			return COLUMN_TEXT;
		case BPCHAROID:
			return COLUMN_CHAR;
		case JSONOID:
			return COLUMN_JSON;
		case JSONBOID:
			return COLUMN_JSONB;
		case BYTEAOID:
			return COLUMN_BYTEA;
		case UUIDOID:
			return COLUMN_UUID;
		case BOOLOID:
			return COLUMN_BOOL;
		case INT2OID:
			return COLUMN_INT2;
		case INT4OID:
			return COLUMN_INT4;
		case INT8OID:
			return COLUMN_INT8;
		case DATEOID:
		case TIMEOID:
		case TIMETZOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return COLUMN_TIME;
		default:
			return COLUMN_OTHER;
	}
}

/*
 * How values of a type that is not built in are read: as text where its output
 * function is that of text, so that they are text as they are stored (citext).
 */
static ColumnType
classify_by_output(Oid typid)
{
	ColumnType type = COLUMN_OTHER;
	Oid output;
	bool varlena;
	HeapTuple tuple;
	Form_pg_proc function;
	Datum source;
	bool is_null;

	getTypeOutputInfo(typid, &output, &varlena);
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(output));
	if (!HeapTupleIsValid(tuple))
		return COLUMN_OTHER;
	function = (Form_pg_proc) GETSTRUCT(tuple);
	source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &is_null);
	if (varlena && !is_null && function->prolang == INTERNALlanguageId)
	{
		char *name = TextDatumGetCString(source);

		if (strcmp(name, "textout") == 0 || strcmp(name, "varcharout") == 0)
			type = COLUMN_TEXT;
		else if (strcmp(name, "bpcharout") == 0)
			type = COLUMN_CHAR;
	}
	ReleaseSysCache(tuple);
	return type;
}

/* Finds a column that is there and whose values are in the WAL. */
static Form_pg_attribute
find_attribute(TupleDesc desc, const char *name)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!att->attisdropped && !COMPAT_IS_VIRTUAL(att) &&
			strcmp(NameStr(att->attname), name) == 0)
			return att;
	}
	return NULL;
}

/* Whether the output function of a type is known not to fail. */
static bool
can_print(Oid typid)
{
	return typid < FirstNormalObjectId || get_typtype(typid) == TYPTYPE_ENUM ||
		   classify_by_output(typid) != COLUMN_OTHER;
}

Column *
column_describe(Form_pg_attribute att)
{
	Column *column = palloc0(sizeof(Column));
	Oid output;

	column->index = att->attnum - 1;
	column->name = pstrdup(NameStr(att->attname));
	column->typid = getBaseType(att->atttypid);
	column->type = column->typid < FirstNormalObjectId
					   ? classify(column->typid)
					   : classify_by_output(column->typid);
	getTypeOutputInfo(column->typid, &output, &column->varlena);
	if (column->type == COLUMN_OTHER)
		fmgr_info(output, &column->output);
	return column;
}

Column *
column_find(TupleDesc desc, const char *name, Oid *unfit)
{
	Form_pg_attribute att = find_attribute(desc, name);

	if (att == NULL)
		return NULL;
	if (!can_print(getBaseType(att->atttypid)))
	{
		*unfit = att->atttypid;
		return NULL;
	}
	return column_describe(att);
}

int64
column_size(const Column *column, Datum value)
{
	struct varlena *pointer;

	if (column->is_field)
		return ((const Bytes *) DatumGetPointer(value))->len;
	if (!column->varlena)
		return 0;
	pointer = (struct varlena *) DatumGetPointer(value);
	if (VARATT_IS_EXTERNAL_ONDISK(pointer))
		return -1;
	return (int64) toast_raw_datum_size(value) - VARHDRSZ;
}

Bytes
column_bytes(const Column *column, Datum value)
{
	struct varlena *detoasted;
	Bytes bytes;

	if (column->is_field)
		return *(const Bytes *) DatumGetPointer(value);
	detoasted = PG_DETOAST_DATUM_PACKED(value);
	bytes.data = VARDATA_ANY(detoasted);
	bytes.len = VARSIZE_ANY_EXHDR(detoasted);
	if (column->type == COLUMN_CHAR)
		bytes.len = bpchartruelen(unconstify(char *, bytes.data), bytes.len);
	return bytes;
}

/* Bytes as base64 text. */
static void
base64_text(Bytes bytes, Bytes *text)
{
	int size = pg_b64_enc_len(bytes.len) + 1;
	char *result = palloc(size);

	text->data = result;
	text->len =
		pg_b64_encode((const void *) bytes.data, bytes.len, result, size);
}

void
time_text(Oid typid, Datum value, Bytes *text)
{
	static const char utc[] = "+00:00";
	char *result = palloc(MAXDATELEN + 1);
	int tz = 0;

	JsonEncodeDateTime(result, value, typid,
					   typid == TIMESTAMPTZOID ? &tz : NULL);
	text->data = result;
	text->len = strlen(result);
	if (text->len > sizeof(utc) - 1 &&
		(typid == TIMESTAMPTZOID || typid == TIMETZOID) &&
		strcmp(result + text->len - (sizeof(utc) - 1), utc) == 0)
	{
		text->len -= sizeof(utc) - 1;
		result[text->len++] = 'Z';
	}
}

/* A jsonb value as it prints; false if it prints too long. */
static bool
jsonb_text(Datum value, Bytes *text)
{
	StringInfoData out;

	initStringInfo(&out);
	if (!json_append_jsonb(&out, DatumGetJsonbP(value), MAX_PRINTED_VALUE))
		return false;
	text->data = out.data;
	text->len = out.len;
	return true;
}

/* Text of the database's encoding as UTF-8; NULL, or why it cannot be. */
static const char *
server_text(const Column *column, const char *string, int len, Bytes *text)
{
	if (utf8_from_server(string, len, text))
		return NULL;
	return psprintf("column \"%s\" has text that is not valid in UTF-8",
					column->name);
}

/* The error of a value that is too large to be printed. */
static const char *
too_large_to_print(const Column *column)
{
	return psprintf("column \"%s\" is too large when printed", column->name);
}

/* A value as its type prints it. */
static const char *
printed_text(const Column *column, Datum value, Bytes *text)
{
	char *string;
	size_t len;

	if (column_size(column, value) > MAX_STORED_VALUE ||
		(column->type == COLUMN_JSONB && !jsonb_text(value, text)))
		return too_large_to_print(column);
	if (column->type == COLUMN_JSONB)
		return server_text(column, text->data, text->len, text);
	string = OutputFunctionCall(unconstify(FmgrInfo *, &column->output), value);
	len = strlen(string);
	if (len <= MAX_PRINTED_VALUE)
		return server_text(column, string, len, text);

	/* Given back at once: 8 kB of numbers like 1e131071 print as 85 MB. */
	pfree(string);
	return too_large_to_print(column);
}

/* An integer as text. */
static void
integer_text(int64 value, Bytes *text)
{
	char *result = palloc(MAXINT8LEN + 1);

	pg_lltoa(value, result);
	text->data = result;
	text->len = strlen(result);
}

/* A uuid as text. */
static void
uuid_text(Datum value, Bytes *text)
{
	static const char digits[] = "0123456789abcdef";
	const pg_uuid_t *uuid = DatumGetUUIDP(value);
	char *result = palloc(36);
	char *p = result;

	for (int i = 0; i < UUID_LEN; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		*p++ = digits[uuid->data[i] >> 4];
		*p++ = digits[uuid->data[i] & 0xF];
	}
	text->data = result;
	text->len = p - result;
}

const char *
column_text(const Column *column, Datum value, Bytes *text)
{
	Bytes bytes;

	switch (column->type)
	{
		case COLUMN_TEXT:
		case COLUMN_CHAR:
		case COLUMN_JSON:
			bytes = column_bytes(column, value);
			return server_text(column, bytes.data, bytes.len, text);
		case COLUMN_JSONB:
		case COLUMN_OTHER:
			return printed_text(column, value, text);
		case COLUMN_BYTEA:
			base64_text(column_bytes(column, value), text);
			break;
		case COLUMN_UUID:
			uuid_text(value, text);
			break;
		case COLUMN_BOOL:
			text->data = DatumGetBool(value) ? "true" : "false";
			text->len = strlen(text->data);
			break;
		case COLUMN_INT2:
			integer_text(DatumGetInt16(value), text);
			break;
		case COLUMN_INT4:
			integer_text(DatumGetInt32(value), text);
			break;
		case COLUMN_INT8:
			integer_text(DatumGetInt64(value), text);
			break;
		case COLUMN_TIME:
			time_text(column->typid, value, text);
			break;
	}
	return NULL;
}

/* Digits in a field. */
static const char *
field_integer(const Column *column, Datum value, int64 *number)
{
	Bytes bytes = column_bytes(column, value);
	char digits[MAXINT8LEN + 1];
	char *end = digits;

	if (bytes.len > 0 && bytes.len < sizeof(digits))
	{
		memcpy(digits, bytes.data, bytes.len);
		digits[bytes.len] = '\0';
		errno = 0;
		*number = strtoll(digits, &end, 10);
		if (end == digits + bytes.len && errno == 0 &&
			(digits[0] == '-' || isdigit((unsigned char) digits[0])))
			return NULL;
	}
	return psprintf("field \"%s\" is not an integer", column->name);
}

const char *
column_integer(const Column *column, Datum value, int64 *number)
{
	if (column->is_field)
		return field_integer(column, value, number);
	if (column->type == COLUMN_INT2)
		*number = DatumGetInt16(value);
	else if (column->type == COLUMN_INT4)
		*number = DatumGetInt32(value);
	else
		*number = DatumGetInt64(value);
	return NULL;
}

int64
unix_ms(int64 time)
{
	int64 ms = time / 1000 - (time % 1000 < 0 ? 1 : 0);

	return ms + (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) *
					SECS_PER_DAY * 1000;
}

/* Reads so many digits at *p; false if they are not there. */
static bool
scan_digits(const char **p, int min, int max, int *number)
{
	int n = 0;

	*number = 0;
	while (n < max && isdigit((unsigned char) **p))
	{
		*number = *number * 10 + (*(*p)++ - '0');
		n++;
	}
	return n >= min;
}

/* Reads one character; false if another one is there. */
static bool
scan_char(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

/*
 * Reads a time as time_text() writes it, in UTC: 2026-11-25T20:09:53.123456Z,
 * the fraction and the Z being optional.  False if it is none.
 */
static bool
scan_iso_time(const char *p, int64 *ms)
{
	int year, month, day, hour, minute, second;
	int fraction = 0;
	const char *start;

	if (!scan_digits(&p, 4, 6, &year) || !scan_char(&p, '-') ||
		!scan_digits(&p, 2, 2, &month) || !scan_char(&p, '-') ||
		!scan_digits(&p, 2, 2, &day) || !scan_char(&p, 'T') ||
		!scan_digits(&p, 2, 2, &hour) || !scan_char(&p, ':') ||
		!scan_digits(&p, 2, 2, &minute) || !scan_char(&p, ':') ||
		!scan_digits(&p, 2, 2, &second))
		return false;
	if (scan_char(&p, '.'))
	{
		start = p;
		if (!scan_digits(&p, 1, 6, &fraction))
			return false;
		for (int n = p - start; n < 6; n++)
			fraction *= 10;
	}
	scan_char(&p, 'Z');
	if (*p != '\0' || month < 1 || month > 12 || day < 1 || day > 31 ||
		hour > 24 || minute > 59 || second > 60)
		return false;
	*ms = (int64) (date2j(year, month, day) - UNIX_EPOCH_JDATE) * SECS_PER_DAY *
			  1000 +
		  (int64) (hour * SECS_PER_HOUR + minute * SECS_PER_MINUTE + second) *
			  1000 +
		  fraction / 1000;
	return true;
}

/* A point in time in a field: digits, or ISO 8601. */
static const char *
field_unix_ms(const Column *column, Datum value, int64 *ms)
{
	Bytes bytes = column_bytes(column, value);
	char text[MAXDATELEN + 1];
	const char *error = field_integer(column, value, ms);

	if (error == NULL || bytes.len >= sizeof(text))
		return error;
	memcpy(text, bytes.data, bytes.len);
	text[bytes.len] = '\0';
	if (scan_iso_time(text, ms))
		return NULL;
	if (strcmp(text, "infinity") == 0 || strcmp(text, "-infinity") == 0)
		return psprintf("field \"%s\" is infinite", column->name);
	return psprintf("field \"%s\" is neither an integer nor a time",
					column->name);
}

const char *
column_unix_ms(const Column *column, Datum value, int64 *ms)
{
	Timestamp time;

	if (column->is_field)
		return field_unix_ms(column, value, ms);
	if (column->type != COLUMN_TIME)
		return column_integer(column, value, ms);
	time = DatumGetTimestamp(value);
	if (TIMESTAMP_NOT_FINITE(time))
		return psprintf("column \"%s\" is infinite", column->name);
	*ms = unix_ms(time);
	return NULL;
}
