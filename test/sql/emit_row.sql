-- The extension: rows as events, by emit_row() and replay().
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION pg_outbox;
SELECT open_slot();
-- The events of rows and of their replay, without what differs: each of the first is one of the second.
CREATE FUNCTION pairs(VARIADIC options text[] DEFAULT '{}') RETURNS TABLE (event text, times bigint) LANGUAGE sql AS $$
    SELECT regexp_replace(regexp_replace(regexp_replace(line, ',"(seq|committed)":\d+', '', 'g'), ',"pg_outbox.replay":"true"', ''), '"relation":"[^"]*"', '"relation":""'), count(*)
    FROM lines(VARIADIC options) WITH ORDINALITY AS l (line, place)
    WHERE line NOT LIKE '{"commit"%' GROUP BY 1 ORDER BY min(place)
$$;
-- A row of the README's table comes out as it did; with headers as well.
SELECT add_event(1);
SELECT outbox.emit_row(o) FROM outbox o;
SELECT * FROM pairs();
SELECT outbox.emit_row(o, '{"again": true, "n": 1.50}') FROM outbox o;
SELECT lines();
CALL outbox.replay('outbox');
SELECT lines();
TRUNCATE outbox;

-- Columns of all types, as headers: what the row's own event has.
CREATE TYPE mood AS ENUM ('sad', 'très "gai"');
CREATE DOMAIN short AS varchar(5);
CREATE DOMAIN shorter AS short;
CREATE TABLE all_types (
    id uuid, aggregate_type text, aggregate_id text, event_type text, payload jsonb, gone text,
    c_text text, c_varchar varchar(9), c_char char(5), c_name name, c_char1 "char", c_domain shorter, c_enum mood,
    c_json json, c_jsonb jsonb, c_bytea bytea, c_uuid uuid, c_bool bool, c_int2 int2, c_int4 int4, c_int8 bigint, c_oid oid,
    c_numeric numeric, c_float4 float4, c_float8 float8, c_money money,
    c_date date, c_time time, c_timetz timetz, c_timestamp timestamp, c_timestamptz timestamptz, c_interval interval,
    c_inet inet, c_cidr cidr, c_macaddr macaddr, c_point point, c_bit bit(3), c_varbit varbit, c_tsvector tsvector, c_xml xml,
    c_int4range int4range, c_tstzrange tstzrange, c_ints int4[], c_texts text[], c_times timestamptz[], c_floats float8[], c_regclass regclass,
    c_generated int GENERATED ALWAYS AS (c_int4 * 2) STORED, "c odd ""name""" text, c_null text);
ALTER TABLE all_types DROP gone;
INSERT INTO all_types VALUES (lpad('1', 32, '0')::uuid, 'Task', 'k', 'e', '{"a": 1.50, "b": [null, "é"]}',
    E'a "b"\n é', 'v', 'c', 'name', 'x', 'dom', 'très "gai"',
    E'{"z":1,\n "a" : 1e2}', '{"b": 1, "a": 12345678901234567890.10}', '\x00ff', lpad('2', 32, '0')::uuid, true, -1, 2, 9223372036854775807, 26,
    1.500, 0.1, 1e-7, 12.34,
    '2026-11-25', '20:09:53.5', '20:09:53+02', '2026-11-25 20:09:53.123456', '2026-11-25 20:09:53.1+02', '1 year 2 days 03:04:05.6',
    '10.1.2.3/8', '10.1.2.0/24', '08:00:2b:01:02:03', '(1,2.5)', '101', '10', 'a fat cat', '<a/>',
    '[1,5)', '["2026-11-25 20:09:53+02",)', '{1,2,NULL}', '{a,"b c"}', '{"2026-11-25 20:09:53+02"}', '{0.1,1e-7}', 'pg_class', DEFAULT, 'odd', NULL);
INSERT INTO all_types (id, aggregate_type, aggregate_id, event_type, payload) VALUES (lpad('2', 32, '0')::uuid, 'Task', 'nulls', 'e', NULL);
SELECT string_agg(quote_ident(attname), ',' ORDER BY attnum) AS columns FROM pg_attribute WHERE attrelid = 'all_types'::regclass AND attname ~ '^c_|^c ' \gset
-- The session's settings do not matter.
SET datestyle = 'German, DMY'; SET intervalstyle = iso_8601; SET extra_float_digits = 0; SET timezone = 'America/New_York'; SET bytea_output = escape;
SELECT outbox.emit_row(t) FROM all_types t;
RESET datestyle; RESET intervalstyle; RESET extra_float_digits; RESET timezone; RESET bytea_output;
SET datestyle = ISO; SET intervalstyle = postgres; SET extra_float_digits = 1; SET timezone = 'UTC';
\a
SELECT * FROM pairs('tables', 'public.all_types', 'headers', :'columns');
\a
SELECT name, setting FROM pg_settings WHERE name IN ('DateStyle', 'IntervalStyle', 'extra_float_digits', 'TimeZone', 'search_path') ORDER BY name COLLATE "C";
CALL outbox.replay('all_types', time_column => 'c_timestamptz');
SELECT count(*), bool_and(times = 1) FROM pairs('tables', '', 'headers', :'columns');
-- As key, topic, payload, timestamp and partition.
INSERT INTO all_types (id, c_text, c_uuid, c_bytea, c_json, c_timestamp, c_timestamptz, c_int2, c_char, c_int8)
VALUES (lpad('3', 32, '0')::uuid, 'T', lpad('4', 32, '0')::uuid, '\x00ff', '{"z" : 1e2}', '2026-11-25 20:09:53.123456', '2026-11-25 20:09:53.1+02', 7, 'pad', 1764000000123);
SELECT outbox.emit_row(t) FROM all_types t WHERE c_text = 'T';
SELECT event, times FROM pairs('tables', 'public.all_types', 'topic', '${c_text}', 'key', 'c_uuid', 'payload', 'c_json', 'timestamp', 'c_timestamp', 'partition', 'c_int2', 'headers', 'id') WHERE times > 1;
SELECT outbox.emit_row(t) FROM all_types t WHERE c_text = 'T';
SELECT * FROM pairs('tables', '', 'topic', '${c_text}', 'key', 'c_bytea', 'payload', 'c_bytea', 'timestamp', 'c_timestamptz', 'partition', 'c_int8', 'headers', 'c_bytea');
SELECT outbox.emit_row(t) FROM all_types t WHERE c_text = 'T';
SELECT * FROM pairs('tables', '', 'topic', '${c_text}', 'key', 'c_char', 'payload', 'c_char', 'headers', 'c_char', 'timestamp', 'c_int8');
-- The timestamp to the millisecond, of each type; a column that is merely called so is none.
SELECT outbox.emit_row(t) FROM all_types t WHERE c_text = 'T';
SELECT data::json ->> 'ts' AS ts FROM pg_logical_slot_peek_changes('regress', NULL, NULL, 'tables', '', 'topic', 't', 'key', 'id', 'timestamp', 'c_timestamp') WHERE data LIKE '{"topic"%';
SELECT data::json ->> 'ts' AS ts FROM pg_logical_slot_peek_changes('regress', NULL, NULL, 'tables', '', 'topic', 't', 'key', 'id', 'timestamp', 'c_timestamptz') WHERE data LIKE '{"topic"%';
SELECT data::json ->> 'ts' AS ts FROM pg_logical_slot_get_changes('regress', NULL, NULL, 'tables', '', 'topic', 't', 'key', 'id', 'timestamp', 'c_int8') WHERE data LIKE '{"topic"%';
CREATE TABLE clocks (id int, aggregate_type text, aggregate_id text, payload text, "timestamp" text, at timestamptz);
INSERT INTO clocks VALUES (1, 'T', 'k', 'p', 'noon', 'infinity'), (2, 'T', 'k', 'p', '', '1969-12-31'), (3, 'T', 'k', 'p', '12', '2026-11-25 20:09:53.999999');
SELECT outbox.emit_row(t) FROM clocks t;
SELECT * FROM pairs('tables', 'public.clocks', 'headers', 'id');
SELECT outbox.emit_row(t) FROM clocks t;
SELECT data::json ->> 'error' AS error, (data::json ->> 'ts')::bigint = 1795637393999 AS ts FROM pg_logical_slot_get_changes('regress', NULL, NULL, 'tables', '', 'headers', 'id', 'timestamp', 'at') WHERE data NOT LIKE '{"commit"%';
SELECT send('aggregate_type', 't', 'T', 'aggregate_id', 't', 'k', 'payload', 'n', NULL, 'timestamp', 't', t) FROM unnest('{2026-11-25T20:09:53Z,2026-11-25T20:09:53.5,2026-11-25 20:09:53,2026-13-25T20:09:53,2026-11-25T20:09,now,2026-11-25T20:09:53+01}'::text[]) t;
SELECT CASE WHEN data LIKE '{"topic"%' THEN data::json ->> 'ts' END AS ts, data::json ->> 'error' AS error FROM pg_logical_slot_get_changes('regress', NULL, NULL) WHERE data NOT LIKE '{"commit"%';

-- Headers: the argument's win over the row's, whose numbers stay as they are.
CREATE TABLE headed (id int, aggregate_type text, aggregate_id text, payload text, headers jsonb);
INSERT INTO headed VALUES (1, 'T', 'k', 'p', '{"a": 1.50, "b": "row"}'), (2, 'T', 'k', 'p', '{}'), (3, 'T', 'k', 'p', NULL);
SELECT outbox.emit_row(t, '{"b": "call", "c": null}') FROM headed t;
SELECT outbox.emit_row(t, '{}') FROM headed t WHERE id = 1;
SELECT lines()::json ->> 'headers';
ALTER TABLE headed ALTER headers TYPE json USING headers::json;
UPDATE headed SET headers = E' {"a" : 1e2, "b": "row"} \n' WHERE id = 1;
SELECT outbox.emit_row(t, '{"b": "call"}') FROM headed t WHERE id < 3;
SELECT lines()::json ->> 'headers';
ALTER TABLE headed ALTER headers TYPE text;
SELECT outbox.emit_row(t, '{"b": "call"}') FROM headed t WHERE id < 3;
SELECT outbox.emit_row(t) FROM headed t WHERE id < 3;
SELECT lines('tables', '', 'headers', 'headers:text')::json ->> 'headers';
UPDATE headed SET headers = 'no JSON' WHERE id = 1;
\set SHOW_CONTEXT always
SELECT outbox.emit_row(t, '{"b": "call"}') FROM headed t WHERE id = 1;
UPDATE headed SET headers = '[1]' WHERE id = 1;
SELECT outbox.emit_row(t, '{"b": "call"}') FROM headed t WHERE id = 1;
\set SHOW_CONTEXT never
ALTER TABLE headed ALTER headers TYPE int USING 1;
SELECT outbox.emit_row(t, '{"b": "call"}') FROM headed t WHERE id = 1;
SELECT outbox.emit_row(t, '[]') FROM headed t WHERE id = 1;
SELECT outbox.emit_row(t, (SELECT jsonb_object_agg('h' || n, n) FROM generate_series(1, 101) n)) FROM headed t WHERE id = 1;

-- What the decoder cannot read in a row is text in a message: composite types and those of extensions.
CREATE TYPE pair AS (a int, b text, at timestamptz);
CREATE TABLE odd (id int, aggregate_type text, aggregate_id text, payload text, c pair, cs pair[], d pair[]);
INSERT INTO odd VALUES (1, 'T', 'k', 'p', (1, 'x y', '2026-11-25 20:09:53+02'), ARRAY[(2, NULL, NULL)]::pair[], NULL);
SELECT outbox.emit_row(t) FROM odd t;
SELECT * FROM pairs('tables', '', 'headers', 'id,c,cs,d');
CALL outbox.replay('odd', time_column => 'id');
ALTER TABLE odd ALTER id TYPE bigint;
CALL outbox.replay('odd', time_column => 'id');
SELECT * FROM pairs('tables', '', 'headers', 'id,c,cs,d');
CREATE EXTENSION citext;
CREATE EXTENSION hstore;
CREATE TABLE extended (id bigint, aggregate_type text, aggregate_id citext, payload text, c hstore);
INSERT INTO extended VALUES (1, 'T', 'Key', 'p', '"a b" => 1, c => NULL');
SELECT outbox.emit_row(t) FROM extended t;
CALL outbox.replay('extended', time_column => 'id');
SELECT * FROM pairs('tables', '', 'headers', 'id,c');
DROP TABLE odd, extended;
DROP TYPE pair;
DROP EXTENSION citext, hstore;

-- Rows that are no table's; a variable of PL/pgSQL; none.
SELECT outbox.emit_row(r) FROM (SELECT 'T' AS aggregate_type, 'k' AS aggregate_id, '{}'::jsonb AS payload, 5 AS id) r;
SELECT outbox.emit_row(ROW(1, 2));
-- One call, rows of different forms.
CREATE FUNCTION pick(n int) RETURNS record LANGUAGE plpgsql AS $$
DECLARE
    r record;
BEGIN
    IF n % 3 = 0 THEN
        SELECT * INTO r FROM headed WHERE id = 3;
    ELSIF n % 3 = 1 THEN
        r := ROW('a'::text);
    ELSE
        SELECT 9::bigint AS id, now() AS gone, 'T' AS aggregate_type, 'k' AS aggregate_id, repeat('x', 5) AS payload, 'infinity'::date AS at INTO r;
    END IF;
    RETURN r;
END $$;
SELECT outbox.emit_row(pick(n)) FROM generate_series(1, 6) n;
SELECT lines('tables', '', 'headers', 'id,at');
DROP FUNCTION pick;
-- One call, a type that changes from one row to the next.
CREATE TYPE changing AS (aggregate_type text, aggregate_id text, payload text);
CREATE FUNCTION change(n int) RETURNS changing LANGUAGE plpgsql AS $$
DECLARE
    r changing;
BEGIN
    IF n = 2 THEN
        ALTER TYPE changing ALTER ATTRIBUTE aggregate_id TYPE bigint;
    ELSIF n = 3 THEN
        EXECUTE (SELECT 'ALTER TYPE changing ' || string_agg('ADD ATTRIBUTE c' || i || ' int', ', ') FROM generate_series(1, 500) i);
    END IF;
    EXECUTE format('SELECT (%s::changing).*', CASE n WHEN 1 THEN 'ROW(''T'', ''k'', ''p'')' WHEN 2 THEN 'ROW(''T'', 4711, ''p'')'
        ELSE 'ROW(''T'', 4712, ''p''' || repeat(', 7', 500) || ')' END) INTO r;
    RETURN r;
END $$;
SELECT outbox.emit_row(change(n)) FROM generate_series(1, 3) n;
SELECT lines('tables', '', 'headers', 'c1,c500');
DROP FUNCTION change;
DROP TYPE changing;
DO $$
DECLARE
    o outbox;
BEGIN
    o.aggregate_type := 'T'; o.aggregate_id := 'variable'; o.payload := '{}';
    PERFORM outbox.emit_row(o);
    PERFORM outbox.emit_row(o);
END $$;
SELECT lines();
SELECT outbox.emit_row(NULL);
SELECT outbox.emit_row(o) FROM (SELECT 1) x LEFT JOIN outbox o ON false;
\set VERBOSITY terse
SELECT outbox.emit_row(1);
\set VERBOSITY default
-- As many columns as a table may have.
SELECT 'CREATE TABLE wide (id int, aggregate_type text, aggregate_id text, payload text, ' || string_agg('c' || n || ' bool', ', ') || ')' FROM generate_series(1, 1596) n \gexec
INSERT INTO wide (id, aggregate_type, aggregate_id, payload, c1596) VALUES (1, 'T', 'wide', 'p', true);
SELECT outbox.emit_row(w) FROM wide w;
SELECT * FROM pairs('tables', 'public.wide', 'headers', 'c1596');
BEGIN READ ONLY;
SELECT outbox.emit_row(w) FROM wide w;
ROLLBACK;
DROP TABLE all_types, clocks, headed, wide;
DROP TYPE mood;
DROP DOMAIN short CASCADE;
DROP FUNCTION pairs;
DROP EXTENSION pg_outbox;
SELECT close_slot();
