-- The extension: cleanup() and cleanup_all().
\set SHOW_CONTEXT never
SET client_min_messages = warning;
-- It is between 12 and 13 o'clock here, so that what is an hour old is of today.
SELECT set_config('TimeZone', '<noon>' || extract(hour FROM now() AT TIME ZONE 'UTC')::int - 12, false) \g /dev/null
CREATE EXTENSION pg_outbox;
CREATE SCHEMA app;
SELECT outbox.create_table('app.plain', headers => false), outbox.create_table('app.days', '1 day', false);
CREATE TABLE app.zoned (LIKE app.plain INCLUDING ALL);
ALTER TABLE app.zoned ALTER created_at TYPE timestamptz;
-- Rows of the last days: one an hour old, the others 1 to n days.
CREATE FUNCTION fill(name regclass, n int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('INSERT INTO %s (aggregate_type, aggregate_id, event_type, payload, created_at)
        SELECT ''T'', n, ''e'', ''{}'', now() - n * interval ''1 day'' - interval ''1 hour'' FROM generate_series(0, $1) n', name) USING n;
END $$;
SELECT open_slot();

SELECT fill('app.plain', 20), fill('app.zoned', 20);
SELECT outbox.cleanup('app.plain'), outbox.cleanup('app.plain'), outbox.cleanup('app.zoned');
SELECT count(*), max(aggregate_id::int) FROM app.plain;
SELECT outbox.cleanup('app.plain', '3 days', 1);
SELECT count(*), max(aggregate_id::int) FROM app.plain;
CALL outbox.cleanup_all('app.plain', '1 day', 1);
CALL outbox.cleanup_all('app.plain', '0');
CALL outbox.cleanup_all('app.plain', '0', 100, 7);
SELECT fill('app.plain', 70);
CALL outbox.cleanup_all(name => 'app.plain', older_than => '31 days', batch => 7);
SELECT count(*) FROM app.plain;

-- Of a partitioned table: whole partitions go, of others the rows.
SELECT fill('app.days', 20);
SELECT outbox.ensure_partitions('app.days');
SELECT count(*) FROM outbox._partitions('app.days');
INSERT INTO app.days (aggregate_type, aggregate_id, event_type, payload, created_at)
SELECT 'T', '20', 'e', '{}', now() - interval '20 days 1 hour' FROM generate_series(1, 5);
CALL outbox.cleanup_all('app.days', '10 days', 2);
SELECT count(*) FROM outbox._partitions('app.days');
SELECT count(*), max(aggregate_id::int) FROM app.days;
SELECT outbox.cleanup('app.days', '5 days');
SELECT count(*) FROM outbox._partitions('app.days');
SELECT count(*), max(aggregate_id::int) FROM app.days;
-- Rows that are in the default partition as well.
SELECT fill('app.days', 30);
SELECT outbox.cleanup('app.days');
SELECT count(*), max(aggregate_id::int), (SELECT count(*) FROM app.days_default) > 0 AS some_in_default FROM app.days;
-- A partition that others depend on is emptied.
SELECT outbox.ensure_partitions('app.days') > 0 AS made;
DO $$
DECLARE
    oldest regclass := (SELECT partition FROM outbox._partitions('app.days') WHERE NOT is_default ORDER BY begins LIMIT 1);
BEGIN
    EXECUTE format('CREATE VIEW app.view AS SELECT count(*) FROM %s', oldest);
END $$;
SELECT outbox.cleanup('app.days', '1 day') > 0 AS deleted;
SELECT * FROM app.view;
SELECT outbox.cleanup('app.days', '1 day');
DROP VIEW app.view;
-- Nothing of that was an event but the rows that were inserted.
SELECT count(*) FILTER (WHERE data LIKE '{"topic"%') = 21 + 21 + 71 + 21 + 5 + 31 AS inserted, count(*) FILTER (WHERE data LIKE '{"error"%') AS errors
FROM pg_logical_slot_get_changes('regress', NULL, NULL, 'tables', 'app.plain, app.zoned, app.days');
SELECT close_slot();

-- Both for several tables, as a schedule calls it.
SELECT fill('app.plain', 10), fill('app.days', 10);
CALL outbox.maintain('app.days, "app".plain', '5 days', 8, 2);
SELECT (SELECT max(aggregate_id::int) FROM app.plain) AS plain, (SELECT max(aggregate_id::int) FROM app.days) AS days,
    (SELECT count(*) FROM outbox._partitions('app.days') WHERE begins > localtimestamp) AS ahead;
CALL outbox.maintain('app.nothing');
CALL outbox.maintain('app.plain', '-1 day');
CALL outbox.maintain('');
CALL outbox.maintain(NULL);
-- One that fails does not keep the others waiting, nor what else there is to do for it; all is said in the end.
CREATE TABLE app.odd (LIKE app.plain INCLUDING ALL EXCLUDING INDEXES) PARTITION BY RANGE (created_at);
CREATE TABLE app.odd_1 PARTITION OF app.odd FOR VALUES FROM ('2020-01-02') TO ('2020-03-01');
CREATE TABLE app.odd_2 PARTITION OF app.odd DEFAULT;
CREATE TABLE app.no_time (LIKE app.plain);
ALTER TABLE app.no_time DROP created_at;
CREATE TABLE app.guarded (LIKE app.plain INCLUDING DEFAULTS);
CREATE TABLE app.guarded_child (id uuid DEFAULT gen_random_uuid()) INHERITS (app.guarded);
CREATE FUNCTION app.guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'row of % stays', old.aggregate_id; END $$;
CREATE TRIGGER guard BEFORE DELETE ON app.guarded FOR EACH ROW EXECUTE FUNCTION app.guard();
SELECT fill(name, 10) FROM unnest('{app.plain,app.odd,app.guarded,app.guarded_child,app.days}'::regclass[]) name;
CALL outbox.maintain('app.nothing, app.odd, app.no_time,, app.guarded, app.days, app.plain', '5 days', 10, 2);
SELECT tableoid::regclass, max(aggregate_id::int) FROM app.guarded GROUP BY tableoid ORDER BY tableoid;
SELECT (SELECT max(aggregate_id::int) FROM app.plain) AS plain, (SELECT max(aggregate_id::int) FROM app.odd) AS odd, (SELECT max(aggregate_id::int) FROM app.days) AS days,
    (SELECT count(*) FROM outbox._partitions('app.days') WHERE begins > localtimestamp) AS ahead;
-- Where all partitions are old the last one stays, since it shows how wide they are.
CREATE TABLE app.rested (LIKE app.plain) PARTITION BY RANGE (created_at);
CREATE TABLE app.rested_1 PARTITION OF app.rested FOR VALUES FROM ('2020-01-01') TO ('2020-01-08');
CREATE TABLE app.rested_2 PARTITION OF app.rested FOR VALUES FROM ('2020-01-08') TO ('2020-01-15');
INSERT INTO app.rested SELECT gen_random_uuid(), 'T', 'k', 'e', '{}', timestamp '2020-01-01' + n * interval '1 day' FROM generate_series(0, 13) n;
CALL outbox.maintain('app.rested', ahead => 3);
SELECT count(*) AS partitions, min(begins), max(ends - begins) AS width, (SELECT count(*) FROM app.rested) AS rows FROM outbox._partitions('app.rested');
-- Partitions are created where no rows can be deleted.
CALL outbox.maintain('app.days', '-1 day', 11);
SELECT count(*) AS ahead FROM outbox._partitions('app.days') WHERE begins > localtimestamp;
DROP TABLE app.guarded CASCADE;
DROP TABLE app.no_time, app.odd, app.rested;
DROP FUNCTION app.guard;

-- With the rights for it, and no more: rows go, partitions stay.
CREATE ROLE cleaner;
GRANT USAGE ON SCHEMA app TO cleaner;
TRUNCATE app.days;
SELECT fill('app.days', 20);
SELECT outbox.ensure_partitions('app.days') >= 0 AS made;
SELECT fill('app.days', 20);
SET ROLE cleaner;
SELECT outbox.cleanup('app.days');
RESET ROLE;
SELECT outbox.grant_cleanup('cleaner', 'app.days');
SET ROLE cleaner;
CALL outbox.cleanup_all('app.days', batch => 1);
CALL outbox.maintain('app.days');
SELECT payload FROM app.days;
INSERT INTO app.days VALUES (DEFAULT);
RESET ROLE;
SELECT count(*), max(aggregate_id::int) FROM app.days;
SELECT count(*) > 13 AS partitions FROM outbox._partitions('app.days');

-- What inherits from a table is cleaned up with it, however deep and by whatever ways; the rights on the table are enough.
CREATE TABLE app.parent (LIKE app.plain INCLUDING ALL);
CREATE TABLE app.child () INHERITS (app.parent);
CREATE TABLE app.other_child () INHERITS (app.parent);
CREATE TABLE app.grandchild () INHERITS (app.child, app.other_child);
SELECT fill(name, 20) FROM unnest('{app.parent,app.child,app.other_child,app.grandchild}'::regclass[]) name;
SELECT outbox.grant_cleanup('cleaner', 'app.parent');
SET ROLE cleaner;
SELECT outbox.cleanup('app.parent', '17 days', 2);
CALL outbox.cleanup_all('app.parent', '10 days', 3);
RESET ROLE;
SELECT tableoid::regclass, count(*), max(aggregate_id::int) FROM app.parent GROUP BY tableoid ORDER BY tableoid;
SELECT outbox.cleanup('app.grandchild', '5 days'), outbox.cleanup('app.child', '5 days');
SELECT tableoid::regclass, count(*) FROM app.parent GROUP BY tableoid ORDER BY tableoid;

-- What is refused.
CREATE VIEW app.view AS SELECT * FROM app.plain;
CREATE TABLE app.other (created_at text);
SELECT outbox.cleanup('app.view');
SELECT outbox.cleanup('app.other');
SELECT outbox.cleanup('app.nothing');
SELECT outbox.cleanup(NULL);
SELECT outbox.cleanup('app.plain', '-1 day');
SELECT outbox.cleanup('app.plain', NULL);
SELECT outbox.cleanup('app.plain', '1 day', 0);
SELECT outbox.cleanup('app.plain', '1 day', NULL);
CALL outbox.cleanup_all('app.view');
CALL outbox.cleanup_all('app.plain', '-1 month');
-- It has to commit, so it cannot be part of a transaction.
BEGIN;
CALL outbox.cleanup_all('app.plain');
ROLLBACK;
DROP SCHEMA app CASCADE;
DROP OWNED BY cleaner;
DROP ROLE cleaner;
DROP FUNCTION fill;
DROP EXTENSION pg_outbox;
