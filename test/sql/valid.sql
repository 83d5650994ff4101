-- No line is ever invalid or without bounds, whatever a row holds.
\set SHOW_CONTEXT never
SELECT open_slot();
CREATE TABLE v (id int, aggregate_type text DEFAULT 'T', aggregate_id text DEFAULT 'k', payload text DEFAULT 'p', doc jsonb DEFAULT '{}', h jsonb,
    nums numeric[]);
-- A text that is not valid: a character of no type, which a binary-coercible cast makes of bytes.
SET client_min_messages = warning;
CREATE TYPE raw_text;
CREATE FUNCTION raw_in(cstring) RETURNS raw_text LANGUAGE internal IMMUTABLE STRICT AS 'byteain';
CREATE FUNCTION raw_out(raw_text) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'byteaout';
CREATE TYPE raw_text (INPUT = raw_in, OUTPUT = raw_out, LIKE = bytea);
CREATE CAST (raw_text AS text) WITHOUT FUNCTION;
RESET client_min_messages;
CREATE FUNCTION invalid() RETURNS text LANGUAGE sql AS $$ SELECT '\xc8'::raw_text::text $$;

INSERT INTO v (id, payload) VALUES (1, invalid());
INSERT INTO v (id, aggregate_id) VALUES (2, invalid());
INSERT INTO v (id, aggregate_type) VALUES (3, invalid());
INSERT INTO v (id, doc) VALUES (4, to_jsonb(invalid()));
INSERT INTO v (id, h) VALUES (5, jsonb_build_object('good', 1, 'bad', invalid(), invalid(), 'name'));
INSERT INTO v (id, payload, aggregate_id) VALUES (6, invalid(), invalid());
INSERT INTO v (id) VALUES (7);
SELECT regexp_replace(data, '"ts":\d+,"lsn":"[^"]+",', '') AS line, octet_length(data) = octet_length(convert_to(data, 'UTF8')) AS valid
FROM pg_logical_slot_peek_changes('regress', NULL, NULL, 'tables', 'public.v', 'headers', 'id,h:*') WHERE data NOT LIKE '{"commit"%';
SELECT lines('tables', 'public.v', 'headers', 'id', 'payload', 'doc');

-- 8 kB of numbers print as 85 MB, each time that they are named.
INSERT INTO v (id, nums) VALUES (8, array_fill('1e131071'::numeric, array[650])), (9, '{1,2}');
SELECT length(line) < 1000 AS short, line::json ->> 'error' AS error, (line::json -> 'headers') ->> 'id' AS id
FROM lines('tables', 'public.v', 'headers', (SELECT 'id,' || string_agg('nums:h' || n, ',') FROM generate_series(1, 99) n)) line
WHERE line NOT LIKE '{"commit"%';
-- All together are bounded, too.
INSERT INTO v (id, nums) VALUES (10, array_fill('1e1000'::numeric, array[20]));
SELECT length(line) < 1000 AS short, line::json ->> 'error' AS error
FROM lines('tables', 'public.v', 'max_event_bytes', '1000', 'headers', 'nums:a,nums:b,nums:c') line WHERE line NOT LIKE '{"commit"%';

DROP TABLE v;
DROP FUNCTION invalid;
DROP TYPE raw_text CASCADE;
SELECT close_slot();
