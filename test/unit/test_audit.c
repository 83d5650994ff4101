/*-------------------------------------------------------------------------
 *
 * test_audit.c
 *	  Tests of audit/words.c, audit/entries.c, audit/sql.c, audit/ids.c and
 *	  audit/kept.c.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "audit/entries.h"
#include "audit/ids.h"
#include "audit/kept.h"
#include "audit/sql.h"
#include "audit/words.h"
#include "base/memory.h"

/* Reads all tables of a value; the caller frees both. */
static AuditEntries
read_entries(Config **config, const char *tables)
{
	AuditEntries entries;
	Error err;

	*config = config_new();
	assert_true(config_set(*config, "outbox", "tables", tables, "test", &err));
	assert_true(audit_entries_read(&entries, *config, &err));
	return entries;
}

static void
names_are_read_as_in_sql(void **state)
{
	static const struct
	{
		const char *text;
		const char *name; /* NULL: there is none */
		const char *rest;
	} cases[] = {
		{"Plain_1$ x", "plain_1$", " x"},
		{"\"Odd \"\"name\"\"\",", "Odd \"name\"", ","},
		{"\"unclosed", NULL, "\"unclosed"},
		{"\"\"", NULL, "\"\""},
		{"1st", NULL, "1st"},
		{"été|x", "été", "|x"},
		{"a123456789012345678901234567890123456789012345678901234567890123456",
		 "a12345678901234567890123456789012345678901234567890123456789012", ""},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const char *p = cases[i].text;
		char *name = words_identifier(&p);

		if (cases[i].name == NULL)
			assert_null(name);
		else
			assert_string_equal(name, cases[i].name);
		assert_string_equal(p, cases[i].rest);
		free(name);
	}
}

static void
tables_are_read_with_their_options(void **state)
{
	Config *config;
	AuditEntries entries =
		read_entries(&config, "public.outbox, \"A_%\".\"x.y\" , tenant_*.o*x"
							  "(key=id, topic='a ''${b}'', c)', where=x IN "
							  "(1, 2)),app.plain");

	(void) state;
	assert_int_equal(entries.count, 4);
	assert_string_equal(entries.items[0].schema, "public");
	assert_string_equal(entries.items[0].table, "outbox");
	/* What LIKE takes for wildcards is itself in quotes. */
	assert_string_equal(entries.items[1].schema, "A\\_\\%");
	assert_string_equal(entries.items[1].table, "x.y");
	assert_string_equal(entries.items[1].source, "\"A_%\".\"x.y\"");
	assert_string_equal(entries.items[2].schema, "tenant\\_%");
	assert_string_equal(entries.items[2].table, "o%x");
	assert_string_equal(audit_option(&entries, &entries.items[2], "topic"),
						"a '${b}', c)");
	assert_string_equal(audit_option(&entries, &entries.items[2], "where"),
						"x IN (1, 2)");
	assert_null(audit_option(&entries, &entries.items[3], "where"));
	audit_entries_free(&entries);
	config_free(config);
}

static void
tables_that_cannot_be_read_are_refused(void **state)
{
	static const char *const bad[] = {"",      "outbox",       "a.b(",
									  "a.b(x", "a.b(x=1",      "a.b c",
									  "a.b,",  "a.\"unclosed", "a.b(x='1)"};
	AuditEntries entries;
	Error err;

	(void) state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		Config *config = config_new();

		assert_true(
			config_set(config, "outbox", "tables", bad[i], "test", &err));
		assert_false(audit_entries_read(&entries, config, &err));
		assert_non_null(strstr(err.text, "option \"tables\""));
		audit_entries_free(&entries);
		config_free(config);
	}
}

static void
a_table_s_own_options_win(void **state)
{
	Config *config;
	AuditEntries entries =
		read_entries(&config, "a.one(topic=x), a.two, a.three(route_by=y)");
	Error err;

	(void) state;
	assert_false(audit_is_routed(&entries, &entries.items[1]));
	assert_true(audit_is_routed(&entries, &entries.items[2]));
	assert_true(
		config_set(config, "outbox", "route_regex", "(.*)", "test", &err));
	assert_false(audit_is_routed(&entries, &entries.items[0]));
	assert_true(audit_is_routed(&entries, &entries.items[1]));
	assert_string_equal(audit_option(&entries, &entries.items[1],
									 "route_regex"),
						"(.*)");
	audit_entries_free(&entries);
	config_free(config);
}

/* A table with columns of these types. */
static AuditColumn column_items[] = {
	{"id", "uuid"},        {"aggregatetype", "varchar"},
	{"Odd \"x\"", "text"}, {"tenant_id", "int4"},
	{"hash", "bytea"},     {"at", "timestamptz"},
};
static const AuditColumns columns = {
	.table = "public.outbox",
	.schema_name = "public",
	.table_name = "it's",
	.items = column_items,
	.count = sizeof(column_items) / sizeof(column_items[0]),
};

/* Ends what was written: the text, which is the caller's, or NULL. */
static char *
end_text(FILE *out, char **text, bool ok)
{
	fclose(out);
	if (ok)
		return *text;
	free(*text);
	return NULL;
}

/* What a function writes; the text is the caller's. */
static char *
template_of(const char *value, Error *err)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool ok = audit_sql_template(out, "topic", value, &columns, err);

	return end_text(out, &text, ok);
}

static void
templates_become_sql(void **state)
{
	static const struct
	{
		const char *value;
		const char *sql;
	} good[] = {
		{"${aggregate_type|aggregatetype}.events",
		 "('' || \"aggregatetype\"::text || '.events')"},
		{"all", "('' || 'all')"},
		{"${ \"Odd \"\"x\"\"\" }-${Tenant_ID}",
		 "('' || \"Odd \"\"x\"\"\"::text || '-' || \"tenant_id\"::text)"},
		{"$schema.${$table}$9", "('' || 'public' || '.' || 'it''s' || '$' || "
								"'9')"},
		{"${hash}",
		 "('' || translate(encode(\"hash\", 'base64'), E'\\n', ''))"},
	};
	static const struct
	{
		const char *value;
		const char *error;
	} bad[] = {
		{"${nope}", "table public.outbox has no column nope, which option "
					"\"topic\" needs"},
		{"${at}", "column \"at\" of table public.outbox, which option "
				  "\"topic\" names, has type timestamptz: audit compares no "
				  "times"},
		{"${id", "option \"topic\": cannot be read at \"\""},
		{"${}", "option \"topic\": cannot be read at \"}\""},
	};
	Error err;

	(void) state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
	{
		char *sql = template_of(good[i].value, &err);

		assert_string_equal(sql, good[i].sql);
		free(sql);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		assert_null(template_of(bad[i].value, &err));
		assert_string_equal(err.text, bad[i].error);
	}
}

/* What the Event Router's options make; the text is the caller's. */
static char *
route_of(const char *regex, const char *replacement, Error *err)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool ok = audit_sql_route(out, "aggregatetype", regex, replacement,
							  &columns, err);

	return end_text(out, &text, ok);
}

static void
routes_become_sql(void **state)
{
	Error err;
	char *sql = route_of("(?<routedByValue>.*)", "o.${routedByValue}\\-", &err);

	(void) state;
	assert_string_equal(sql, "('' || 'o' || '.' || \"aggregatetype\"::text || "
							 "'-')");
	free(sql);
	sql = route_of("(.*)", "$1", &err);
	assert_string_equal(sql, "('' || \"aggregatetype\"::text)");
	free(sql);
	assert_null(route_of("(.*)-v1", "$1", &err));
	assert_non_null(strstr(err.text, "--topics REGEX"));
	assert_null(route_of("(.*)", "$2", &err));
}

/* What a condition becomes; the text is the caller's. */
static char *
condition_of(const char *value, Error *err)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool ok = audit_sql_condition(out, value, err);

	return end_text(out, &text, ok);
}

static void
conditions_hold_nothing_but_what_the_decoder_knows(void **state)
{
	static const char *const bad[] = {"a = 1; DROP TABLE b",
									  "f(x) + 1",
									  "a::text = 'x'",
									  "a = 'open",
									  "a = -",
									  "a -- b"};
	Error err;
	char *sql = condition_of("User = 'it''s' AND (n IN (1,-2) or NOT ok) and "
							 "\"In\" is not null",
							 &err);

	(void) state;
	assert_string_equal(sql, "\"user\" = 'it''s' and  ( \"n\" in  (  1  ,  -2  "
							 ")  or  not "
							 "\"ok\" )  and \"In\" is  not  null ");
	free(sql);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		assert_null(condition_of(bad[i], &err));
		assert_non_null(strstr(err.text, "option \"where\""));
	}
}

static void
the_header_of_the_id_is_found(void **state)
{
	static const struct
	{
		const char *headers;
		const char *id;
		const char *header; /* NULL: none */
	} cases[] = {
		{"id,event_type:eventType", "id", "id"},
		{"event_type:eventType, id : ce_id", "id", "ce_id"},
		{"ID:\"The Id\"", "id", "The Id"},
		{"'a, id':x, $position:pos, event_id:e", "event_id", "e"},
		{"id", "\"event id\"", "id"},
		{"\"event id\"", "\"event id\"", "event id"},
		{"attributes:*,id:x", "id", "x"},
		{"event_type:id", "id", NULL},
		{"", "id", NULL},
		{"id:*", "id", NULL},
		{"event_type eventType", "id", NULL},
	};
	Error err;

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char *header;
		bool found =
			audit_sql_header(cases[i].headers, cases[i].id, &header, &err);

		assert_int_equal(found, cases[i].header != NULL);
		if (found)
			assert_string_equal(header, cases[i].header);
		free(header);
	}
}

/* The text of a number as an id. */
static size_t
write_id(char id[32], unsigned n)
{
	return (size_t) snprintf(id, 32, "id-%u", n);
}

static void
ids_are_found_and_no_others(void **state)
{
	const unsigned count = 300000;
	AuditIds ids;
	AuditId *found;
	char id[32];
	size_t len;

	(void) state;
	audit_ids_init(&ids);
	for (unsigned n = 0; n < count; n++)
	{
		len = write_id(id, n);
		audit_ids_add(&ids, id, len, n + 1);
	}
	for (unsigned n = 0; n < 3; n++)
	{
		len = write_id(id, n * 1000);
		audit_ids_add(&ids, id, len, 0);
	}
	assert_int_equal(audit_ids_sort(&ids), 3);
	assert_int_equal(ids.count, count);
	assert_int_equal(audit_ids_count(&ids, AUDIT_SHARED, AUDIT_SHARED), 3);
	for (unsigned n = 0; n < 2 * count; n++)
	{
		len = write_id(id, n);
		found = audit_ids_find(&ids, id, len);
		assert_int_equal(found != NULL, n < count);
		if (found != NULL)
			found->flags |= n % 2 == 0 ? AUDIT_SEEN : AUDIT_SEEN | AUDIT_AGAIN;
		if (found != NULL && (found->flags & AUDIT_SHARED) == 0)
			assert_int_equal(found->seconds, n + 1);
	}
	assert_int_equal(audit_ids_count(&ids, AUDIT_SEEN | AUDIT_AGAIN,
									 AUDIT_SEEN),
					 count / 2);
	audit_ids_free(&ids);
}

static void
a_set_without_ids_finds_nothing(void **state)
{
	AuditIds ids;

	(void) state;
	audit_ids_init(&ids);
	assert_int_equal(audit_ids_sort(&ids), 0);
	assert_null(audit_ids_find(&ids, "a", 1));
	audit_ids_free(&ids);
}

static void
what_kafka_keeps_is_known_from_its_offsets(void **state)
{
	/* The first partition has lost its beginning, the second keeps all. */
	AuditPartition partitions[] = {{.begin = 5, .end = 9, .kept_ms = 100000},
								   {.end = 9, .kept_ms = AUDIT_KEEPS_ALL},
								   {.begin = 9,
									.end = 9,
									.kept_ms = AUDIT_KEEPS_NONE}};
	AuditTopic topic = {.partitions = partitions, .count = 2};

	(void) state;
	assert_true(audit_may_be_deleted(&topic, 0, 100000, 0));
	assert_false(audit_may_be_deleted(&topic, 0, 100001, 0));
	assert_false(audit_may_be_deleted(&topic, 1, 0, 0));
	/* Without a partition any may have had it; without a time, too. */
	assert_true(audit_may_be_deleted(&topic, -1, 100000, 0));
	assert_false(audit_may_be_deleted(&topic, -1, 100001, 0));
	assert_true(audit_may_be_deleted(&topic, 0, INT64_MIN, 0));
	assert_false(audit_may_be_deleted(&topic, 1, INT64_MIN, 0));
	/* A clock that is behind, a transaction that took its time, a zone. */
	assert_true(audit_may_be_deleted(&topic, 0, 105000, -5));
	assert_false(audit_may_be_deleted(&topic, 0, 105001, -5));
	assert_true(audit_may_be_deleted(&topic, 0, 100000, 5));
	assert_false(audit_may_be_deleted(&topic, 0, 10001, 90));
	/* All of the third is gone. */
	topic.count = 3;
	assert_true(audit_may_be_deleted(&topic, 2, INT64_MAX, 0));
	assert_true(audit_may_be_deleted(&topic, -1, INT64_MAX, 0));
	assert_false(audit_may_be_deleted(&topic, 1, 0, 0));
	topic.is_scattered = true;
	assert_true(audit_may_be_deleted(&topic, 1, 0, 0));
	topic = (AuditTopic){.partitions = &partitions[1],
						 .count = 1,
						 .is_compacted = true};
	assert_true(audit_may_be_deleted(&topic, 0, INT64_MAX, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_read_as_in_sql),
		cmocka_unit_test(tables_are_read_with_their_options),
		cmocka_unit_test(tables_that_cannot_be_read_are_refused),
		cmocka_unit_test(a_table_s_own_options_win),
		cmocka_unit_test(templates_become_sql),
		cmocka_unit_test(routes_become_sql),
		cmocka_unit_test(conditions_hold_nothing_but_what_the_decoder_knows),
		cmocka_unit_test(the_header_of_the_id_is_found),
		cmocka_unit_test(ids_are_found_and_no_others),
		cmocka_unit_test(a_set_without_ids_finds_nothing),
		cmocka_unit_test(what_kafka_keeps_is_known_from_its_offsets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
