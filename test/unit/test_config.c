/*-------------------------------------------------------------------------
 *
 * test_config.c
 *	  Tests of config/values.c and config/settings.c.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <unistd.h>

#include "config/values.h"

/* A file with a text in it; the name is valid until the next call. */
static const char *
file_with(const char *text)
{
	static char path[] = "/tmp/pg_outbox_test_config_XXXXXX";
	int fd;

	memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	return path;
}

/* Reads a text as a file; expected is the error behind the path, or NULL. */
static void
read_text(Config *config, const char *text, const char *expected)
{
	const char *path = file_with(text);
	Error err = {""};
	bool ok = config_read_file(config, path, &err);

	unlink(path);
	assert_int_equal(ok, expected == NULL);
	if (expected != NULL)
	{
		assert_memory_equal(err.text, path, strlen(path));
		assert_string_equal(err.text + strlen(path), expected);
	}
}

/* Checks what is wrong with a text. */
static void
assert_wrong(const char *text, const char *expected)
{
	Config *config = config_new();

	read_text(config, text, expected);
	config_free(config);
}

static void
defaults_hold_until_something_is_set(void **state)
{
	Config *config = config_new();

	(void) state;
	assert_string_equal(config_text(config, CONFIG_RELAY_SLOT), "pg_outbox");
	assert_int_equal(config_number(config, CONFIG_RELAY_INFLIGHT_BYTES),
					 16 * 1024 * 1024);
	assert_int_equal(config_number(config, CONFIG_RELAY_STATUS_INTERVAL),
					 10000);
	assert_int_equal(config_number(config, CONFIG_RELAY_SHUTDOWN_TIMEOUT),
					 30000);
	assert_null(config_foreign(config, "kafka", "bootstrap.servers"));
	assert_null(config_text(config, CONFIG_OUTBOX_TABLES));
	config_free(config);
}

static void
a_file_sets_keys_by_section(void **state)
{
	Config *config = config_new();
	const char *key;
	const char *value;
	size_t cursor = 0;

	(void) state;
	read_text(config,
			  "# comment\n; another\n\n"
			  "[postgres]\nhost = db.example\npassword=a=b#c;d\n"
			  "[kafka]\nbootstrap.servers: k1:9092,k2:9092\nlinger.ms = 5\n"
			  "[outbox]\ntopic = ${aggregate_type}.events\n"
			  "[relay]\ninflight_bytes = 1 GB\nstatus_interval=1min\n"
			  "[log]\nlevel=debug\n",
			  NULL);
	assert_string_equal(config_foreign(config, "postgres", "password"),
						"a=b#c;d");
	assert_string_equal(config_foreign(config, "kafka", "bootstrap.servers"),
						"k1:9092,k2:9092");
	assert_string_equal(config_text(config, CONFIG_OUTBOX_TOPIC),
						"${aggregate_type}.events");
	assert_int_equal(config_number(config, CONFIG_RELAY_INFLIGHT_BYTES),
					 1 << 30);
	assert_int_equal(config_number(config, CONFIG_RELAY_STATUS_INTERVAL),
					 60000);

	assert_true(config_next(config, "kafka", &cursor, &key, &value));
	assert_string_equal(key, "bootstrap.servers");
	assert_true(config_next(config, "kafka", &cursor, &key, &value));
	assert_string_equal(key, "linger.ms");
	assert_string_equal(value, "5");
	assert_false(config_next(config, "kafka", &cursor, &key, &value));
	config_free(config);
}

static void
what_is_wrong_in_a_file_is_told_with_its_line(void **state)
{
	char line[400];

	(void) state;
	assert_wrong("[relay]\nslot = a\nslto = b\n",
				 ":3: unknown key \"slto\" in section [relay]; did you mean "
				 "\"slot\"?");
	assert_wrong("[relay]\ncreate_slot = on\n",
				 ":2: unknown key \"create_slot\" in section [relay]: it was "
				 "removed; a slot that is made anew at a restart hides what "
				 "was lost with the old one, so create it once, with pg_outbox "
				 "create-slot --if-not-exists");
	assert_wrong("[relay]\nfrobnicate = b\n",
				 ":2: unknown key \"frobnicate\" in section [relay]");
	assert_wrong("[kafak]\na = b\n",
				 ":2: unknown section [kafak]; did you mean [kafka]?");
	assert_wrong("[frobnicate]\na = b\n",
				 ":2: unknown section [frobnicate]; there are [postgres], "
				 "[kafka], [outbox], [relay], [maintenance], [http] and "
				 "[log]");
	assert_wrong("slot = a\n",
				 ":1: unknown section []; there are [postgres], "
				 "[kafka], [outbox], [relay], [maintenance], [http] and "
				 "[log]");
	assert_wrong("[relay]\nslot = a\n\nslot = b\n",
				 ":4: \"slot\" is set twice in section [relay]");
	assert_wrong("[relay]\nnonsense\n",
				 ":2: neither [section], key = value, nor a comment");
	assert_wrong("[relay\n",
				 ":1: neither [section], key = value, nor a comment");
	assert_wrong("[relay]\n slot = a\n", ":2: the line begins with white "
										 "space");
	assert_wrong("[relay]\nslot = a\n b\n", ":3: the line begins with white "
											"space");
	assert_wrong("[outbox]\n key = a\n", ":2: the line begins with white "
										 "space");
	assert_wrong("[postgres]\npassword = half ;gone\n",
				 ":2: \" ;\" would begin a comment; put comments on lines of "
				 "their own, and such a value into the environment");
	snprintf(line, sizeof(line), "[kafka]\na = %0300d\n", 1);
	assert_wrong(line, ":2: the line is longer than 198 bytes; set "
					   "PG_OUTBOX_KAFKA_A in the environment instead");
	snprintf(line, sizeof(line), "[relay]\n[kafka]\nsasl.jaas-config: %0300d\n",
			 1);
	assert_wrong(line, ":3: the line is longer than 198 bytes; set "
					   "PG_OUTBOX_KAFKA_SASL_JAAS_CONFIG in the environment "
					   "instead");
	assert_wrong("[relay]\nslot = \"a\"\n",
				 ":2: the quotes would be part of the value of \"slot\"; leave "
				 "them out");
	assert_wrong("[postgres]\npassword='a b'\n",
				 ":2: the quotes would be part of the value of \"password\"; "
				 "leave them out");
	assert_wrong("[postgres]\npassword='\n", NULL);
	assert_wrong("[outbox]\nkey = \"Key\"\n", NULL);
	snprintf(line, sizeof(line), "[kafka]\na = %0194d\nb = c\n", 1);
	assert_wrong(line, NULL);
}

static void
options_may_have_several_lines(void **state)
{
	Config *config = config_new();

	(void) state;
	read_text(config,
			  "[outbox]\ntables = a.b,\n  c.d(key=id,\n\ttopic='x')\nkey = k\n",
			  NULL);
	assert_string_equal(config_text(config, CONFIG_OUTBOX_TABLES),
						"a.b, c.d(key=id, topic='x')");
	assert_string_equal(config_text(config, CONFIG_OUTBOX_KEY), "k");
	config_free(config);
}

static void
each_name_has_a_setting(void **state)
{
	(void) state;
	for (ConfigKey key = 0; key < N_SETTINGS; key++)
	{
		const Setting *setting = settings_get(key);

		assert_non_null(setting->section);
		assert_non_null(setting->description);
		assert_ptr_equal(settings_find(setting->section, setting->key),
						 setting);
	}
}

static void
values_are_checked(void **state)
{
	static const char *const bad[] = {
		"relay.slot=",
		"relay.slot=Upper",
		"relay.slot=a-b",
		("relay.slot=0123456789012345678901234567890123456789012345678901234567"
		 "890123"),
		"relay.inflight_bytes=16",
		"relay.inflight_bytes=MB",
		"relay.inflight_bytes=16mb",
		"relay.inflight_bytes=1kB",
		"relay.inflight_bytes=2GB",
		"relay.inflight_bytes=99999999999GB",
		"relay.inflight_bytes=99999999999999999999B",
		"relay.status_interval=0s",
		"relay.status_interval=-1s",
		"relay.status_interval=61s",
		"relay.status_interval=1 week",
		"relay.shutdown_timeout=2h",
		"log.level=warn",
	};
	static const char *const good[] = {
		"relay.slot=a_0",
		"relay.inflight_bytes=64kB",
		"relay.inflight_bytes=65536 B",
		"relay.status_interval=100ms",
		"relay.shutdown_timeout=0s",
		"relay.shutdown_timeout=1h",
		"log.level=warning",
		"outbox.headers=",
		"kafka.a.b.c=d=e",
		"postgres.password=",
	};
	Config *config = config_new();
	Error err;

	(void) state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		assert_false(config_assign(config, bad[i], &err));
		assert_non_null(strstr(err.text, "; allowed is "));
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(config_assign(config, good[i], &err));
	assert_string_equal(config_foreign(config, "kafka", "a.b.c"), "d=e");
	assert_string_equal(config_text(config, CONFIG_OUTBOX_HEADERS), "");
	config_free(config);
}

static void
an_assignment_that_is_none_is_not_repeated(void **state)
{
	static const char *const bad[] = {"", "secret", "relay.secret",
									  "secret=relay.x", "=secret."};
	Config *config = config_new();
	Error err;

	(void) state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		assert_false(config_assign(config, bad[i], &err));
		assert_string_equal(err.text, "-X: not of the form section.key=value");
	}
	config_free(config);
}

static void
the_environment_sets_keys(void **state)
{
	char *const environment[] = {
		"PG_OUTBOX_RELAY_SLOT=from_environment",
		"PG_OUTBOX_KAFKA_BOOTSTRAP_SERVERS=k:9092",
		"PG_OUTBOX_POSTGRES_PASSWORD=with = and ;",
		/* services called pg-outbox, pg-outbox-relay, pg-outbox-postgres */
		"PG_OUTBOX_SERVICE_HOST=10.0.0.1",
		"PG_OUTBOX_SERVICE_PORT=80",
		"PG_OUTBOX_SERVICE_PORT_HTTP=80",
		"PG_OUTBOX_PORT=tcp://10.0.0.1:80",
		"PG_OUTBOX_PORT_80_TCP=tcp://10.0.0.1:80",
		"PG_OUTBOX_PORT_80_TCP_PROTO=tcp",
		"PG_OUTBOX_PORT_80_TCP_PORT=80",
		"PG_OUTBOX_PORT_80_TCP_ADDR=10.0.0.1",
		"PG_OUTBOX_RELAY_SERVICE_HOST=10.0.0.1",
		"PG_OUTBOX_POSTGRES_PORT=tcp://10.0.0.1:5432",
		"PG_OUTBOX_POSTGRES_PORT_5432_TCP_ADDR=10.0.0.1",
		"HOME=/root",
		"RELAY_SLOT=x",
		NULL,
	};
	static const char *const wrong[][2] = {
		{"PG_OUTBOX_RELAY_SLTO=x",
		 "PG_OUTBOX_RELAY_SLTO: unknown key \"slto\" in section [relay]; did "
		 "you mean \"slot\"?"},
		{"PG_OUTBOX_KAKFA_LINGER_MS=5",
		 "PG_OUTBOX_KAKFA_LINGER_MS: unknown section [kakfa]; did you mean "
		 "[kafka]?"},
		{"PG_OUTBOX_NONSENSE_X=1",
		 "PG_OUTBOX_NONSENSE_X: unknown section [nonsense]; there are "
		 "[postgres], [kafka], [outbox], [relay], [maintenance], [http] and "
		 "[log]"},
		{"PG_OUTBOX_RELAY=x",
		 "PG_OUTBOX_RELAY: not of the form PG_OUTBOX_SECTION_KEY"},
	};
	char *const postgres_port[] = {"PG_OUTBOX_POSTGRES_PORT=5433", NULL};
	Config *config = config_new();
	Error err = {""};

	(void) state;
	assert_true(config_read_environ(config, environment, &err));
	assert_null(config_foreign(config, "postgres", "port"));
	assert_true(config_read_environ(config, postgres_port, &err));
	assert_string_equal(config_foreign(config, "postgres", "port"), "5433");
	assert_string_equal(config_text(config, CONFIG_RELAY_SLOT),
						"from_environment");
	assert_string_equal(config_foreign(config, "kafka", "bootstrap.servers"),
						"k:9092");
	assert_string_equal(config_foreign(config, "postgres", "password"),
						"with = and ;");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
	{
		char *const variables[] = {(char *) wrong[i][0], NULL};

		assert_false(config_read_environ(config, variables, &err));
		assert_string_equal(err.text, wrong[i][1]);
	}
	config_free(config);
}

static void
the_later_setting_wins(void **state)
{
	char *const environment[] = {"PG_OUTBOX_RELAY_SLOT=second", NULL};
	Config *config = config_new();
	Error err;

	(void) state;
	read_text(config, "[relay]\nslot = first\n", NULL);
	assert_true(config_read_environ(config, environment, &err));
	assert_string_equal(config_text(config, CONFIG_RELAY_SLOT), "second");
	assert_true(config_assign(config, "relay.slot=third", &err));
	assert_string_equal(config_text(config, CONFIG_RELAY_SLOT), "third");
	config_free(config);
}

static void
names_of_libraries_are_checked_by_their_owners(void **state)
{
	static const char *const known[] = {"host", "port", NULL};
	Config *config = config_new();
	Error err;

	(void) state;
	read_text(config, "[postgres]\nhost = a\n[kafka]\nx = y\n", NULL);
	assert_true(config_check_names(config, "postgres", known, &err));
	assert_true(config_assign(config, "postgres.hots=b", &err));
	assert_false(config_check_names(config, "postgres", known, &err));
	assert_string_equal(err.text, "-X: unknown key \"hots\" in section "
								  "[postgres]; did you mean \"host\"?");
	config_free(config);
}

/* Keys that a library has. */
static const char *const *
library_names(void)
{
	static const char *const names[] = {"host", "port", NULL};

	return names;
}

static void
a_key_of_another_section_is_known(void **state)
{
	static const char *const wrong[][2] = {
		{"relay.tables=x",
		 "-X: unknown key \"tables\" in section [relay]; it belongs to section "
		 "[outbox]"},
		{"outbox.slot=x", "-X: unknown key \"slot\" in section [outbox]; it "
						  "belongs to section [relay]"},
		{"log.tabels=x", "-X: unknown key \"tabels\" in section [log]; did you "
						 "mean \"tables\" in section [outbox]?"},
		{"relay.host=x", "-X: unknown key \"host\" in section [relay]; it "
						 "belongs to section [postgres]"},
		{"relay.solt=x",
		 "-X: unknown key \"solt\" in section [relay]; did you mean "
		 "\"slot\"?"},
		{"relay.frobnicate=x", "-X: unknown key \"frobnicate\" in section "
							   "[relay]"},
	};
	Config *config = config_new();
	Error err;

	(void) state;
	config_describe("postgres", library_names);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
	{
		assert_false(config_assign(config, wrong[i][0], &err));
		assert_string_equal(err.text, wrong[i][1]);
	}
	config_free(config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_of_another_section_is_known),
		cmocka_unit_test(defaults_hold_until_something_is_set),
		cmocka_unit_test(a_file_sets_keys_by_section),
		cmocka_unit_test(what_is_wrong_in_a_file_is_told_with_its_line),
		cmocka_unit_test(options_may_have_several_lines),
		cmocka_unit_test(each_name_has_a_setting),
		cmocka_unit_test(values_are_checked),
		cmocka_unit_test(an_assignment_that_is_none_is_not_repeated),
		cmocka_unit_test(the_environment_sets_keys),
		cmocka_unit_test(the_later_setting_wins),
		cmocka_unit_test(names_of_libraries_are_checked_by_their_owners),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
