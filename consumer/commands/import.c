/*-------------------------------------------------------------------------
 *
 * commands/import.c
 *	  The command "import": makes a configuration of a connector's.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>

#include "base/exit.h"
#include "commands/import.h"
#include "connector/convert.h"
#include "connector/reader.h"

/* Prints the configuration of the chosen connector. */
static bool
import(const ConnectorList *list, const Arguments *arguments, Error *err)
{
	Connector *connector = convert_choose(list, arguments->connector, err);
	Error reason;

	if (connector != NULL && convert_print(connector, stdout, err))
		return true;
	reason = *err;
	return error_set(err, "%s: %s", arguments->operand, reason.text);
}

int
command_import(const Config *config, const Arguments *arguments)
{
	ConnectorList list = {0};
	Error err;
	bool ok = reader_read_file(arguments->operand, &list, &err) &&
			  import(&list, arguments, &err);

	(void) config;
	connector_list_free(&list);
	if (ok)
		return EXIT_DONE;
	fprintf(stderr, "pg_outbox: %s\n", err.text);
	return EXIT_USAGE;
}
