/*-------------------------------------------------------------------------
 *
 * test_pgerror.c
 *	  Tests of postgres/error.c: what PostgreSQL's errors mean.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "base/exit.h"
#include "postgres/error.h"

#define IN_PLUGIN \
	"slot \"s\", output plugin \"pg_outbox\", in the startup callback"

static const PgSituation situation = {.slot = "s", .role = "Relay"};

/* The class of an error whose words say no more than its SQLSTATE. */
static PgErrorClass
class_of(PgReport report)
{
	Error err;

	if (report.message == NULL)
		report.message = "words";
	return pgerror_judge(&report, &situation, &err);
}

/* Checks an error's class and that its text has a part. */
static void
assert_judged(PgReport report, PgErrorClass class, const char *part)
{
	Error err;

	assert_int_equal(pgerror_judge(&report, &situation, &err), class);
	if (strstr(err.text, part) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", part, err.text);
}

static void
every_state_has_its_class(void **state)
{
	static const struct
	{
		const char *state;
		PgErrorClass class;
	} expected[] = {
		/* connections, conflicts, resources, operators, the system */
		{"08000", PG_ERROR_LOST},
		{"08003", PG_ERROR_LOST},
		{"08006", PG_ERROR_LOST},
		{"08P01", PG_ERROR_LOST},
		{"40001", PG_ERROR_LOST},
		{"40P01", PG_ERROR_LOST},
		{"53000", PG_ERROR_LOST},
		{"53100", PG_ERROR_LOST},
		{"53200", PG_ERROR_LOST},
		{"53300", PG_ERROR_LOST},
		{"53400", PG_ERROR_LOST},
		{"55P03", PG_ERROR_LOST},
		{"57014", PG_ERROR_LOST},
		{"57P01", PG_ERROR_LOST},
		{"57P02", PG_ERROR_LOST},
		{"57P03", PG_ERROR_LOST},
		{"57P04", PG_ERROR_LOST},
		{"57P05", PG_ERROR_LOST},
		{"58000", PG_ERROR_LOST},
		{"58030", PG_ERROR_LOST},
		{"58P01", PG_ERROR_LOST},
		{"XX000", PG_ERROR_LOST},
		{"XX001", PG_ERROR_LOST},
		/* the slot, the role, the database */
		{"55006", PG_ERROR_BUSY},
		{"55000", PG_ERROR_REFUSED},
		{"42501", PG_ERROR_REFUSED},
		{"28000", PG_ERROR_DENIED},
		{"28P01", PG_ERROR_DENIED},
		{"3D000", PG_ERROR_REFUSED},
		{"0A000", PG_ERROR_REFUSED},
		/* what nobody thought of */
		{"22023", PG_ERROR_REFUSED},
		{"42P01", PG_ERROR_REFUSED},
		{"42710", PG_ERROR_REFUSED},
		{"F0000", PG_ERROR_REFUSED},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
	{
		PgErrorClass class = class_of((PgReport){.state = expected[i].state});

		if (class != expected[i].class)
			fail_msg("%s is of class %d", expected[i].state, class);
	}
	/* Without one it is not the server that spoke. */
	assert_int_equal(class_of((PgReport){.connecting = true}), PG_ERROR_LOST);
}

static void
the_plugin_speaks_of_options_and_tables(void **state)
{
	static const char *const options[] = {"22023", "2201B", "42601", "42602",
										  "42703", "42804", "42809"};
	PgReport report = {.message = "option \"key\": no", .context = IN_PLUGIN};

	(void) state;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
	{
		report.state = options[i];
		assert_int_equal(class_of(report), PG_ERROR_CONFIG);
	}
	report.state = "42P01";
	report.hint = "Create it.";
	assert_judged(report, PG_ERROR_TABLE,
				  "option \"key\": no. Hint: Create it. (" IN_PLUGIN ")");
	report.state = "57014";
	assert_int_equal(class_of(report), PG_ERROR_LOST);
}

static void
the_same_state_may_mean_several_things(void **state)
{
	(void) state;
	assert_judged((PgReport){.state = "58P01",
							 .message =
								 "could not access file \"pg_outbox\": No such "
								 "file or directory"},
				  PG_ERROR_REFUSED, "is not installed on this server");
	assert_judged((PgReport){.state = "58P01",
							 .message = "requested WAL segment "
										"000000010000000000000001 "
										"has already been removed"},
				  PG_ERROR_REFUSED, "what it had not confirmed is lost to it");
	assert_judged((PgReport){.state = "58P01",
							 .message = "could not open file \"base/1/2\""},
				  PG_ERROR_LOST, "could not open file");
	assert_judged((PgReport){.state = "XX000",
							 .message =
								 "could not load library \"pg_outbox.so\": "
								 "undefined symbol: x"},
				  PG_ERROR_REFUSED, "built for this version of PostgreSQL");
	/* A decoder of another version (decoder/option_readers.c). */
	assert_judged((PgReport){.state = "0A000",
							 .message = "plugin pg_outbox writes lines of "
										"version 2, and the client reads "
										"version \"1\"",
							 .context =
								 "slot \"s\", output plugin "
								 "\"pg_outbox\", in the startup callback"},
				  PG_ERROR_REFUSED, "the client reads version");
	assert_judged((PgReport){.state = "42704",
							 .message = "replication slot \"s\" does not "
										"exist"},
				  PG_ERROR_MISSING, "create it with: pg_outbox create-slot");
	assert_judged((PgReport){.state = "42704",
							 .connecting = true,
							 .message = "unrecognized configuration parameter "
										"\"x\""},
				  PG_ERROR_CONFIG, "unrecognized");
	assert_judged((PgReport){.state = "53400",
							 .message = "all replication slots are in use"},
				  PG_ERROR_NO_SLOT, "max_replication_slots");
	assert_judged((PgReport){.state = "53300",
							 .connecting = true,
							 .message = "number of requested standby "
										"connections exceeds max_wal_senders "
										"(currently 1)"},
				  PG_ERROR_NO_SENDER, "raise max_wal_senders");
}

static void
slots_that_cannot_be_read(void **state)
{
	(void) state;
	assert_judged(
		(PgReport){.state = "55000",
				   .message = "cannot read from logical replication slot \"s\"",
				   .detail = "This slot has been invalidated because it "
							 "exceeded the maximum reserved size."},
		PG_ERROR_REFUSED, "maximum reserved size; what it had not confirmed");
	assert_judged((PgReport){.state = "55000",
							 .message =
								 "can no longer access replication slot \"s\""},
				  PG_ERROR_REFUSED, "drop-slot and create-slot --slot s");
	assert_judged((PgReport){.state = "55000",
							 .message = "logical decoding requires wal_level "
										">= logical"},
				  PG_ERROR_REFUSED, "ALTER SYSTEM SET wal_level = logical;");
	assert_judged((PgReport){.state = "0A000",
							 .message = "logical decoding cannot be used while "
										"in recovery"},
				  PG_ERROR_LOST, "the server is a standby");
}

static void
rights_have_their_remedy(void **state)
{
	PgReport report = {.state = "42501",
					   .connecting = true,
					   .message = "must be superuser or replication role to "
								  "start walsender"};

	(void) state;
	assert_judged(report, PG_ERROR_REFUSED,
				  "as a superuser: ALTER ROLE \"Relay\" REPLICATION;");
	report.message = "permission denied to start WAL sender";
	report.detail = "Only roles with the REPLICATION attribute may start a "
					"WAL sender process.";
	assert_judged(report, PG_ERROR_REFUSED, "ALTER ROLE");
	assert_judged((PgReport){.state = "42501",
							 .message = "library \"pg_outbox\" may not be used "
										"as an output plugin"},
				  PG_ERROR_REFUSED,
				  "SET output_plugin_libraries = pgoutput, test_decoding, "
				  "pg_outbox;");
}

static void
a_pooler_is_recognized(void **state)
{
	(void) state;
	assert_judged((PgReport){.state = "08P01",
							 .connecting = true,
							 .message = "unsupported startup parameter: "
										"replication"},
				  PG_ERROR_CONFIG, "connect past it");
	assert_judged((PgReport){.state = "0A000",
							 .connecting = true,
							 .message = "RDS Proxy does not support this"},
				  PG_ERROR_CONFIG, "connect past it");
	assert_judged((PgReport){.state = "42601",
							 .message = "syntax error at or near "
										"\"IDENTIFY_SYSTEM\""},
				  PG_ERROR_CONFIG, "connect past it");
}

static void
classes_have_exit_statuses(void **state)
{
	(void) state;
	assert_int_equal(pgerror_exit_status(PG_ERROR_LOST), EXIT_FAILED);
	assert_int_equal(pgerror_exit_status(PG_ERROR_BUSY), EXIT_FAILED);
	assert_int_equal(pgerror_exit_status(PG_ERROR_TABLE), EXIT_FAILED);
	assert_int_equal(pgerror_exit_status(PG_ERROR_NO_SENDER), EXIT_FAILED);
	assert_int_equal(pgerror_exit_status(PG_ERROR_CONFIG), EXIT_USAGE);
	assert_int_equal(pgerror_exit_status(PG_ERROR_MISSING), EXIT_PERSON);
	assert_int_equal(pgerror_exit_status(PG_ERROR_NO_SLOT), EXIT_PERSON);
	assert_int_equal(pgerror_exit_status(PG_ERROR_DENIED), EXIT_PERSON);
	assert_int_equal(pgerror_exit_status(PG_ERROR_REFUSED), EXIT_PERSON);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_has_its_class),
		cmocka_unit_test(the_plugin_speaks_of_options_and_tables),
		cmocka_unit_test(the_same_state_may_mean_several_things),
		cmocka_unit_test(slots_that_cannot_be_read),
		cmocka_unit_test(rights_have_their_remedy),
		cmocka_unit_test(a_pooler_is_recognized),
		cmocka_unit_test(classes_have_exit_statuses),
	};

	return cmocka_run_group_tests_name("pgerror", tests, NULL, NULL);
}
