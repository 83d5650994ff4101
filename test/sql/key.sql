-- Keys: none, several columns, raw bytes.
\set SHOW_CONTEXT never
SELECT open_slot();
CREATE TABLE k (id int, aggregate_type text DEFAULT 'T', tenant text, n int, raw bytea, payload text DEFAULT 'p');
INSERT INTO k (id, tenant, n, raw) VALUES (1, 'a', 7, '\x0000000001ff'), (2, NULL, 8, NULL), (3, '', 9, ''), (4, 'a "b"', 10, '\x61');
CREATE FUNCTION keys(VARIADIC options text[]) RETURNS TABLE (seq text, key text, encoding text, error text) LANGUAGE sql AS
$$ SELECT data::json ->> 'seq', (data::json -> 'key')::text, data::json ->> 'key_encoding', data::json ->> 'error'
   FROM pg_logical_slot_peek_changes('regress', NULL, NULL, VARIADIC '{tables,public.k,headers,""}'::text[] || options) WHERE data NOT LIKE '{"commit"%' $$;
SELECT * FROM keys('key', '');
SELECT * FROM keys('key', '  ');
SELECT * FROM keys('key', '${tenant}:${n}');
SELECT * FROM keys('key', 'k-${n} ü');
SELECT * FROM keys('key', '${nope|n}');
SELECT * FROM keys('key', 'raw');
SELECT * FROM keys('key', 'raw', 'key_encoding', 'raw');
SELECT * FROM keys('key', 'raw', 'key_encoding', 'text');
SELECT * FROM keys('key', 'n', 'key_encoding', 'raw');
SELECT * FROM keys('key', '${nope}');
SELECT * FROM keys('key', '${tenant}', 'key_encoding', 'raw');
-- Shards go by the bytes of the record's key.
SELECT (SELECT string_agg(key, ' ') FROM keys('key', 'raw', 'key_encoding', 'raw', 'shard', '0/2')) AS first,
    (SELECT string_agg(key, ' ') FROM keys('key', 'raw', 'key_encoding', 'raw', 'shard', '1/2')) AS second,
    (SELECT count(*) FROM keys('key', '', 'shard', '1/2')) AS without;
SELECT count(*) FROM lines('tables', '');
-- A line as a whole; headers of the role stand for the key's columns.
INSERT INTO k (id, tenant, n, raw) VALUES (5, 'a', 7, '\x00ff');
SELECT lines('tables', 'public.k', 'key', 'raw', 'key_encoding', 'raw', 'partition', 'n', 'headers', 'id,aggregate_id');
-- Messages: bytes are raw, text is text.
SELECT send('aggregate_type', 't', 'T', 'aggregate_id', 'b', 'bytes', 'payload', 't', 'p'), send('aggregate_type', 't', 'T', 'aggregate_id', 't', 'text', 'payload', 't', 'p');
SELECT line FROM lines('tables', '', 'headers', '', 'key_encoding', 'raw') line WHERE line NOT LIKE '{"commit"%';

DROP FUNCTION keys;
DROP TABLE k;
SELECT close_slot();
