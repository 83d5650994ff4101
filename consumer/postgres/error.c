/*-------------------------------------------------------------------------
 *
 * postgres/error.c
 *	  What an error of PostgreSQL means: the one table of SQLSTATEs.
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/exit.h"
#include "postgres/error.h"

/* Adds to err what repairs it, or says it in other words than the server. */
typedef void (*Remedy)(const PgSituation *situation, Error *err);

/* Where an error has to come from for a line of the table to hold. */
typedef enum Source
{
	ANYWHERE,
	CONNECTING,
	PLUGIN /* a callback of the output plugin */
} Source;

/* One line of the table. */
typedef struct Rule
{
	const char *state; /* the SQLSTATE, or how it begins */
	const char *text;  /* in message or detail, of any case; NULL: any */
	Source source;
	PgErrorClass class;
	Remedy remedy; /* NULL: the server's words say it */
} Rule;

/* Writes an identifier as SQL wants it. */
static const char *
quote_identifier(const char *name, char *quoted, size_t size)
{
	size_t len = 0;

	if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name) &&
		!isdigit((unsigned char) name[0]) && name[0] != '\0')
		return name;
	quoted[len++] = '"';
	for (; *name != '\0' && len < size - 3; name++)
	{
		if (*name == '"')
			quoted[len++] = '"';
		quoted[len++] = *name;
	}
	quoted[len++] = '"';
	quoted[len] = '\0';
	return quoted;
}

/* A proxy for SQL sits where the server should be. */
static void
connect_past_pooler(const PgSituation *situation, Error *err)
{
	(void) situation;
	error_set(err,
			  "%s; host and port are those of a connection pooler, which "
			  "cannot carry replication: connect past it, to PostgreSQL itself",
			  err->text);
}

/* The role may not start a walsender (postinit.c, InitPostgres). */
static void
grant_replication(const PgSituation *situation, Error *err)
{
	char quoted[140];
	const char *role = situation->role != NULL ? situation->role : "...";

	role = quote_identifier(role, quoted, sizeof(quoted));
	error_set(err, "%s; as a superuser: ALTER ROLE %s REPLICATION;", err->text,
			  role);
}

/* The server does not allow the plugin (logical.c, LoadOutputPlugin). */
static void
allow_plugin(const PgSituation *situation, Error *err)
{
	error_set(err,
			  "the server does not allow the output plugin pg_outbox; as a "
			  "superuser: ALTER SYSTEM SET output_plugin_libraries = %s, "
			  "pg_outbox; SELECT pg_reload_conf();",
			  situation->libraries != NULL ? situation->libraries
										   : "pgoutput, test_decoding");
}

static void
install_plugin(const PgSituation *situation, Error *err)
{
	(void) situation;
	error_set(err, "the output plugin pg_outbox is not installed on this "
				   "server; install pg_outbox.so there (make install)");
}

static void
build_plugin(const PgSituation *situation, Error *err)
{
	(void) situation;
	error_set(err,
			  "%s; install the pg_outbox.so that was built for this version "
			  "of PostgreSQL",
			  err->text);
}

static void
raise_wal_level(const PgSituation *situation, Error *err)
{
	(void) situation;
	error_set(err,
			  "%s; as a superuser: ALTER SYSTEM SET wal_level = logical; "
			  "then restart the server",
			  err->text);
}

static void
wait_for_promotion(const PgSituation *situation, Error *err)
{
	(void) situation;
	error_set(err,
			  "%s; the server is a standby: name the primary, or all servers "
			  "and target_session_attrs = read-write in section [postgres]",
			  err->text);
}

/* What the slot had kept is gone. */
static void
replace_slot(const PgSituation *situation, Error *err)
{
	error_set(err,
			  "%s; what it had not confirmed is lost to it: pg_outbox "
			  "drop-slot and create-slot --slot %s, publish the rows that "
			  "are missing by other means, and raise max_slot_wal_keep_size",
			  err->text, situation->slot);
}

static void
create_slot(const PgSituation *situation, Error *err)
{
	error_set(err,
			  "slot \"%s\" does not exist; create it with: pg_outbox "
			  "create-slot --slot %s (events committed before that are not in "
			  "it)",
			  situation->slot, situation->slot);
}

static void
raise_max_slots(const PgSituation *situation, Error *err)
{
	(void) situation;
	error_set(err,
			  "%s; drop a slot that is not needed, or raise "
			  "max_replication_slots and restart the server",
			  err->text);
}

static void
raise_max_senders(const PgSituation *situation, Error *err)
{
	(void) situation;
	error_set(err, "%s; raise max_wal_senders and restart the server",
			  err->text);
}

/*
 * The first line that fits holds.  States are those of errcodes.txt, texts
 * those of the sources that are named.  What is not here is refused: nobody
 * knows that it would pass.
 */
static const Rule rules[] = {
	/* Poolers: PgBouncer (client.c), Amazon's RDS Proxy; one that drops the
	 * parameter "replication" takes the first command for SQL. */
	{"", "startup parameter", CONNECTING, PG_ERROR_CONFIG, connect_past_pooler},
	{"0A000", "RDS Proxy", CONNECTING, PG_ERROR_CONFIG, connect_past_pooler},
	{"42601", "IDENTIFY_SYSTEM", ANYWHERE, PG_ERROR_CONFIG,
	 connect_past_pooler},

	/* The slot (slot.c, walsender.c, logical.c). */
	{"55006", NULL, ANYWHERE, PG_ERROR_BUSY, NULL},
	{"42704", "replication slot", ANYWHERE, PG_ERROR_MISSING, create_slot},
	{"53400", "replication slots", ANYWHERE, PG_ERROR_NO_SLOT, raise_max_slots},
	{"55000", "wal_level", ANYWHERE, PG_ERROR_REFUSED, raise_wal_level},
	{"55000", "in recovery", ANYWHERE, PG_ERROR_LOST, wait_for_promotion},
	{"0A000", "in recovery", ANYWHERE, PG_ERROR_LOST, wait_for_promotion},
	{"55000", "being synchronized", ANYWHERE, PG_ERROR_LOST,
	 wait_for_promotion},
	{"55000", "invalidated", ANYWHERE, PG_ERROR_REFUSED, replace_slot},
	{"55000", "can no longer", ANYWHERE, PG_ERROR_REFUSED, replace_slot},
	{"58P01", "requested WAL segment", ANYWHERE, PG_ERROR_REFUSED,
	 replace_slot},

	/* The plugin (dfmgr.c, logical.c). */
	{"42501", "output plugin", ANYWHERE, PG_ERROR_REFUSED, allow_plugin},
	{"58P01", "could not access file \"pg_outbox\"", ANYWHERE, PG_ERROR_REFUSED,
	 install_plugin},
	{"", "could not load library", ANYWHERE, PG_ERROR_REFUSED, build_plugin},
	{"", "incompatible library", ANYWHERE, PG_ERROR_REFUSED, build_plugin},

	/* The decoder's options, and how they fit the tables. */
	{"42P01", NULL, PLUGIN, PG_ERROR_TABLE, NULL},
	{"22", NULL, PLUGIN, PG_ERROR_CONFIG, NULL},
	{"42601", NULL, PLUGIN, PG_ERROR_CONFIG, NULL},
	{"42602", NULL, PLUGIN, PG_ERROR_CONFIG, NULL},
	{"42703", NULL, PLUGIN, PG_ERROR_CONFIG, NULL},
	{"42804", NULL, PLUGIN, PG_ERROR_CONFIG, NULL},
	{"42809", NULL, PLUGIN, PG_ERROR_CONFIG, NULL},

	/* What [postgres] says: its options, the role, the database. */
	{"22", NULL, CONNECTING, PG_ERROR_CONFIG, NULL},
	{"42704", NULL, CONNECTING, PG_ERROR_CONFIG, NULL},
	{"42501", "replication role", ANYWHERE, PG_ERROR_REFUSED,
	 grant_replication},
	{"42501", "replication attribute", ANYWHERE, PG_ERROR_REFUSED,
	 grant_replication},
	{"28", NULL, ANYWHERE, PG_ERROR_DENIED, NULL},

	/* What passes: lost connections, conflicts, too little of something, the
	 * administrator or a shutdown, the system below. */
	{"08", NULL, ANYWHERE, PG_ERROR_LOST, NULL},
	{"40", NULL, ANYWHERE, PG_ERROR_LOST, NULL},
	{"53300", "max_wal_senders", ANYWHERE, PG_ERROR_NO_SENDER,
	 raise_max_senders},
	{"53", NULL, ANYWHERE, PG_ERROR_LOST, NULL},
	{"55P03", NULL, ANYWHERE, PG_ERROR_LOST, NULL},
	{"57", NULL, ANYWHERE, PG_ERROR_LOST, NULL},
	{"58", NULL, ANYWHERE, PG_ERROR_LOST, NULL},
	{"XX", NULL, ANYWHERE, PG_ERROR_LOST, NULL},
};

#define N_RULES (sizeof(rules) / sizeof(rules[0]))

/* Tells whether a text has a part; of no text it is false. */
static bool
contains(const char *text, const char *part)
{
	return text != NULL && strcasestr(text, part) != NULL;
}

/* Tells whether an error comes from where a rule wants it. */
static bool
is_from(const PgReport *report, Source source)
{
	switch (source)
	{
		case CONNECTING:
			return report->connecting;
		case PLUGIN:
			/* logical.c, output_plugin_error_callback */
			return contains(report->context, "output plugin");
		case ANYWHERE:
			break;
	}
	return true;
}

/* Finds what the table says of an error; NULL: nothing. */
static const Rule *
find_rule(const PgReport *report)
{
	for (size_t i = 0; i < N_RULES; i++)
	{
		const Rule *rule = &rules[i];

		if (strncmp(report->state, rule->state, strlen(rule->state)) == 0 &&
			is_from(report, rule->source) &&
			(rule->text == NULL || contains(report->message, rule->text) ||
			 contains(report->detail, rule->text)))
			return rule;
	}
	return NULL;
}

/* Begins another sentence behind what is there. */
static void
append_sentence(Error *err, const char *before, const char *sentence)
{
	size_t len = strlen(err->text);
	bool ended = len > 0 && err->text[len - 1] == '.';

	if (sentence != NULL && *sentence != '\0')
		error_set(err, "%s%s %s%s", err->text, ended ? "" : ".", before,
				  sentence);
}

/* Writes a report in one line. */
static void
write_report(const PgReport *report, Error *err)
{
	error_set(err, "%s", report->message);
	append_sentence(err, "", report->detail);
	append_sentence(err, "Hint: ", report->hint);
	if (report->context != NULL && *report->context != '\0')
		error_set(err, "%s (%s)", err->text, report->context);
}

/* A remedy goes on in the sentence, so the last one must not have ended. */
static void
add_remedy(const Rule *rule, const PgSituation *situation, Error *err)
{
	size_t len = strlen(err->text);

	if (len > 0 && err->text[len - 1] == '.')
		err->text[len - 1] = '\0';
	rule->remedy(situation, err);
}

PgErrorClass
pgerror_judge(const PgReport *report, const PgSituation *situation, Error *err)
{
	const Rule *rule;

	write_report(report, err);
	if (report->state == NULL)
		return PG_ERROR_LOST;
	rule = find_rule(report);
	if (rule == NULL)
		return PG_ERROR_REFUSED;
	if (rule->remedy != NULL)
		add_remedy(rule, situation, err);
	return rule->class;
}

int
pgerror_exit_status(PgErrorClass error_class)
{
	switch (error_class)
	{
		case PG_ERROR_LOST:
		case PG_ERROR_BUSY:
		case PG_ERROR_TABLE:
		case PG_ERROR_NO_SENDER:
			break;
		case PG_ERROR_CONFIG:
			return EXIT_USAGE;
		case PG_ERROR_MISSING:
		case PG_ERROR_NO_SLOT:
		case PG_ERROR_DENIED:
		case PG_ERROR_REFUSED:
			return EXIT_PERSON;
	}
	return EXIT_FAILED;
}
