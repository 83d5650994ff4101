-- The extension: replay().
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION pg_outbox;
CREATE SCHEMA app;
SELECT open_slot();
-- What came of it: keys in their order, with the transactions that they came in.
CREATE FUNCTION replayed(VARIADIC options text[] DEFAULT '{tables,""}') RETURNS TABLE (transaction text) LANGUAGE sql AS $$
    SELECT string_agg(line::json ->> 'key', ' ' ORDER BY place)
    FROM (SELECT line, place, count(*) FILTER (WHERE line LIKE '{"commit"%') OVER (ORDER BY place) - (line LIKE '{"commit"%')::int AS xact
          FROM lines(VARIADIC options) WITH ORDINALITY AS l (line, place)) l
    WHERE line NOT LIKE '{"commit"%' GROUP BY xact ORDER BY xact
$$;
-- Five rows of a day each, written in another order; rows of one transaction are of one time, and their order is kept.
SELECT outbox.create_table('app.plain', headers => false), outbox.create_table('app.parted', '1 day', false);
CREATE TABLE app.numbered (id bigserial, aggregate_type text, aggregate_id text, payload text, occurred_at bigint);
CREATE TABLE app.other ("event id" uuid DEFAULT gen_random_uuid(), kind text, order_id int, body bytea, "happenedAt" date);
CREATE FUNCTION fill(name regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('INSERT INTO %s (aggregate_type, aggregate_id, event_type, payload, created_at)
        SELECT ''T'', ''day'' || n, ''e'', ''{}'', timestamp ''2026-01-01'' + n * interval ''1 day'' FROM unnest(''{3,1,5,2,4}''::int[]) n', name);
END $$;
SELECT fill('app.plain');
BEGIN;
INSERT INTO app.plain (aggregate_type, aggregate_id, event_type, payload, created_at)
SELECT 'T', 'same' || n, 'e', '{}', '2026-01-04' FROM generate_series(1, 4) n;
INSERT INTO app.plain (aggregate_type, aggregate_id, event_type, payload, created_at) VALUES ('T', 'same5', 'e', '{}', '2026-01-04');
COMMIT;
INSERT INTO app.parted SELECT * FROM app.plain;
INSERT INTO app.numbered (id, aggregate_type, aggregate_id, payload, occurred_at)
SELECT n, 'T', 'n' || n, 'p', extract(epoch FROM timestamptz '2026-01-01' + (n / 2) * interval '1 day') * 1000 FROM unnest('{4,2,6,1,5,3}'::int[]) n;
INSERT INTO app.other (kind, order_id, body, "happenedAt") VALUES ('T', 7, '\x00ff', '2026-01-01'), ('T', 8, '\x01', '2026-01-02'), ('T', 7, '\x02', '2026-01-03');
SELECT count(*) FROM replayed();

-- All, in the order of their time; a batch ends between two times.
SET client_min_messages = notice;
CALL outbox.replay('app.plain', batch => 3);
SELECT * FROM replayed();
CALL outbox.replay('app.parted', batch => 1);
SELECT * FROM replayed();
CALL outbox.replay('app.numbered');
SET client_min_messages = warning;
SELECT * FROM replayed();
-- A range: with its beginning, without its end.
CALL outbox.replay('app.plain', '2026-01-02', '2026-01-04');
SELECT * FROM replayed();
CALL outbox.replay('app.plain', since => '2026-01-05 00:00:00.000001');
SELECT * FROM replayed();
CALL outbox.replay('app.plain', until => '2026-01-03');
SELECT * FROM replayed();
CALL outbox.replay('app.plain', '-infinity', 'infinity');
SELECT * FROM replayed();
CALL outbox.replay('app.numbered', '2026-01-02 00:00+00', '2026-01-03 00:00+00');
SELECT * FROM replayed();
-- A key.
CALL outbox.replay('app.parted', key => 'same2');
CALL outbox.replay('app.plain', key => 'same2', until => '2026-01-02');
CALL outbox.replay('app.plain', key => 'it''s none');
SELECT * FROM replayed();
-- Columns of other names, with the relay's options.
CALL outbox.replay('app.other', time_column => 'happenedAt', id_column => '"event id"', key_column => 'order_id', key => '7');
SELECT data::json ->> 'topic' AS topic, data::json ->> 'key' AS key, data::json ->> 'payload' AS payload, data::json ->> 'headers' AS headers
FROM pg_logical_slot_get_changes('regress', NULL, NULL, 'tables', '', 'topic', '${kind}', 'key', 'order_id', 'payload', 'body', 'headers', 'order_id:n') WHERE data NOT LIKE '{"commit"%';
-- By a number that is no time; rows without a time come last; later rows are not taken along.
CALL outbox.replay('app.numbered', time_column => 'id', batch => 4);
SELECT * FROM replayed();
UPDATE app.numbered SET occurred_at = NULL WHERE id IN (1, 4);
CALL outbox.replay('app.numbered', batch => 2);
SELECT * FROM replayed();
CREATE TABLE app.nothing (LIKE app.plain);
CALL outbox.replay('app.nothing');
-- Rows that are changed or come in between: none is left out, none comes twice.  (Batch by batch.)
SELECT * FROM outbox._replay_batch('app.plain', NULL, NULL, NULL, 'created_at', NULL, 'id', NULL, '2027-01-01', 2);
UPDATE app.plain SET event_type = 'changed';
INSERT INTO app.plain (aggregate_type, aggregate_id, event_type, payload, created_at) VALUES ('T', 'late', 'e', '{}', '2026-01-01'), ('T', 'new', 'e', '{}', '2026-01-07');
SELECT * FROM outbox._replay_batch('app.plain', NULL, NULL, NULL, 'created_at', NULL, 'id', '2026-01-03 00:00:00', '2026-01-06 00:00:00', 100);
SELECT * FROM replayed();
-- The table's own event stays the one without the header, and the replay has it.
SELECT add_event(1);
CALL outbox.replay('outbox');
SELECT line::json ->> 'headers' AS headers FROM lines() line WHERE line NOT LIKE '{"commit"%';
TRUNCATE outbox;

-- Children of a table, rows without a value, a column "headers", a column that is computed when it is read.
CREATE TABLE app.family (id int, aggregate_type text, aggregate_id text, payload text, headers jsonb, created_at timestamptz);
CREATE TABLE app.child (more int) INHERITS (app.family);
SELECT current_setting('server_version_num')::int >= 180000 AS has_virtual \gset
\if :has_virtual
ALTER TABLE app.family ADD twice int GENERATED ALWAYS AS (id * 2) VIRTUAL;
\endif
INSERT INTO app.family VALUES (1, 'T', 'parent', NULL, '{"trace": "a"}', '2026-01-01'), (3, 'T', 'last', 'p', NULL, '2026-01-03');
INSERT INTO app.child VALUES (2, 'T', 'child', 'p', '{"trace": "b", "pg_outbox.replay": "own"}', '2026-01-02', 7);
CALL outbox.replay('app.family');
SELECT line::json ->> 'key' AS key, line::json ->> 'encoding' AS encoding, line::json ->> 'headers' AS headers FROM lines('tables', 'app.family') line WHERE line NOT LIKE '{"commit"%';

-- With the right for it and no more.
CREATE ROLE replayer;
SET ROLE replayer;
CALL outbox.replay('app.plain');
RESET ROLE;
SELECT outbox.grant_replay('replayer', 'app.plain');
SET ROLE replayer;
CALL outbox.replay('app.plain', since => '2026-01-06');
CALL outbox.replay('app.parted');
SELECT outbox.emit('T', 'k', 'e', '{}');
SELECT outbox.cleanup('app.plain');
-- Whatever he calls: rows of tables that he may read, marked as replayed; no text of his own.
\set VERBOSITY terse
CREATE FUNCTION pg_temp.emit_rows(name regclass, key text, time_name name, key_name name, id_name name, reached text) RETURNS bigint
    LANGUAGE sql AS $$ SELECT outbox._emit_rows(name, NULL, NULL, key, time_name, key_name, id_name, NULL, reached) $$;
SELECT pg_temp.emit_rows('app.plain', 'day1', 'created_at', 'aggregate_id', 'id', '2026-01-03');
SELECT pg_temp.emit_rows('app.parted', NULL, 'created_at', NULL, 'id', '2026-01-03');
SELECT pg_temp.emit_rows('app.plain', ''' OR true OR aggregate_id = ''', 'created_at', 'aggregate_id', 'id', '2026-01-03');
SELECT pg_temp.emit_rows('app.plain', 'day1', 'created_at', 'aggregate_id" = ''x'' OR "payload', 'id', '2026-01-03');
SELECT pg_temp.emit_rows('app.plain', NULL, 'created_at', NULL, 'id", (SELECT 1)', '2026-01-03');
SELECT pg_temp.emit_rows('app.plain', NULL, 'created_at', NULL, 'id', ''' UNION SELECT ''');
SELECT pg_temp.emit_rows('app.plain', 'k', 'created_at', NULL, 'id', '2026-01-03');
SELECT pg_temp.emit_rows('app.plain', NULL, NULL, NULL, 'id', '2026-01-03');
SELECT pg_temp.emit_rows('app.plain', NULL, 'created_at', NULL, NULL, '2026-01-03');
SELECT pg_temp.emit_rows(NULL, NULL, 'created_at', NULL, 'id', '2026-01-03');
CREATE TEMP TABLE forged AS SELECT gen_random_uuid() AS id, 'T' AS aggregate_type, 'forged' AS aggregate_id, '{}'::jsonb AS payload, timestamp '2026-01-01' AS created_at;
CALL outbox.replay('forged');
SELECT pg_temp.emit_rows('forged', NULL, 'created_at', NULL, 'id', '2026-01-03');
CREATE TEMP VIEW seen AS SELECT * FROM forged;
SELECT pg_temp.emit_rows('seen', NULL, 'created_at', NULL, 'id', '2026-01-03');
\set VERBOSITY default
DROP VIEW seen;
DROP TABLE forged;
RESET ROLE;
SELECT line::json ->> 'key' AS key, line::json -> 'headers' ->> 'pg_outbox.replay' AS replayed FROM lines('tables', '') line WHERE line NOT LIKE '{"commit"%';
-- What a policy hides is not passed over in silence.
ALTER TABLE app.plain ENABLE ROW LEVEL SECURITY;
CREATE POLICY days ON app.plain USING (aggregate_id LIKE 'day%');
SET ROLE replayer;
CALL outbox.replay('app.plain');
RESET ROLE;

-- What is refused.
CREATE VIEW app.view AS SELECT * FROM app.plain;
CREATE TABLE app.no_id (aggregate_id text, created_at timestamp);
CREATE TABLE app.no_time (id int, aggregate_id text);
CREATE TABLE app.no_key (id int, created_at timestamp);
CREATE TABLE app.seconds (id int, created_at bigint);
INSERT INTO app.seconds VALUES (1, 1764000000);
CALL outbox.replay('app.view');
CALL outbox.replay(NULL);
CALL outbox.replay('app.missing');
CALL outbox.replay('app.no_id');
CALL outbox.replay('app.no_id', id_column => 'nope');
CALL outbox.replay('app.no_id', id_column => NULL);
CALL outbox.replay('app.no_time');
CALL outbox.replay('app.plain', time_column => 'payload');
CALL outbox.replay('app.no_key', key => 'k');
CALL outbox.replay('app.no_key', key => 'k', key_column => 'nope');
CALL outbox.replay('app.other', time_column => 'happenedAt', id_column => 'event id', key_column => 'order_id', key => 'not a number');
CALL outbox.replay('app.plain', '2026-01-02', '2026-01-01');
CALL outbox.replay('app.plain', '2026-01-02', '2026-01-02');
CALL outbox.replay('app.plain', 'infinity');
CALL outbox.replay('app.plain', until => '-infinity');
CALL outbox.replay('app.plain', batch => 0);
CALL outbox.replay('app.plain', batch => NULL);
CALL outbox.replay('app.seconds', since => '2026-01-01');
CALL outbox.replay('app.seconds');
BEGIN;
CALL outbox.replay('app.parted');
ROLLBACK;
DROP SCHEMA app CASCADE;
DROP FUNCTION replayed, fill;
DROP OWNED BY replayer;
DROP ROLE replayer;
DROP EXTENSION pg_outbox;
SELECT close_slot();
