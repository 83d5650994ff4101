/*-------------------------------------------------------------------------
 *
 * config/address.h
 *	  HOST:PORT, as settings have it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CONFIG_ADDRESS_H
#define PG_OUTBOX_CONFIG_ADDRESS_H

#include "base/error.h"

typedef struct Address
{
	char host[256]; /* without the brackets of an IPv6 address */
	char port[8];   /* "1" to "65535" */
} Address;

/* Reads HOST:PORT or [IPv6]:PORT; false with what is allowed in err. */
extern bool address_parse(Address *address, const char *text, Error *err);

#endif /* PG_OUTBOX_CONFIG_ADDRESS_H */
