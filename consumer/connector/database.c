/*-------------------------------------------------------------------------
 *
 * connector/database.c
 *	  The database of a connector: section [postgres].
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "connector/database.h"
#include "connector/placeholder.h"

/* What libpq takes as it is. */
static const struct
{
	const char *property;
	const char *keyword;
} plain[] = {{"database.hostname", "host"},
			 {"database.port", "port"},
			 {"database.dbname", "dbname"},
			 {"database.user", "user"},
			 {"database.sslmode", "sslmode"},
			 {"database.sslcert", "sslcert"},
			 {"database.sslkey", "sslkey"},
			 {"database.sslrootcert", "sslrootcert"}};

/* Decides upon a value that stands elsewhere. */
static void
decide_placeholder(Import *import, const char *property, const char *keyword,
				   const Placeholder *found)
{
	char variable[64];

	snprintf(variable, sizeof(variable), "PG_OUTBOX_POSTGRES_%s", keyword);
	for (char *p = variable; *p != '\0'; p++)
		*p = (char) toupper((unsigned char) *p);
	if (found->kind == PLACEHOLDER_ENV && found->is_all)
		report_decide(import->report, REPORT_POSTGRES,
					  "%s was %s: set %s in the relay's environment to what "
					  "%s is there",
					  property, found->whole, variable, found->key);
	else
		report_decide(import->report, REPORT_POSTGRES,
					  "%s has %s in it: write the value here, or set %s in the "
					  "relay's environment",
					  property, found->whole, variable);
	report_suggest(import->report, REPORT_POSTGRES, keyword, "");
}

/* Takes what libpq takes too. */
static void
import_plain(Import *import)
{
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
	{
		const char *value =
			connector_take(import->connector, plain[i].property);
		Placeholder found;

		if (value == NULL)
			continue;
		if (placeholder_find(value, &found))
			decide_placeholder(import, plain[i].property, plain[i].keyword,
							   &found);
		else
			report_set(import->report, REPORT_POSTGRES, plain[i].keyword, value,
					   plain[i].property);
		if (strcmp(plain[i].keyword, "sslkey") == 0)
			report_decide(import->report, REPORT_POSTGRES,
						  "libpq reads keys in PEM, and Java's driver mostly "
						  "in DER: openssl pkcs8 -inform DER -nocrypt -in "
						  "OLD -out NEW");
	}
}

/* Decides upon a password in a file of properties. */
static void
decide_password_in_file(Import *import, const Placeholder *found)
{
	Report *report = import->report;

	if (*found->path == '\0')
	{
		report_note(report, REPORT_WRONG,
					"database.password is %s, which names a file and no key: "
					"Connect reads ${file:PATH:KEY}, and takes anything else "
					"for the password itself",
					found->whole);
		report_decide(report, REPORT_POSTGRES,
					  "password_file is a file with the password alone on its "
					  "first line; if %s has lines KEY=VALUE, write that value "
					  "to a file of its own",
					  found->key);
		report_suggest(report, REPORT_POSTGRES, "password_file", found->key);
		return;
	}
	report_decide(report, REPORT_POSTGRES,
				  "the password was the value of %s in %s; password_file is a "
				  "file with the password alone on its first line: sed -n "
				  "'s/^%s *[=:] *//p' %s > FILE",
				  found->key, found->path, found->key, found->path);
	report_suggest(report, REPORT_POSTGRES, "password_file", "");
}

/* Takes a password that stands elsewhere. */
static void
import_password_elsewhere(Import *import, const Placeholder *found)
{
	Report *report = import->report;
	char path[sizeof(found->path) + sizeof(found->key) + 1];

	switch (found->kind)
	{
		case PLACEHOLDER_FILE:
			decide_password_in_file(import, found);
			break;
		case PLACEHOLDER_DIRECTORY:
			snprintf(path, sizeof(path), "%s/%s", found->path, found->key);
			report_decide(report, REPORT_POSTGRES,
						  "the password is a file that Connect reads: let the "
						  "relay have it, too");
			report_suggest(report, REPORT_POSTGRES, "password_file", path);
			break;
		case PLACEHOLDER_ENV:
			report_decide(report, REPORT_POSTGRES,
						  "the password was %s: set "
						  "PG_OUTBOX_POSTGRES_PASSWORD in the relay's "
						  "environment to what %s is there",
						  found->whole, found->key);
			break;
		case PLACEHOLDER_SECRET:
			report_decide(report, REPORT_POSTGRES,
						  "the password was key %s of %s: mount that into the "
						  "relay's container, and name the file",
						  found->key, found->path);
			report_suggest(report, REPORT_POSTGRES, "password_file", "");
			break;
		case PLACEHOLDER_OTHER:
			report_decide(report, REPORT_POSTGRES,
						  "the password came from %s, a provider of Connect's: "
						  "let it be written to a file, and name that",
						  found->provider);
			report_suggest(report, REPORT_POSTGRES, "password_file", "");
			break;
	}
}

/* Takes the password, which is never printed. */
static void
import_password(Import *import)
{
	const char *value = connector_take(import->connector, "database.password");
	Placeholder found;

	if (value == NULL)
		return;
	if (placeholder_find(value, &found) && found.is_all)
	{
		import_password_elsewhere(import, &found);
		return;
	}
	report_decide(import->report, REPORT_POSTGRES,
				  "the password stands in the connector, and is not repeated: "
				  "write it to a file that only the relay may read, or to "
				  "~/.pgpass");
	report_suggest(import->report, REPORT_POSTGRES, "password_file",
				   "/etc/pg_outbox/password");
}

void
import_database(Import *import)
{
	const char *keepalive =
		connector_take(import->connector, "database.tcpKeepAlive");

	import_plain(import);
	import_password(import);
	if (connector_take(import->connector, "database.sslpassword") != NULL)
		report_decide(import->report, REPORT_POSTGRES,
					  "the password of the key is not repeated: set "
					  "PG_OUTBOX_POSTGRES_SSLPASSWORD in the relay's "
					  "environment");
	if (keepalive != NULL && strcmp(keepalive, "false") == 0)
		report_set(import->report, REPORT_POSTGRES, "keepalives", "0",
				   "database.tcpKeepAlive");
	if (connector_find(import->connector, "database.dbname") == NULL)
		report_decide(import->report, REPORT_POSTGRES,
					  "the connector names no database (database.dbname)");
	if (connector_find(import->connector, "database.hostname") == NULL)
		report_decide(import->report, REPORT_POSTGRES,
					  "the connector names no server (database.hostname)");
	report_note(import->report, REPORT_OTHERWISE,
				"the role needs REPLICATION and LOGIN, and no right on any "
				"table; it need not be the connector's");
}
