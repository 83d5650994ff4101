-- The extension: cleanup and partitions by a time column of each type and name.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION pg_outbox;
CREATE SCHEMA app;
CREATE DOMAIN app.moment AS timestamptz;
CREATE DOMAIN app.domain_of_a_domain AS app.moment;
-- A table with a time column of a type, and of it a row of each of the last days: an hour, 1 day and an hour, ... old, or as much as is over of today.
CREATE FUNCTION make(name text, type text, by text DEFAULT '', "column" text DEFAULT 'happened') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE app.%I (id int, %I %s NOT NULL)%s', name, "column", type, by);
END $$;
CREATE FUNCTION fill(name regclass, n int, "column" text DEFAULT 'happened') RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    type regtype := (SELECT atttypid FROM pg_attribute WHERE attrelid = name AND attname = "column");
BEGIN
    EXECUTE format('INSERT INTO %s SELECT n, %s FROM generate_series(0, $1) n, LATERAL (SELECT now() - n * interval ''1 day'' - least(interval ''1 hour'', now() - date_trunc(''day'', now()))) t (at)',
        name, CASE WHEN type = 'bigint'::regtype THEN 'extract(epoch FROM at) * 1000' ELSE 'at' END) USING n;
END $$;

-- Each type.  (Of days the one that the limit is in is kept.)
SELECT make('zoned', 'timestamptz'), make('local', 'timestamp'), make('day', 'date'), make('ms', 'bigint'), make('domain', 'app.domain_of_a_domain');
SELECT name, fill(name, 20), outbox.cleanup(name, '10 days', 3, 'happened') IN (10, 11) AS deleted, outbox.cleanup(name, '10 days', time_column => 'happened')
FROM unnest('{app.zoned,app.local,app.day,app.ms,app.domain}'::regclass[]) name;
SELECT max(id) IN (9, 10) AS kept FROM app.zoned UNION ALL SELECT max(id) IN (9, 10) FROM app.local UNION ALL SELECT max(id) IN (9, 10) FROM app.day
UNION ALL SELECT max(id) IN (9, 10) FROM app.ms UNION ALL SELECT max(id) IN (9, 10) FROM app.domain;
-- Rows of the limit: what is older goes, what is exactly as old stays.
TRUNCATE app.zoned, app.local, app.day, app.ms;
BEGIN;
INSERT INTO app.zoned SELECT n, now() - interval '3 days' - n * interval '1 microsecond' FROM generate_series(0, 1) n;
INSERT INTO app.local SELECT n, localtimestamp - interval '3 days' - n * interval '1 microsecond' FROM generate_series(0, 1) n;
INSERT INTO app.day SELECT n, (localtimestamp - interval '3 days')::date - n FROM generate_series(0, 1) n;
INSERT INTO app.ms SELECT n, floor(extract(epoch FROM now() - interval '3 days') * 1000) - n FROM generate_series(0, 1) n;
SELECT name, outbox.cleanup(name, '3 days', time_column => 'happened') FROM unnest('{app.zoned,app.local,app.day,app.ms}'::regclass[]) name;
SELECT array_agg(id) FROM (SELECT id FROM app.zoned UNION ALL SELECT id FROM app.local UNION ALL SELECT id FROM app.day UNION ALL SELECT id FROM app.ms) i;
COMMIT;
-- It does not depend on how the session writes times.
SET timezone = 'America/New_York';
SET datestyle = 'German, DMY';
SELECT name, fill(name, 9), outbox.cleanup(name, '5 days', time_column => 'happened') IN (4, 5) AS deleted
FROM unnest('{app.zoned,app.local,app.day,app.ms}'::regclass[]) name;
SET timezone = 'UTC';
RESET datestyle;
CALL outbox.cleanup_all('app.ms', '2 days', 1, time_column => 'happened');
CALL outbox.maintain('app.zoned, app.local', '2 days', time_column => 'happened');
-- A column that is called as usual needs no option; others as in SQL.
SELECT make('usual_1', 'timestamptz', '', 'created_at'), make('usual_2', 'date', '', 'createdat'), make('usual_3', 'bigint', '', 'occurred_at'),
    make('camel', 'timestamp', '', 'createdAt'), make('odd', 'timestamp', '', 'odd "name');
SELECT fill('app.usual_1', 9, 'created_at'), fill('app.usual_2', 9, 'createdat'), fill('app.usual_3', 9, 'occurred_at'),
    fill('app.camel', 9, 'createdAt'), fill('app.odd', 9, 'odd "name');
SELECT outbox.cleanup('app.usual_1', '5 days') IN (4, 5) AS usual_1, outbox.cleanup('app.usual_2', '5 days') IN (4, 5) AS usual_2,
    outbox.cleanup('app.usual_3', '5 days') IN (4, 5) AS usual_3,
    outbox.cleanup('app.camel', '5 days', time_column => 'createdAt') IN (4, 5) AS camel, outbox.cleanup('app.camel', '4 days', time_column => '"createdAt"') AS again,
    outbox.cleanup('app.odd', '5 days', time_column => '"odd ""name"') IN (4, 5) AS odd, outbox.cleanup('app.usual_1', '4 days', time_column => 'CREATED_AT') AS folded;
-- One of the usual names that is not a time is passed over.
CREATE TABLE app.two (created_at text, occurred_at timestamptz);
INSERT INTO app.two VALUES ('2000-01-01', now() - interval '9 days');
SELECT outbox.cleanup('app.two');
-- A row without a time is never old.
CREATE TABLE app.none (created_at timestamp);
INSERT INTO app.none VALUES (NULL), ('infinity'), ('-infinity');
SELECT outbox.cleanup('app.none', '1 day');
SELECT * FROM app.none;

-- Partitions by each type: the present and two more, and what the default one has.
SELECT make('p_zoned', 'timestamptz', ' PARTITION BY RANGE (happened)'), make('p_local', 'timestamp', ' PARTITION BY RANGE (happened)'),
    make('p_day', 'date', ' PARTITION BY RANGE (happened)'), make('p_ms', 'bigint', ' PARTITION BY RANGE (happened)');
CREATE TABLE app.p_zoned_0 PARTITION OF app.p_zoned FOR VALUES FROM ('2020-01-01 00:00+00') TO ('2020-01-02 00:00+00');
CREATE TABLE app.p_local_0 PARTITION OF app.p_local FOR VALUES FROM ('2020-01-01') TO ('2020-01-02');
CREATE TABLE app.p_day_0 PARTITION OF app.p_day FOR VALUES FROM ('2020-01-01') TO ('2020-01-02');
CREATE TABLE app.p_ms_0 PARTITION OF app.p_ms FOR VALUES FROM (1577836800000) TO (1577923200000);
CREATE TABLE app.p_zoned_d PARTITION OF app.p_zoned DEFAULT;
CREATE TABLE app.p_local_d PARTITION OF app.p_local DEFAULT;
CREATE TABLE app.p_day_d PARTITION OF app.p_day DEFAULT;
CREATE TABLE app.p_ms_d PARTITION OF app.p_ms DEFAULT;
SELECT name, outbox.ensure_partitions(name, 2), outbox.ensure_partitions(name, 2, 'happened') AS again
FROM unnest('{app.p_zoned,app.p_local,app.p_day,app.p_ms}'::regclass[]) name;
SELECT name, fill(name, 20) FROM unnest('{app.p_zoned,app.p_local,app.p_day,app.p_ms}'::regclass[]) name;
SET timezone = 'Asia/Kathmandu';
SET datestyle = 'SQL, MDY';
SELECT name, outbox.ensure_partitions(name, 1) >= 19 AS moved FROM unnest('{app.p_zoned,app.p_ms}'::regclass[]) name;
SET timezone = 'UTC';
RESET datestyle;
SELECT name, outbox.ensure_partitions(name, 1) >= 19 AS moved FROM unnest('{app.p_local,app.p_day}'::regclass[]) name;
SELECT (SELECT count(*) FROM app.p_zoned_d) AS zoned, (SELECT count(*) FROM app.p_local_d) AS local, (SELECT count(*) FROM app.p_day_d) AS day, (SELECT count(*) FROM app.p_ms_d) AS ms;
SELECT name, count(*) > 20 AS partitions, min(ends - begins), max(ends - begins), bool_and(partition::text ~ '_p\d{8}$|_0$') AS named
FROM unnest('{app.p_zoned,app.p_local,app.p_day,app.p_ms}'::regclass[]) name, outbox._partitions(name) WHERE NOT is_default GROUP BY name ORDER BY name::text;
-- Partitions that are old go as a whole, as far as the column is theirs.
SELECT name, outbox.cleanup(name, '10 days', time_column => 'happened') IN (10, 11) AS deleted
FROM unnest('{app.p_zoned,app.p_local,app.p_day,app.p_ms}'::regclass[]) name;
SELECT name, count(*) BETWEEN 13 AND 15 AS partitions
FROM unnest('{app.p_zoned,app.p_local,app.p_day,app.p_ms}'::regclass[]) name, outbox._partitions(name) GROUP BY name ORDER BY name::text;
ALTER TABLE app.p_zoned ADD created_at timestamptz DEFAULT now() - interval '1 year';
SELECT outbox.cleanup('app.p_zoned') IN (10, 11) AS deleted;
SELECT count(*) BETWEEN 13 AND 15 AS partitions FROM outbox._partitions('app.p_zoned');
-- What is not in milliseconds stays in the default one, and makes no partitions.
INSERT INTO app.p_ms VALUES (1, 1600000000), (2, 1600000000000000), (3, 9223372036854775807);
SELECT outbox.ensure_partitions('app.p_ms', 1);
SELECT count(*) FROM app.p_ms_d;
-- So do times that nobody can have meant, whatever the type: they are no reason to stop.
INSERT INTO app.p_zoned (id, happened) SELECT 100, at::timestamptz FROM unnest('{infinity,-infinity,294276-12-31 12:00+00,4713-01-02 00:00+00 BC,1973-03-03 09:46:39+00,5138-11-16 09:46:41+00}'::text[]) at;
INSERT INTO app.p_local SELECT 100, at::timestamp FROM unnest('{infinity,-infinity,294276-12-31 12:00,4713-01-02 BC,1973-03-03 09:46:39,5138-11-16 09:46:41}'::text[]) at;
INSERT INTO app.p_day SELECT 100, at::date FROM unnest('{infinity,-infinity,5874897-12-31,294277-01-01,4713-01-02 BC,1973-03-02,5138-11-17}'::text[]) at;
SELECT name, outbox.ensure_partitions(name, 1) FROM unnest('{app.p_zoned,app.p_local,app.p_day}'::regclass[]) name;
SELECT (SELECT count(*) FROM app.p_zoned_d WHERE id = 100) AS zoned, (SELECT count(*) FROM app.p_local_d WHERE id = 100) AS local, (SELECT count(*) FROM app.p_day_d WHERE id = 100) AS day;
INSERT INTO app.p_zoned (id, happened) VALUES (101, '5138-11-16 09:46:40+00');
INSERT INTO app.p_local VALUES (101, '5138-11-16 09:46:40');
INSERT INTO app.p_day VALUES (101, '5138-11-16');
SELECT name, outbox.ensure_partitions(name, 1) FROM unnest('{app.p_zoned,app.p_local,app.p_day}'::regclass[]) name;
SELECT name, outbox.cleanup(name, '10 days', time_column => 'happened') FROM unnest('{app.p_zoned,app.p_local,app.p_day}'::regclass[]) name;
SELECT (SELECT count(*) FROM app.p_zoned_d WHERE id = 100) AS zoned, (SELECT count(*) FROM app.p_local_d WHERE id = 100) AS local, (SELECT count(*) FROM app.p_day_d WHERE id = 100) AS day;
-- They follow the last one without a gap, wherever that begins: weeks that begin on Sunday, days that begin at noon.
SELECT make('weeks', 'timestamp', ' PARTITION BY RANGE (happened)'), make('noon', 'timestamptz', ' PARTITION BY RANGE (happened)');
CREATE TABLE app.weeks_0 PARTITION OF app.weeks FOR VALUES FROM ('2024-01-07') TO ('2024-01-14');
CREATE TABLE app.noon_0 PARTITION OF app.noon FOR VALUES FROM ('2024-01-01 12:00+00') TO ('2024-01-02 12:00+00');
SELECT outbox.ensure_partitions('app.weeks', 2), outbox.ensure_partitions('app.noon', 2);
SELECT DISTINCT extract(dow FROM begins) AS day, ends - begins AS width FROM outbox._partitions('app.weeks');
SELECT DISTINCT begins::time, ends - begins AS width FROM outbox._partitions('app.noon');
SELECT min(to_char(begins, 'HH24MI')) AS begins, bool_and(partition::text ~ 't1200$') FILTER (WHERE partition <> 'app.noon_0'::regclass) AS named FROM outbox._partitions('app.noon');
-- Whole months, also of a timestamptz.
SELECT make('months', 'timestamptz', ' PARTITION BY RANGE (happened)');
CREATE TABLE app.months_0 PARTITION OF app.months FOR VALUES FROM ('2024-02-01 00:00+00') TO ('2024-03-01 00:00+00');
SELECT outbox.ensure_partitions('app.months', 12);
SELECT DISTINCT age(ends, begins), extract(day FROM begins) AS day FROM outbox._partitions('app.months');
-- Columns that number or compute are moved with the rest.
CREATE TABLE app.computed (id bigint GENERATED ALWAYS AS IDENTITY, a int, doubled int GENERATED ALWAYS AS (a * 2) STORED, created_at timestamp) PARTITION BY RANGE (created_at);
CREATE TABLE app.computed_0 PARTITION OF app.computed FOR VALUES FROM ('2020-01-01') TO ('2020-01-02');
CREATE TABLE app.computed_d PARTITION OF app.computed DEFAULT;
INSERT INTO app.computed (a, created_at) SELECT n, localtimestamp FROM generate_series(1, 3) n;
SELECT outbox.ensure_partitions('app.computed', 1);
SELECT id, a, doubled, tableoid = 'app.computed_d'::regclass AS in_default FROM app.computed;
-- A table that is partitioned by something else is cleaned up, and has no partitions made.
CREATE TABLE app.sent (published boolean, created_at timestamptz) PARTITION BY LIST (published);
CREATE TABLE app.sent_yes PARTITION OF app.sent FOR VALUES IN (true);
CREATE TABLE app.sent_no PARTITION OF app.sent DEFAULT;
INSERT INTO app.sent SELECT n % 2 = 0, now() - n * interval '1 day' FROM generate_series(1, 20) n;
CALL outbox.maintain('app.sent', '7 days');

-- What is refused.
CREATE TABLE app.bad (id int, "when" text, at time, seconds bigint, small integer, micros bigint);
INSERT INTO app.bad (seconds, micros) SELECT n, n * 1000000::bigint FROM generate_series(1600000000, 1600000002) n;
SELECT outbox.cleanup('app.bad');
SELECT outbox.cleanup('app.bad', time_column => 'nothing');
SELECT outbox.cleanup('app.bad', time_column => '');
SELECT outbox.cleanup('app.bad', time_column => 'when');
SELECT outbox.cleanup('app.bad', time_column => 'at');
SELECT outbox.cleanup('app.bad', time_column => 'small');
SELECT outbox.cleanup('app.bad', time_column => 'seconds');
SELECT outbox.cleanup('app.bad', time_column => 'micros');
SELECT outbox.cleanup('app.bad', time_column => 'id; DROP TABLE app.bad');
SELECT count(*) FROM app.bad;
CALL outbox.cleanup_all('app.bad', time_column => 'nothing');
CALL outbox.maintain('app.bad', time_column => 'when');
SELECT outbox.ensure_partitions('app.p_day', 1, 'id');
SELECT outbox.ensure_partitions('app.p_day', 1, 'nothing');
ALTER TABLE app.p_zoned RENAME created_at TO written_at;
SELECT outbox.ensure_partitions('app.p_zoned', 1, 'written_at');
SELECT make('p_int', 'integer', ' PARTITION BY RANGE (happened)'), make('p_expression', 'timestamp', ' PARTITION BY RANGE ((happened + interval ''1 hour''))');
SELECT outbox.ensure_partitions('app.p_int');
SELECT outbox.ensure_partitions('app.p_expression');
CREATE ROLE time_cleaner;
SELECT outbox.grant_cleanup('time_cleaner', 'app.bad');
SELECT outbox.grant_cleanup('time_cleaner', 'app.ms', 'happened');
SELECT fill('app.ms', 9);
SET ROLE time_cleaner;
SELECT outbox.cleanup('app.ms', '7 days', time_column => 'happened') > 0 AS deleted;
RESET ROLE;
DROP OWNED BY time_cleaner;
DROP ROLE time_cleaner;
DROP SCHEMA app CASCADE;
DROP FUNCTION make, fill;
DROP EXTENSION pg_outbox;
