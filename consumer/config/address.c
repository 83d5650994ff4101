/*-------------------------------------------------------------------------
 *
 * config/address.c
 *	  HOST:PORT, as settings have it.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/address.h"

#define EXPECTED "HOST:PORT, as 127.0.0.1:9464 or [::1]:9464"

/* Tells whether a text is a port. */
static bool
is_port(const char *text)
{
	size_t len = strlen(text);

	return len >= 1 && len <= 5 && strspn(text, "0123456789") == len &&
		   strtol(text, NULL, 10) >= 1 && strtol(text, NULL, 10) <= 65535;
}

bool
address_parse(Address *address, const char *text, Error *err)
{
	const char *colon = strrchr(text, ':');
	const char *host = text;
	size_t len;

	if (colon == NULL || !is_port(colon + 1))
		return error_set(err, EXPECTED);
	len = (size_t) (colon - text);
	if (len >= 2 && host[0] == '[' && host[len - 1] == ']')
	{
		host++;
		len -= 2;
	}
	else if (memchr(host, ':', len) != NULL)
		return error_set(err, EXPECTED);
	if (len == 0 || len >= sizeof(address->host))
		return error_set(err, EXPECTED);
	snprintf(address->host, sizeof(address->host), "%.*s", (int) len, host);
	snprintf(address->port, sizeof(address->port), "%s", colon + 1);
	return true;
}
