-- Option value: an object of columns; and headers that are of no column.
\set SHOW_CONTEXT never
SELECT open_slot();
SET client_min_messages = error;
CREATE TYPE mood AS ENUM ('happy');
CREATE TABLE v (id int, aggregate_type text DEFAULT 'T', aggregate_id text DEFAULT 'k', payload jsonb, t text, c char(4), i2 smallint, i8 bigint, f4 real, f8 float8,
    num numeric, b boolean, j json, u uuid, by bytea, ts timestamp, tz timestamptz, d date, a int[], m mood, large text);
CREATE FUNCTION value(VARIADIC options text[]) RETURNS SETOF text LANGUAGE sql AS
$$ SELECT coalesce(data::json ->> 'error', '') || substring(data FROM '"headers".*') FROM pg_logical_slot_peek_changes('regress', NULL, NULL, VARIADIC
       '{tables,public.v,headers,""}'::text[] || options) WHERE data NOT LIKE '{"commit"%' $$;
INSERT INTO v VALUES (1, 'T', 'k', '{"a": 1.50, "b": [null]}', E'x "y"\n', 'ab', -1, 9223372036854775807, 0.5, 1e300, 1.50, true, E'{"z":\n1}',
    'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '\x00ff', '2026-01-31 12:00:00.5', '2026-01-31 12:00:00+00', '2026-01-31', '{1,2}', 'happy', NULL);
INSERT INTO v (id, f4, f8, num) VALUES (2, 'NaN', '-Infinity', 'NaN');
SELECT value('value', 'row(payload:payload, t:eventType)');
SELECT value('value', 'row(payload, payload::text:"as ""text""", t,c,i2,i8,f4,f8,num,b,j,u,by,ts,tz,d,a,m)');
SELECT value('value', ' ROW ( "id" : n , nope|t:t ) ');
SELECT value('value', 'row(id::text, b::text:b)');
-- The payload still says whether there is a value, if that is asked for.
SELECT value('value', 'row(payload)', 'empty_payload', 'tombstone');
SELECT value('value', 'row(id)', 'payload', 't', 'empty_payload', 'tombstone');
SELECT value('value', 'payload');
-- What is wrong with it is an error at the start.
-- One statement each: an ERROR that is caught leaves the slot in use (slot.c, ReplicationSlotRelease).
\set VERBOSITY terse
SELECT format('SELECT value(''value'', %L)', v) FROM unnest(ARRAY['', 'row', 'row()', 'row(', 'row(id', 'row(id,)', 'row(id,id)', 'row(id:a,b:a)', 'row(id a)', 'row(nope)', 'row(id::int)', 'row(id:)',
    'row(id) x', 'id', '''text''', 'row(''a'')']) v \gexec
\set VERBOSITY sqlstate
\gexec
\set VERBOSITY default
-- Too large as a whole.
SELECT count(*) FROM lines('tables', '');
INSERT INTO v (id, t, large) VALUES (3, repeat('x', 600), repeat('y', 600)), (4, 'x', 'y');
SELECT value('value', 'row(id, t, large)', 'max_event_bytes', '1000');
SELECT count(*) FROM lines('tables', '');
INSERT INTO v (id, payload) SELECT 5, jsonb_agg('1e131071'::jsonb) FROM generate_series(1, 100);
SELECT value('value', 'row(id, payload, payload::text:p)');

-- Headers that are constants, templates, and what is known of the event.
SELECT count(*) FROM lines('tables', '');
INSERT INTO v (id, t) VALUES (6, 'x'), (7, NULL);
SELECT regexp_replace(line::json ->> 'headers', '\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z', 'TIME') AS headers
FROM lines('tables', 'public.v', 'headers', $$ 'it''s, "so"' : constant, '/t/${t}':template, '':empty, $commit_time:ce_time, id:ce_id, 'application/json':content-type $$) line
WHERE line LIKE '%topic%';
INSERT INTO v (id) VALUES (8), (9);
INSERT INTO v (id) VALUES (10);
SELECT (data::json -> 'headers' ->> 'p') = upper(lpad(split_part(data::json ->> 'lsn', '/', 1), 8, '0') || lpad(split_part(data::json ->> 'lsn', '/', 2), 8, '0')
    || lpad(to_hex((data::json ->> 'seq')::int), 8, '0')) AS right_position, (data::json -> 'headers' ->> 'x')::xid IS NOT NULL AS xid,
    (data::json -> 'headers' ->> 't')::timestamptz BETWEEN now() - interval '1 day' AND now() + interval '1 day' AS time,
    (data::json -> 'headers' ->> 'p') > lag(data::json -> 'headers' ->> 'p') OVER () AS after_the_last
FROM pg_logical_slot_get_changes('regress', NULL, NULL, 'tables', 'public.v', 'headers', '$position:p,$xid:x,$commit_time:t') WHERE data LIKE '%topic%';
SELECT lines('headers', '''a' || chr(10) || 'b'':x');
SELECT lines('headers', '''a'':');
SELECT lines('headers', '''a''');
SELECT lines('headers', '''a:x');
SELECT lines('headers', '$nope:x');
SELECT lines('headers', '$position');
SELECT lines('headers', '''a'':*');
SELECT lines('headers', '''${nope}'':x');

-- Spread text: JSON, or Java's properties.
INSERT INTO v (id, t) VALUES (11, '{"traceparent": "00-1-2-01", "n": 1}'), (12, E'#Tue\n!x\ntraceparent=00-a-b-01\r\ntracestate\\ = k\\=v\\u00e9\n empty:\nno_value\n'),
    (13, ''), (14, NULL), (15, '{"broken'), (16, 'a=\u12'), (17, 'a=\ud83d\ude00' || E'\nb:c\\\n   d'), (18, '{}');
SELECT data::json ->> 'error' AS error, data::json ->> 'headers' AS headers
FROM pg_logical_slot_get_changes('regress', NULL, NULL, 'tables', 'public.v', 'payload', 'j', 'headers', 't:*') WHERE data LIKE '%topic%';

DROP FUNCTION value;
DROP TABLE v;
DROP TYPE mood;
SELECT close_slot();
