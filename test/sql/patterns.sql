-- Option tables: patterns, and options that hold for one entry.
\set SHOW_CONTEXT never
SELECT open_slot();
CREATE SCHEMA tenant_a;
CREATE SCHEMA tenant_b;
CREATE SCHEMA "tenant*";
CREATE TABLE tenant_a.outbox (id int, aggregate_type text, aggregate_id text, payload text);
CREATE TABLE tenant_b.outbox (LIKE tenant_a.outbox);
CREATE TABLE "tenant*".outbox (LIKE tenant_a.outbox);
CREATE TABLE tenant_a.other (LIKE tenant_a.outbox);
CREATE TABLE tenant_a.invoice_events (invoice_id int, kind text, body jsonb);
CREATE TEMP TABLE outbox (LIKE tenant_a.outbox);
CREATE PROCEDURE fill() LANGUAGE sql AS
$$
    INSERT INTO tenant_a.outbox VALUES (1, 'T', 'a', 'p');
    INSERT INTO tenant_b.outbox VALUES (2, 'T', 'b', 'p');
    INSERT INTO "tenant*".outbox VALUES (3, 'T', 'star', 'p');
    INSERT INTO tenant_a.other VALUES (4, 'T', 'other', 'p');
    INSERT INTO tenant_a.invoice_events VALUES (7, 'paid', '{}'), (8, 'draft', '{}');
$$;
CREATE FUNCTION keys(tables text, VARIADIC options text[] DEFAULT '{}') RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(coalesce(data::json ->> 'key', data::json ->> 'error'), ' ') FROM pg_logical_slot_peek_changes('regress', NULL, NULL, VARIADIC
       '{tables}'::text[] || tables || '{headers,""}' || options) WHERE data NOT LIKE '{"commit"%' $$;
CALL fill();
SELECT name, keys(name) FROM unnest('{tenant_*.outbox, TENANT_*.OUT*, *.outbox, tenant*.outbox, "\"tenant*\".outbox", "\"tenant\"*.outbox", t*n*a.o*, tenant_a.*t*r,
    *_a.o*x, "tenant_a.outbox, tenant_*.outbox"}'::text[]) name;
-- A table that is made later is one, too; temporary and system tables are none.
CREATE SCHEMA tenant_c;
CREATE TABLE tenant_c.outbox (LIKE tenant_a.outbox);
INSERT INTO tenant_c.outbox VALUES (5, 'T', 'later', 'p');
INSERT INTO pg_temp.outbox VALUES (6, 'T', 'temporary', 'p');
SELECT keys('tenant_*.outbox'), keys('*.outbox', 'key', 'id|aggregate_id');
SELECT lines('tables', 'pg_catalog.*');
SELECT lines('tables', 'pg_temp*.outbox');
SELECT lines('tables', 'nobody_*.outbox');

-- The table's name in templates; a column of that name is another thing.
ALTER TABLE tenant_a.other ADD schema text DEFAULT 'column';
TRUNCATE tenant_a.other;
SELECT count(*) FROM lines('tables', '');
CALL fill();
SELECT members('topic', 'tables', 'tenant_*.o*', 'topic', '$schema.$table.${aggregate_type}-${$table}', 'headers', '');
INSERT INTO tenant_a.other VALUES (4, 'T', 'other', 'p');
SELECT lines('tables', 'tenant_a.other', 'topic', '${schema}', 'headers', '$schema:schema,$table:table,''${$schema}/${id}'':both', 'key', '${$table}/${id}');
-- The names outlive the first row: of many rows each has them.
INSERT INTO tenant_a.other SELECT n, 'T', 'many', 'p' FROM generate_series(1, 1000) n;
INSERT INTO tenant_b.outbox SELECT n, 'T', 'many', 'p' FROM generate_series(1, 1000) n;
SELECT line::json ->> 'topic' AS topic, line::json ->> 'headers' AS headers, count(*) FROM lines('tables', 'tenant_*.o*', 'topic', '$schema.$table', 'headers', '$table:table') line
WHERE line NOT LIKE '{"commit"%' GROUP BY 1, 2 ORDER BY 1;
-- Of a partition it is the name of what is named.
CREATE TABLE tenant_b.parted (id int, aggregate_type text, aggregate_id text, payload text) PARTITION BY RANGE (id);
CREATE TABLE tenant_b.parted_1 PARTITION OF tenant_b.parted FOR VALUES FROM (0) TO (100);
INSERT INTO tenant_b.parted VALUES (1, 'T', 'k', 'p');
SELECT data::json ->> 'topic' FROM pg_logical_slot_peek_changes('regress', NULL, NULL, 'tables', 'tenant_b.parted*', 'topic', '$table', 'headers', '') WHERE data LIKE '%topic%';
SELECT members('topic', 'tables', 'tenant_b.parted_*', 'topic', '$table', 'headers', '');
-- A message is of no table.
SELECT send('aggregate_type', 't', 'T', 'aggregate_id', 't', 'k', 'payload', 't', 'p');
SELECT lines('tables', '', 'topic', '$table', 'headers', '');
-- What else begins with a dollar.
SELECT lines('tables', '', 'topic', '$tables');
SELECT lines('tables', '', 'topic', '${$tables}');

-- Options of one entry; the others have those of all.
CALL fill();
SELECT lines('tables', $$ tenant_a.invoice_events(key=invoice_id, payload = body, topic='billing.${kind}', headers='kind,''x, y)'':c', where='kind <> ''draft'''),
    tenant_b.outbox ( topic = '$schema' ), tenant_a.outbox $$, 'headers', 'id', 'topic', '${aggregate_type}.all');
-- The entry's topic replaces the routing of all, and the other way round.
CALL fill();
SELECT members('topic', 'tables', 'tenant_a.outbox(topic=''own''), tenant_b.outbox', 'route_by', 'aggregate_id', 'headers', '');
CALL fill();
SELECT members('topic', 'tables', 'tenant_a.outbox(route_by=aggregate_id), tenant_b.outbox', 'topic', 'all', 'headers', '');
-- The first entry that matches counts.
CALL fill();
SELECT members('topic', 'tables', 'tenant_a.outbox(topic=''first''),tenant_*.outbox(topic=''second'')', 'headers', '');

-- What is wrong with entries.
-- One statement each: an ERROR that is caught leaves the slot in use (slot.c, ReplicationSlotRelease).
CREATE FUNCTION refused(tables text) RETURNS text LANGUAGE sql AS
$$ SELECT 'taken: ' || count(*) FROM pg_logical_slot_peek_changes('regress', NULL, NULL, 'tables', tables, 'headers', '') $$;
\set VERBOSITY terse
SELECT format('SELECT refused(%L)', name) FROM unnest(ARRAY['tenant_*.outbox,tenant_a.outbox(topic=''never'')', '*.outbox,tenant_*.outbox', 'tenant_a.nope(key=id)',
    'tenant_a.outbox(', 'tenant_a.outbox()', 'tenant_a.outbox(key)', 'tenant_a.outbox(key=id', 'tenant_a.outbox(key=id,)', 'tenant_a.outbox(nope=id)',
    'tenant_a.outbox(kye=id)', 'tenant_a.outbox(key=id, key=id)', 'tenant_a.outbox(coalesce=1)', 'tenant_a.outbox(tables=''a.b'')',
    'tenant_a.outbox(topic=''a b'')', 'tenant_a.outbox(topic=''a'', route_by=id)', 'tenant_a.outbox(topic=''a)', 'tenant_a.outbox(topic="a)',
    'tenant_a.outbox(key=nope)', 'tenant_a.outbox x', 'tenant_a.outbox(key=id) x', 'tenant_a .outbox', 'tenant_a.outbox * ', '1*.outbox', '*', '*.', '.*']) name \gexec
\set VERBOSITY sqlstate
\gexec
\set VERBOSITY terse

-- A materialized view that matches is none, though a refresh inserts rows into it.
SELECT count(*) FROM lines('tables', '');
DELETE FROM tenant_a.outbox;
CREATE MATERIALIZED VIEW tenant_a.outbox_keys AS SELECT id, aggregate_id AS a FROM tenant_a.outbox;
CREATE UNIQUE INDEX ON tenant_a.outbox_keys (id);
INSERT INTO tenant_a.outbox VALUES (9, 'T', 'of the table', 'p');
REFRESH MATERIALIZED VIEW CONCURRENTLY tenant_a.outbox_keys;
SELECT lines('tables', 'tenant_a.outbox*', 'headers', '');

-- A table that matches but cannot serve stops nothing; one that is named does.
CREATE TYPE pair AS (a int, b int);
CREATE TABLE tenant_a.outbox_lacks (aggregate_type text, aggregate_id text);
CREATE TABLE tenant_a.outbox_unfit (aggregate_type text, aggregate_id pair, payload oid, at date);
CREATE UNLOGGED TABLE tenant_a.outbox_unlogged (LIKE tenant_a.outbox);
CREATE FUNCTION fill_unfit() RETURNS void LANGUAGE sql AS $$
    INSERT INTO tenant_a.outbox_lacks VALUES ('T', 'k');
    INSERT INTO tenant_a.outbox_unfit VALUES ('T', (1, 2), 3, now());
    INSERT INTO tenant_a.outbox_unlogged VALUES (1, 'T', 'unlogged', 'p');
    INSERT INTO tenant_a.outbox VALUES (10, 'T', 'after', 'p') $$;
SELECT fill_unfit();
SELECT lines('tables', 'tenant_a.outbox*', 'headers', '');
SELECT fill_unfit();
SELECT members('error', 'tables', 'tenant_a.outbox_unfit*', 'headers', '', 'topic', 't', 'key', '', 'timestamp', 'at', 'payload', 'payload');
SELECT fill_unfit();
SELECT members('error', 'tables', 'tenant_a.outbox_unfit*', 'headers', 'at:*', 'topic', 't', 'key', '', 'value', 'row(at)', 'where', 'at = 1');
SELECT format('SELECT refused(%L)', name) FROM unnest('{tenant_a.outbox_lacks,tenant_a.outbox_unfit,tenant_a.outbox_unlogged}'::text[]) name \gexec
\set VERBOSITY sqlstate
\gexec
\set VERBOSITY default
DROP FUNCTION fill_unfit;
DROP TABLE tenant_a.outbox_lacks, tenant_a.outbox_unfit, tenant_a.outbox_unlogged;
DROP TYPE pair;
-- A row that is deleted is no event, so it does not matter that its table cannot serve.
INSERT INTO tenant_b.parted VALUES (2, 'T', 'k', 'p');
SELECT count(*) FROM lines('tables', '');
ALTER TABLE tenant_b.parted RENAME payload TO body;
DELETE FROM tenant_b.parted;
ALTER TABLE tenant_b.parted RENAME body TO payload;
SELECT lines('tables', 'tenant_b.parted', 'headers', '');
-- An inserted one does.
ALTER TABLE tenant_b.parted RENAME payload TO body;
DELETE FROM tenant_b.parted;
INSERT INTO tenant_b.parted VALUES (3, 'T', 'k', 'p');
ALTER TABLE tenant_b.parted RENAME body TO payload;
SELECT refused('tenant_b.parted');
SELECT count(*) FROM lines('tables', '');

-- 100 entries, and a pattern that takes in hundreds of tables.
DO $$
BEGIN
    CREATE SCHEMA many;
    FOR n IN 1 .. 100 LOOP
        EXECUTE format('CREATE TABLE many.t%s (id int, aggregate_type text, aggregate_id text, payload text)', n);
    END LOOP;
END $$;
INSERT INTO many.t57 VALUES (1, 'T', 'of many', 'p');
SELECT keys((SELECT string_agg('many.t' || n, ',') FROM generate_series(1, 100) n)), keys('many.*');
DO $$
BEGIN
    FOR n IN 101 .. 500 LOOP
        EXECUTE format('CREATE TABLE many.t%s (id int, aggregate_type text, aggregate_id text, payload text)', n);
    END LOOP;
END $$;
SELECT keys('many.*');
SET client_min_messages = warning;
DO $$ BEGIN FOR n IN 1 .. 500 LOOP EXECUTE format('DROP TABLE many.t%s', n); IF n % 100 = 0 THEN COMMIT; END IF; END LOOP; END $$;
DROP SCHEMA many, tenant_a, tenant_b, tenant_c, "tenant*" CASCADE;
DROP TABLE pg_temp.outbox;
DROP PROCEDURE fill;
DROP FUNCTION keys, refused;
SELECT close_slot();
