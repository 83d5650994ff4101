/*-------------------------------------------------------------------------
 *
 * connector/takeover.c
 *	  The commands by which the relay takes over from a connector.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "connector/takeover.h"

/* The file that the commands name. */
#define CONFIG_FILE "pg_outbox.ini"

/* How a connector is stopped so that it leaves its slot. */
static void
add_stop(Import *import)
{
	Report *report = import->report;
	const char *name =
		*import->connector->name != '\0' ? import->connector->name : "NAME";

	switch (import->connector->home)
	{
		case HOME_CONNECT:
			report_note(report, REPORT_TAKEOVER,
						"stop the connector (before Kafka 3.5: DELETE "
						".../connectors/%s), so that nobody reads its slot",
						name);
			report_command(report, REPORT_TAKEOVER,
						   "curl -X PUT http://CONNECT:8083/connectors/%s/stop",
						   name);
			break;
		case HOME_STRIMZI:
			report_note(report, REPORT_TAKEOVER,
						"stop the connector, so that nobody reads its slot");
			report_command(report, REPORT_TAKEOVER,
						   "kubectl patch kafkaconnector %s --type merge -p "
						   "'{\"spec\":{\"state\":\"stopped\"}}'",
						   name);
			break;
		case HOME_STANDALONE:
			report_note(report, REPORT_TAKEOVER,
						"end the standalone worker of Connect, so that nobody "
						"reads the slot");
			break;
		case HOME_SERVER:
			report_note(report, REPORT_TAKEOVER,
						"end Debezium Server, so that nobody reads the slot");
			break;
	}
}

/* What is removed once the relay publishes. */
static void
add_removal(Import *import, const char *slot)
{
	Report *report = import->report;
	const char *publication =
		connector_take(import->connector, "publication.name");

	if (import->has_changes)
	{
		report_note(report, REPORT_TAKEOVER,
					"start the connector again without the router and without "
					"the outbox in table.include.list; it keeps its slot");
		return;
	}
	report_note(report, REPORT_TAKEOVER,
				"once events arrive, delete the connector and its slot, and "
				"the "
				"publication if nobody else uses it");
	report_command(report, REPORT_TAKEOVER,
				   "psql -c \"SELECT pg_drop_replication_slot('%s')\" -c "
				   "\"DROP PUBLICATION IF EXISTS %s\"",
				   slot, publication != NULL ? publication : "dbz_publication");
}

void
import_takeover(Import *import)
{
	Report *report = import->report;
	const char *slot = connector_take(import->connector, "slot.name");
	const char *failover = connector_take(import->connector, "slot.failover");

	if (slot == NULL)
		slot = "debezium";
	add_stop(import);
	report_note(report, REPORT_TAKEOVER,
				"begin where its slot is; events that it published and did not "
				"confirm there come again, with the same id");
	report_command(report, REPORT_TAKEOVER,
				   "pg_outbox create-slot -c " CONFIG_FILE " --from %s%s", slot,
				   failover != NULL && strcmp(failover, "true") == 0
					   ? " --failover"
					   : "");
	report_note(report, REPORT_TAKEOVER, "see what is still missing, and run");
	report_command(report, REPORT_TAKEOVER, "pg_outbox check -c " CONFIG_FILE);
	report_command(report, REPORT_TAKEOVER, "pg_outbox run -c " CONFIG_FILE);
	add_removal(import, slot);
}
