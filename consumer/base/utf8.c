/*-------------------------------------------------------------------------
 *
 * base/utf8.c
 *	  Characters of UTF-8, and text that has nothing else.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "base/utf8.h"

size_t
utf8_length(const unsigned char *p, const unsigned char *end)
{
	unsigned char first = p[0];
	unsigned char low = 0x80; /* bounds of the second byte */
	unsigned char high = 0xBF;
	size_t len;

	if (first < 0xC2 || first > 0xF4)
		return 0;
	len = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
	if (first == 0xE0)
		low = 0xA0; /* overlong */
	else if (first == 0xED)
		high = 0x9F; /* surrogates */
	else if (first == 0xF0)
		low = 0x90; /* overlong */
	else if (first == 0xF4)
		high = 0x8F; /* above U+10FFFF */
	if ((size_t) (end - p) < len || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
	{
		if (p[i] < 0x80 || p[i] > 0xBF)
			return 0;
	}
	return len;
}

void
utf8_clean(char *text)
{
	unsigned char *p = (unsigned char *) text;
	const unsigned char *end = p + strlen(text);

	while (p < end)
	{
		size_t len = *p < 0x80 ? 1 : utf8_length(p, end);

		if (len == 0)
		{
			*p = '?';
			len = 1;
		}
		p += len;
	}
}
