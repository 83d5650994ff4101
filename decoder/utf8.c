/*-------------------------------------------------------------------------
 *
 * utf8.c
 *	  Text of the database's encoding as UTF-8.
 *
 * pg_server_to_any() would raise an ERROR where a character cannot be
 * converted.  In a decoder that ERROR comes back for ever, so the conversion
 * is called in the form that does not raise one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_conversion.h"
#include "catalog/pg_namespace.h"
#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "compat.h"
#include "utf8.h"

/* Whether all bytes are ASCII, which every server encoding contains. */
static bool
is_ascii(const char *text, int len)
{
	const char *end = text + len;
	uint64 bits = 0;

	for (; end - text >= sizeof(uint64); text += sizeof(uint64))
	{
		uint64 eight;

		memcpy(&eight, text, sizeof(uint64));
		bits |= eight;
	}
	for (; text < end; text++)
		bits |= (unsigned char) *text;
	return (bits & UINT64CONST(0x8080808080808080)) == 0;
}

bool
utf8_is_valid(const char *text, int len)
{
	return is_ascii(text, len) || pg_verify_mbstr(PG_UTF8, text, len, true);
}

bool
utf8_from_server(const char *text, int len, Bytes *utf8)
{
	int encoding = GetDatabaseEncoding();
	Oid conversion;
	int size;
	char *result;

	utf8->data = text;
	utf8->len = len;
	if (encoding == PG_UTF8 || is_ascii(text, len))
		return true;
	if (encoding == PG_SQL_ASCII)
		return pg_verify_mbstr(PG_UTF8, text, len, true);

	/* Only in pg_catalog: no name is resolved through the search_path. */
	conversion = FindDefaultConversion(PG_CATALOG_NAMESPACE, encoding, PG_UTF8);
	if (!OidIsValid(conversion))
		return false;
	/* Nor is it where it may grow above what can be allocated. */
	if (len > (MaxAllocSize - 1) / MAX_CONVERSION_GROWTH)
		return false;
	size = len * MAX_CONVERSION_GROWTH + 1;
	result = palloc(size);
	if (!compat_convert_to_utf8(conversion, encoding, text, len, result, size))
		return false;
	utf8->data = result;
	utf8->len = strlen(result);
	return true;
}
