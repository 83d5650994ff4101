/*-------------------------------------------------------------------------
 *
 * base/utf8.c
 *	  Text that people and JSON parsers read.
 *
 *-------------------------------------------------------------------------
 */
#include <stddef.h>

#include "base/utf8.h"

/* The bytes of the character that begins here; 0 = none does (RFC 3629). */
static size_t
length_at(const unsigned char *text)
{
	/* What the second byte may be after some first ones. */
	unsigned char low = 0x80;
	unsigned char high = 0xbf;
	size_t length;

	if (*text < 0x80)
		return 1;
	if (*text < 0xc2 || *text > 0xf4)
		return 0;
	length = *text < 0xe0 ? 2 : *text < 0xf0 ? 3 : 4;
	if (*text == 0xe0)
		low = 0xa0;
	else if (*text == 0xed)
		high = 0x9f; /* no surrogates */
	else if (*text == 0xf0)
		low = 0x90;
	else if (*text == 0xf4)
		high = 0x8f;
	for (size_t i = 1; i < length; i++)
	{
		if (text[i] < low || text[i] > high)
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	return length;
}

void
utf8_clean(char *text)
{
	while (*text != '\0')
	{
		size_t length = length_at((const unsigned char *) text);

		if (length == 0)
			*text = '?';
		text += length == 0 ? 1 : length;
	}
}
