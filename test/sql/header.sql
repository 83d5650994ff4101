-- Keys and headers: which columns, and how each type is written.
SELECT open_slot();
CREATE TYPE mood AS ENUM ('happy', 'très "sad"');
CREATE DOMAIN short AS varchar(10) CHECK (value <> '');
CREATE TABLE h (id int, aggregate_type text DEFAULT 'T', aggregate_id text DEFAULT 'k', payload text DEFAULT 'p',
    b bool, i2 smallint, i4 int, i8 bigint, num numeric, f8 float8, t text, c char(4), d date, tm time, tmz timetz,
    ts timestamp, tsz timestamptz, u uuid, by bytea, j json, jb jsonb, e mood, s short, a int[], r int4range, iv interval, net inet);
SET client_min_messages = error;

INSERT INTO h VALUES (1, 'T', 'k', 'p', true, -32768, -2147483648, -9223372036854775808, 1.50, 0.1, E'a "b"\n', 'ab', '2026-01-31',
    '12:00:00.5', '12:00:00+02', '2026-01-31 12:00:00.123456', '2026-01-31 12:00:00+02', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11',
    '\x00ff', '{"a" :1}', '{"a": 1}', 'très "sad"', 'dom', '{1,2}', '[1,5)', '1 day 2 hours', '10.0.0.1/8');
INSERT INTO h (id, d, ts, tsz, num, f8) VALUES (2, 'infinity', '-infinity', 'infinity', 'NaN', 'Infinity');
INSERT INTO h (id, d, ts, tsz) VALUES (3, '0044-03-15 BC', '0044-03-15 12:00 BC', '20000-01-01 00:00:00+00');
-- The session's own format must not matter where ours is fixed.
SET datestyle = 'SQL, DMY';
SET timezone = 'Asia/Kolkata';
SET bytea_output = escape;
SELECT json_each_text((line::json ->> 'headers')::json)
FROM lines('tables', 'public.h', 'headers', 'b,i2,i4,i8,num,f8,t,c,d,tm,tmz,ts,tsz,u,by,j,jb,e,s,a,r,net') AS line
WHERE line::json ->> 'seq' = '0';
RESET datestyle;
RESET timezone;
RESET bytea_output;

-- The same types serve as keys.
INSERT INTO h (id, i8, tsz, e) VALUES (1, 42, '2026-01-31 12:00:00+00', 'happy'), (2, NULL, NULL, NULL);
SELECT * FROM pg_logical_slot_peek_changes('regress', NULL, NULL, 'tables', 'public.h', 'headers', '') WHERE false;
CREATE FUNCTION peek_keys(key text) RETURNS SETOF text LANGUAGE sql AS
$$ SELECT coalesce(data::json ->> 'key', 'no key') FROM pg_logical_slot_peek_changes('regress', NULL, NULL,
       'tables', 'public.h', 'key', key, 'headers', '') WHERE data NOT LIKE '{"commit"%' $$;
SELECT peek_keys('i8'), peek_keys('tsz'), peek_keys('e'), peek_keys('id');
-- An empty key is a key.
INSERT INTO h (id, aggregate_id) VALUES (4, '');
SELECT lines('tables', 'public.h', 'headers', 'id');

-- Names: plain, quoted, with an alias, none; NULL is a header without value.
INSERT INTO h (id, t) VALUES (5, 'x');
SELECT members('headers', 'tables', 'public.h', 'headers', ' id : "event id" , t:T ,s , "t":"a ""b"", c"');
INSERT INTO h (id) VALUES (6);
SELECT members('headers', 'tables', 'public.h', 'headers', '');
-- Roles stand for the columns that a table calls otherwise; a real one wins.
INSERT INTO h (id, t, aggregate_id) VALUES (7, 'evt', 'agg');
SELECT members('headers', 'tables', 'public.h', 'headers', 'event_type,aggregate_id,aggregate_type,id', 'event_type', 't');
CREATE TABLE roles (event_id int, kind text, aggregatetype text, aggregateid int, payload text, id text);
INSERT INTO roles VALUES (8, 'kind', 'T', 9, 'p', 'a real column');
SELECT lines('tables', 'public.roles', 'id', 'event_id', 'event_type', 'kind', 'headers', 'id,event_type,aggregate_type,aggregate_id');
ALTER TABLE roles DROP id;
INSERT INTO roles VALUES (8, 'kind', 'T', 9, 'p');
SELECT members('headers', 'tables', 'public.roles', 'id', 'event_id', 'event_type', 'kind', 'headers', 'id,event_type:type');

-- A column that a table lacks: no header, and a warning, once.
RESET client_min_messages;
INSERT INTO h (id) VALUES (10), (11);
SELECT members('headers', 'tables', 'public.h', 'headers', 'id,nope:missing');

-- What prints without bounds is no key and no header.
INSERT INTO h (id, jb, a) SELECT 12, jsonb_agg(n), array_agg(n) FROM generate_series(1, 3000) n;
INSERT INTO h (id, jb) SELECT 13, jsonb_agg('1e131071'::jsonb) FROM generate_series(1, 100) n;
INSERT INTO h (id) VALUES (14);
SELECT lines('tables', 'public.h', 'headers', 'id,jb,a');

DROP FUNCTION peek_keys;
DROP TABLE h, roles;
DROP TYPE mood;
DROP DOMAIN short;
SELECT close_slot();
