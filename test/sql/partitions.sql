-- The extension: ensure_partitions().
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION pg_outbox;
CREATE SCHEMA app;
SELECT outbox.create_table('app.days', '1 day', false);
-- The present, seven more, and the default one; all that a second call has to do is nothing.
SELECT count(*) FILTER (WHERE NOT is_default), count(*) FILTER (WHERE is_default), min(ends - begins), max(ends - begins),
    min(begins) = localtimestamp::date FROM outbox._partitions('app.days');
SELECT outbox.ensure_partitions('app.days');
SELECT outbox.ensure_partitions('app.days', 9);
SELECT count(*) FROM outbox._partitions('app.days');
SELECT outbox.ensure_partitions('app.days', 0);
-- Other widths are found again.
SELECT outbox.create_table('app.hours', '6 hours', false), outbox.create_table('app.months', '1 month', false),
    outbox.create_table('app.quarters', '3 months', false), outbox.create_table('app.weeks', '7 days', false);
SELECT outbox.ensure_partitions('app.hours', 8), outbox.ensure_partitions('app.months', 8),
    outbox.ensure_partitions('app.quarters', 8), outbox.ensure_partitions('app.weeks', 8);
SELECT name, min(width), max(width) FROM unnest('{app.hours,app.months,app.quarters,app.weeks}'::regclass[]) name,
    outbox._partitions(name), LATERAL (SELECT CASE WHEN name::text ~ 'months|quarters' THEN age(ends, begins) ELSE ends - begins END) w (width)
WHERE NOT is_default GROUP BY name ORDER BY name::text;
SET timezone = 'America/New_York';
SET datestyle = 'German, DMY';
SELECT outbox.ensure_partitions('app.months', 9);
RESET datestyle;
RESET timezone;

-- What nobody prepared goes to the default one, and from there to its own; that is no event again.
SELECT open_slot();
INSERT INTO app.days (aggregate_type, aggregate_id, event_type, payload, created_at)
SELECT 'T', 'old ' || n, 'e', '{}', localtimestamp - interval '40 days' - n * interval '1 day' FROM generate_series(1, 3) n;
INSERT INTO app.days (aggregate_type, aggregate_id, event_type, payload, created_at) VALUES ('T', 'infinite', 'e', '{}', 'infinity');
SELECT count(*) FROM app.days_default;
SELECT outbox.ensure_partitions('app.days');
SELECT aggregate_id FROM app.days_default;
SELECT count(*), count(*) FILTER (WHERE tableoid <> 'app.days_default'::regclass) FROM app.days;
INSERT INTO app.days (aggregate_type, aggregate_id, event_type, payload) VALUES ('T', 'new', 'e', '{}');
SELECT members('key', 'tables', 'app.days');
SELECT close_slot();
-- Partitions have the table's owner and its indexes.
CREATE ROLE keeper;
GRANT USAGE, CREATE ON SCHEMA app TO keeper;
ALTER TABLE app.weeks OWNER TO keeper;
SELECT outbox.ensure_partitions('app.weeks', 10);
SELECT count(*) FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = 'app.weeks'::regclass AND relowner = 'keeper'::regrole;
SELECT count(DISTINCT indexrelid) = 2 * count(DISTINCT inhrelid) FROM pg_inherits JOIN pg_index ON indrelid = inhrelid WHERE inhparent = 'app.weeks'::regclass;

-- What is refused.
CREATE TABLE app.plain (created_at timestamp);
CREATE TABLE app.list (created_at timestamp) PARTITION BY LIST (created_at);
CREATE TABLE app.zoned (created_at timestamptz) PARTITION BY RANGE (created_at);
CREATE TABLE app.empty (created_at timestamp) PARTITION BY RANGE (created_at);
CREATE TABLE app.odd (created_at timestamp) PARTITION BY RANGE (created_at);
CREATE TABLE app.odd_1 PARTITION OF app.odd FOR VALUES FROM ('2020-01-02') TO ('2020-03-01');
CREATE VIEW app.view AS SELECT * FROM app.plain;
SELECT outbox.ensure_partitions('app.plain');
SELECT outbox.ensure_partitions('app.list');
SELECT outbox.ensure_partitions('app.zoned');
SELECT outbox.ensure_partitions('app.empty');
SELECT outbox.ensure_partitions('app.odd');
SELECT outbox.ensure_partitions('app.view');
SELECT outbox.ensure_partitions('app.nothing');
SELECT outbox.ensure_partitions(NULL);
SELECT outbox.ensure_partitions('app.days', -1);
SELECT outbox.ensure_partitions('app.days', 1001);
SELECT outbox.ensure_partitions('app.days', NULL);
SET ROLE keeper;
SELECT outbox.ensure_partitions('app.days');
RESET ROLE;
-- Partitions that were made by hand are left as they are; one without an end has room for all.
CREATE TABLE app.hand (LIKE app.days INCLUDING ALL) PARTITION BY RANGE (created_at);
CREATE TABLE app.hand_1 PARTITION OF app.hand FOR VALUES FROM ('2020-01-01') TO ('2020-01-02');
CREATE TABLE app.hand_2 PARTITION OF app.hand FOR VALUES FROM ('2020-01-02') TO (MAXVALUE);
SELECT outbox.ensure_partitions('app.hand');
-- One without an end in other words, which a timestamp cannot hold.
CREATE TABLE app.hand_day (created_at date) PARTITION BY RANGE (created_at);
CREATE TABLE app.hand_day_1 PARTITION OF app.hand_day FOR VALUES FROM ('2020-01-01') TO ('2020-01-02');
CREATE TABLE app.hand_day_2 PARTITION OF app.hand_day FOR VALUES FROM ('2020-01-02') TO ('5874897-12-31');
CREATE TABLE app.hand_ms (created_at bigint) PARTITION BY RANGE (created_at);
CREATE TABLE app.hand_ms_1 PARTITION OF app.hand_ms FOR VALUES FROM (-9223372036854775807) TO (1577836800000);
CREATE TABLE app.hand_ms_2 PARTITION OF app.hand_ms FOR VALUES FROM (1577836800000) TO (1577923200000);
CREATE TABLE app.hand_ms_3 PARTITION OF app.hand_ms FOR VALUES FROM (1577923200000) TO (9223372036854775807);
SELECT outbox.ensure_partitions('app.hand_day'), outbox.ensure_partitions('app.hand_ms');
SELECT outbox.cleanup('app.hand_day'), outbox.cleanup('app.hand_ms');
SELECT partition, begins, ends FROM unnest('{app.hand_day,app.hand_ms}'::regclass[]) name, outbox._partitions(name) ORDER BY 1;
-- Wide ones need not be so many that time ends.
CREATE TABLE app.wide (created_at timestamp) PARTITION BY RANGE (created_at);
CREATE TABLE app.wide_1 PARTITION OF app.wide FOR VALUES FROM ('1000-01-01') TO ('2000-01-01');
SELECT outbox.ensure_partitions('app.wide', 1000);
DROP SCHEMA app CASCADE;
DROP OWNED BY keeper;
DROP ROLE keeper;
DROP EXTENSION pg_outbox;
