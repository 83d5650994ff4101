/*-------------------------------------------------------------------------
 *
 * http/page.h
 *	  The files of the status page, compiled in by http/page/embed.sh.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_HTTP_PAGE_H
#define PG_OUTBOX_HTTP_PAGE_H

#include <stddef.h>

typedef struct PageFile
{
	const char *data;
	size_t len;
} PageFile;

extern const PageFile page_html;
extern const PageFile page_css;
extern const PageFile page_js;
extern const PageFile page_svg;

#endif /* PG_OUTBOX_HTTP_PAGE_H */
