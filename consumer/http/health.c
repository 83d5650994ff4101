/*-------------------------------------------------------------------------
 *
 * http/health.c
 *	  /livez and /readyz.
 *
 *-------------------------------------------------------------------------
 */
#include "http/resource.h"

unsigned
health_write_livez(FILE *out, const HttpView *view)
{
	(void) view;
	fprintf(out, "ok\n");
	return 200;
}

unsigned
health_write_readyz(FILE *out, const HttpView *view)
{
	Error why;

	if (snapshot_is_ready(view->snapshot,
						  config_number(view->config,
										CONFIG_HTTP_STALL_TIMEOUT),
						  &why))
	{
		snapshot_sentence(view->snapshot, &why);
		fprintf(out, "%s\n", why.text);
		return 200;
	}
	fprintf(out, "%s\n", why.text);
	return 503;
}
