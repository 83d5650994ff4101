-- Lines are UTF-8 whatever the database's encoding is; text that cannot be is
-- an error line.  Such lines are no text of that database: they come as bytes.
CREATE DATABASE latin1 ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0;
CREATE DATABASE win1252 ENCODING 'WIN1252' LOCALE 'C' TEMPLATE template0;
CREATE DATABASE eucjp ENCODING 'EUC_JP' LOCALE 'C' TEMPLATE template0;
CREATE DATABASE ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0;

\c latin1
SET client_encoding = 'UTF8';
SELECT slot_name FROM pg_create_logical_replication_slot('latin1', 'pg_outbox');
CREATE TABLE "büro" (id int, aggregate_type text, aggregate_id text, payload jsonb, "prénom" text);
INSERT INTO "büro" VALUES (1, 'T', 'clé', '{"é": "ü", "u": "\u00e9"}', 'Zoë'), (2, 'é', 'plain', '"plain"', NULL);
SELECT data FROM pg_logical_slot_get_changes('latin1', NULL, NULL, 'tables', '');
CREATE TABLE got AS
SELECT row_number() OVER () AS n, data
FROM pg_logical_slot_get_binary_changes('latin1', NULL, NULL, 'tables', 'public."büro"', 'headers', 'id,"prénom":"prénom"');
SELECT regexp_replace(regexp_replace(convert_from(data, 'UTF8'), '"ts":\d+,"lsn":"[^"]+"', ''), '"commit".*"xid":\d+', '') FROM got ORDER BY n;
-- A regex is compiled before there is a transaction to look up a conversion.
SELECT data FROM pg_logical_slot_get_changes('latin1', NULL, NULL, 'tables', '', 'route_regex', 'é(.*)');
INSERT INTO "büro" VALUES (1, 'é1', 'clé', '{}', NULL);
-- A message's text is in the database's encoding: é is one byte, and JSON too.
SELECT pg_logical_emit_message(true, 'pg_outbox', decode('010e' || encode('aggregate_type', 'hex') || '740000000154'
    || '0c' || encode('aggregate_id', 'hex') || '7400000001e9' || '07' || encode('payload', 'hex') || '6a0000000322e922', 'hex')) IS NOT NULL AS sent;
SELECT regexp_replace(convert_from(data, 'UTF8'), '"ts":\d+,"lsn":"[^"]+"', '') AS line
FROM pg_logical_slot_get_binary_changes('latin1', NULL, NULL, 'tables', 'public."büro"', 'headers', '', 'route_regex', '[\u00e9T](.*)',
    'route_replacement', 't$1') WHERE convert_from(data, 'UTF8') NOT LIKE '{"commit"%';
-- What prints as more than can be converted is an error line.
CREATE TABLE large (id int, aggregate_type text, aggregate_id text, payload jsonb);
INSERT INTO large SELECT 1, 'T', 'k', jsonb_agg(1e131071) || '"é"' FROM generate_series(1, 2100);
SELECT regexp_replace(convert_from(data, 'UTF8'), '"ts":\d+,"lsn":"[^"]+"', '') AS line
FROM pg_logical_slot_peek_binary_changes('latin1', NULL, NULL, 'tables', 'public.large', 'headers', '', 'max_event_bytes', '67108864')
WHERE convert_from(data, 'UTF8') NOT LIKE '{"commit"%';
SELECT regexp_replace(convert_from(data, 'UTF8'), '"ts":\d+,"lsn":"[^"]+"', '') AS line
FROM pg_logical_slot_get_binary_changes('latin1', NULL, NULL, 'tables', 'public.large', 'headers', '', 'max_event_bytes', '67108864', 'value', 'row(payload)')
WHERE convert_from(data, 'UTF8') NOT LIKE '{"commit"%';
SELECT pg_drop_replication_slot('latin1');

-- 0x81 is no character of WIN1252, but a text may have it.
\c win1252
SELECT slot_name FROM pg_create_logical_replication_slot('win1252', 'pg_outbox');
CREATE TABLE outbox (aggregate_type text, aggregate_id text, payload text, doc jsonb);
INSERT INTO outbox VALUES ('T', 'k', chr(128), '{}'), ('T', 'k', chr(129), '{}'), ('T', chr(129), 'p', '{}'),
    ('T', 'k', 'p', to_jsonb(chr(129))), (chr(129), 'k', 'p', '1');
SELECT regexp_replace(convert_from(data, 'UTF8'), '"ts":\d+,"lsn":"[^"]+"', '') AS line
FROM pg_logical_slot_peek_binary_changes('win1252', NULL, NULL, 'headers', '') WHERE convert_from(data, 'UTF8') NOT LIKE '{"commit"%';
SELECT regexp_replace(convert_from(data, 'UTF8'), '"ts":\d+,"lsn":"[^"]+"', '') AS line
FROM pg_logical_slot_get_binary_changes('win1252', NULL, NULL, 'headers', '', 'payload', 'doc') WHERE convert_from(data, 'UTF8') NOT LIKE '{"commit"%';
SELECT pg_drop_replication_slot('win1252');

\c eucjp
SET client_encoding = 'UTF8';
SELECT slot_name FROM pg_create_logical_replication_slot('eucjp', 'pg_outbox');
CREATE TABLE outbox (aggregate_type text, aggregate_id text, payload text);
INSERT INTO outbox VALUES ('T', '鍵', '日本語');
SELECT encode(substring(data FROM position('"payload"' IN data)), 'escape') AS line
FROM pg_logical_slot_get_binary_changes('eucjp', NULL, NULL, 'headers', '') LIMIT 1;
SELECT pg_drop_replication_slot('eucjp');

-- SQL_ASCII takes any bytes; those that are UTF-8 pass.
\c ascii
SELECT slot_name FROM pg_create_logical_replication_slot('ascii', 'pg_outbox');
CREATE TABLE outbox (aggregate_type text, aggregate_id text, payload text);
SELECT pg_logical_emit_message(true, 'pg_outbox', decode('010e' || encode('aggregate_type', 'hex') || '740000000154'
    || '0c' || encode('aggregate_id', 'hex') || '7400000001e9' || '07' || encode('payload', 'hex') || '6a0000000131', 'hex')) IS NOT NULL AS sent;
INSERT INTO outbox VALUES ('T', E'\303\251', E'\303\251'), ('T', 'k', E'\303'), ('T', E'\377', 'p');
SELECT regexp_replace(encode(data, 'escape'), '"ts":\d+,"lsn":"[^"]+"', '') AS line
FROM pg_logical_slot_get_binary_changes('ascii', NULL, NULL, 'headers', '', 'route_regex', '(.*)', 'route_replacement', '$1') WHERE encode(data, 'escape') NOT LIKE '{"commit"%';
-- The name of a table that matches a pattern may be any bytes, too.
DO $$
BEGIN
    EXECUTE format('CREATE TABLE %I (LIKE outbox)', E'outbox\303');
    EXECUTE format('INSERT INTO %I VALUES (''T'', ''k'', ''p'')', E'outbox\303');
END $$;
INSERT INTO outbox VALUES ('T', 'k', 'p');
-- (The warning names its OID.)
SET client_min_messages = error;
SELECT regexp_replace(regexp_replace(encode(data, 'escape'), '"ts":\d+,"lsn":"[^"]+"', ''), '"relation":"\d+"', '"relation":"OID"') AS line
FROM pg_logical_slot_get_binary_changes('ascii', NULL, NULL, 'headers', '', 'tables', 'public.outbox*', 'topic', '$table') WHERE encode(data, 'escape') NOT LIKE '{"commit"%';
RESET client_min_messages;
SELECT pg_drop_replication_slot('ascii');

\c regression
DROP DATABASE latin1;
DROP DATABASE win1252;
DROP DATABASE eucjp;
DROP DATABASE ascii;
