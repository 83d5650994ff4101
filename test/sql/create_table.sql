-- The extension: create_table().
\set SHOW_CONTEXT never
CREATE EXTENSION pg_outbox;
CREATE SCHEMA app;

-- The default, and again.
DROP TABLE outbox;
SELECT outbox.create_table();
SELECT outbox.create_table();
SELECT attname, format_type(atttypid, atttypmod) AS type, attnotnull, pg_get_expr(adbin, adrelid) AS "default"
FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE attrelid = 'outbox'::regclass AND attnum > 0 ORDER BY attnum;
SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = 'outbox' ORDER BY 1;
-- An event of it, with its headers.
SELECT open_slot();
INSERT INTO outbox VALUES (lpad('1', 32, '0')::uuid, 'Task', '7', 'TaskCreated', '{}', '{"trace": "x"}');
SELECT lines('headers', 'id,event_type:eventType,headers:*');
SELECT close_slot();
-- Without headers.
SELECT outbox.create_table('app.plain', headers => false);
SELECT outbox.create_table('app.plain', headers => false);
SELECT outbox.create_table('app.plain');
SELECT outbox.create_table('outbox');
SELECT outbox.create_table('public.outbox', headers => false);

-- Names.
CREATE SCHEMA "My ""own"" schema";
SELECT outbox.create_table('"My ""own"" schema"."Out box"', headers => false);
SELECT outbox.create_table('"My ""own"" schema"."Out box"', headers => false);
SELECT outbox.create_table('app.' || repeat('x', 63), '1 day', false);
SELECT outbox.create_table('app.' || repeat('x', 63), '1 day', false);
SELECT count(*), max(length(relname)), count(DISTINCT relname) FROM pg_inherits JOIN pg_class ON oid = inhrelid
WHERE inhparent = ('app.' || repeat('x', 63))::regclass;
SELECT outbox.cleanup('"My ""own"" schema"."Out box"'), outbox.cleanup(('app.' || repeat('x', 63))::regclass),
    outbox.ensure_partitions(('app.' || repeat('x', 63))::regclass, 8);
-- One that differs only at the end has partitions of its own.
SELECT outbox.create_table('app.' || repeat('x', 62) || 'y', '1 day', false);
-- 63 bytes of characters of several.
SELECT outbox.create_table('app."' || repeat('é', 31) || 'x"', '1 day', false);
SELECT outbox.create_table('app.' || repeat('x', 64));
SELECT outbox.create_table('');
SELECT outbox.create_table(NULL);
SELECT outbox.create_table('a.b.c');
SELECT outbox.create_table('app."x');
SELECT outbox.create_table('app.x; DROP TABLE outbox');
SELECT outbox.create_table('nowhere.outbox');
SELECT outbox.create_table('app.x', headers => NULL);

-- What is there and is not the same.
CREATE VIEW app.view AS SELECT * FROM outbox;
CREATE MATERIALIZED VIEW app.matview AS SELECT * FROM outbox;
CREATE SEQUENCE app.sequence;
CREATE TYPE app.composite AS (id uuid);
CREATE FOREIGN DATA WRAPPER nothing;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
CREATE FOREIGN TABLE app.remote (id uuid) SERVER nowhere;
CREATE TABLE app.other (id bigint, aggregate_type text, aggregate_id varchar(255), event_type varchar(255), payload json, extra int,
    created_at timestamptz);
SELECT outbox.create_table('app.view');
SELECT outbox.create_table('app.matview');
SELECT outbox.create_table('app.sequence');
SELECT outbox.create_table('app.composite');
SELECT outbox.create_table('app.remote');
SELECT outbox.create_table('app.other');
SELECT outbox.create_table('app.plain', '1 day', false);
SELECT outbox.create_table('app.' || repeat('x', 63), NULL, false);

-- Widths of partitions.
DO $$
DECLARE
    width interval;
BEGIN
    FOREACH width IN ARRAY ARRAY['0', '-1 day', '59 minutes', '28 days', '1 month 1 day', '-1 month', '1 month -1 day', '-1 year']::interval[] LOOP
        BEGIN
            PERFORM outbox.create_table('app.w', width);
            RAISE WARNING 'width % was taken', width;
        EXCEPTION WHEN invalid_parameter_value THEN
            RAISE WARNING '%', SQLERRM;
        END;
    END LOOP;
END $$;
-- Where a partition begins.
SELECT at, width, outbox._partition_begin(at, width) FROM (VALUES
    (timestamp '2026-11-24 13:45', interval '1 hour'), ('2026-11-24 13:45', '1 day'), ('2026-11-24 13:45', '7 days'),
    ('2026-11-24 13:45', '1 month'), ('2026-11-24 13:45', '3 months'), ('2026-11-24 13:45', '1 year'),
    ('1999-12-31 23:59', '1 day'), ('1999-12-31 23:59', '1 month'), ('2026-11-30', '7 days'), ('2026-11-01', '1 month')) v (at, width);

-- The tables are no part of the extension: it goes and they stay.
DROP EXTENSION pg_outbox;
SELECT count(*) FROM pg_inherits WHERE inhparent = ('app.' || repeat('x', 63))::regclass;
INSERT INTO app.plain (aggregate_type, aggregate_id, event_type, payload) VALUES ('T', 'k', 'e', '{}');
-- And it comes again, and knows them.
SET client_min_messages = warning;
CREATE EXTENSION pg_outbox;
SELECT outbox.create_table('app.' || repeat('x', 63), '1 day', false) IS NOT NULL AS there;
DROP SCHEMA app, "My ""own"" schema" CASCADE;
DROP SERVER nowhere CASCADE;
DROP FOREIGN DATA WRAPPER nothing;
ALTER TABLE outbox DROP headers;
TRUNCATE outbox;
DROP EXTENSION pg_outbox;
