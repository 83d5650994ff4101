-- Where and when: options partition, timestamp, shard, origin; spread headers.
\set SHOW_CONTEXT never
SELECT open_slot();
CREATE TABLE t (aggregate_type text DEFAULT 'T', aggregate_id text, payload text DEFAULT 'p', small smallint, n int, big bigint,
    ts timestamp, tstz timestamptz, day date, h jsonb, j json);

-- partition
INSERT INTO t (aggregate_id, small, n, big) VALUES ('a', 1, 2, 3), ('b', 0, 2147483647, 2147483648), ('c', -1, -2147483648, -9223372036854775808),
    ('d', NULL, NULL, NULL);
CREATE FUNCTION partitions(name text) RETURNS TABLE (key text, partition text, error text) LANGUAGE sql AS
$$ SELECT data::json ->> 'key', data::json ->> 'partition', data::json ->> 'error'
   FROM pg_logical_slot_peek_changes('regress', NULL, NULL, 'tables', 'public.t', 'headers', '', 'partition', name) WHERE data LIKE '%payload%' $$;
SELECT * FROM partitions('small');
SELECT * FROM partitions('n');
SELECT * FROM partitions('big');
SELECT * FROM partitions('aggregate_id');
SELECT * FROM partitions('nope');
SELECT * FROM partitions('small,n');
SELECT count(*) FROM lines();

-- timestamp
INSERT INTO t (aggregate_id, ts, tstz, big) VALUES ('a', '2024-02-29 12:00:00.1239', '2024-02-29 12:00:00.1239+02', 1),
    ('b', '1970-01-01 00:00:00.001', '1970-01-01 00:00+00', 0), ('c', '1969-12-31 23:59:59.9999', '-infinity', -1),
    ('d', 'infinity', 'infinity', 9223372036854775807), ('e', '294276-12-31 23:59:59.999999', '4713-01-01 00:00+00 BC', NULL);
CREATE FUNCTION times(name text) RETURNS TABLE (key text, ts text, error text) LANGUAGE sql AS
$$ SELECT data::json ->> 'key', CASE WHEN data LIKE '%error%' OR data LIKE '%"key":"e"%' AND name = 'big' THEN NULL ELSE data::json ->> 'ts' END,
          data::json ->> 'error'
   FROM pg_logical_slot_peek_changes('regress', NULL, NULL, 'tables', 'public.t', 'headers', '', 'timestamp', name) WHERE data LIKE '%payload%' $$;
SELECT * FROM times('ts');
SELECT * FROM times('tstz');
SELECT * FROM times('big');
SELECT * FROM times('day');
SELECT * FROM times('n');
SELECT * FROM times('nope');

-- committed: the commit time, where ts is not it.
CREATE FUNCTION committed(name text) RETURNS TABLE (key text, recent boolean) LANGUAGE sql AS
$$ SELECT data::json ->> 'key', abs(extract(epoch FROM now()) * 1000 - (data::json ->> 'committed')::bigint) < 3600000
   FROM pg_logical_slot_peek_changes('regress', NULL, NULL, 'tables', 'public.t', 'headers', '', 'timestamp', name) WHERE data LIKE '%payload%' $$;
SELECT * FROM committed('big');
SELECT count(*) FROM pg_logical_slot_peek_changes('regress', NULL, NULL, 'tables', 'public.t', 'headers', '') WHERE data LIKE '%committed%';
SELECT count(*) FROM lines();

-- headers from an object: strings as they are, what else as JSON; named ones win.
INSERT INTO t (aggregate_id, h, j) VALUES ('a', '{"x": "é\n", "n": 1.50, "t": true, "z": null, "o": {"a": [1, "\\"]}, "": "empty name", "aggregate_id": "lost"}', '{"x":1}');
SELECT members('headers', 'tables', 'public.t', 'headers', 'h:*,aggregate_id,j:*');
INSERT INTO t (aggregate_id, h, j) VALUES ('null', NULL, NULL), ('array', '[1]', '[1]'), ('scalar', '"x"', 'null'), ('empty', '{}', ' { } '),
    ('bad escape', '{}', '{"a": "\ud800"}'), ('large', jsonb_build_object('a', repeat('x', 9000)), '{}'), ('good', '{"a": 1}', '{"a": 2}');
SELECT lines('tables', 'public.t', 'headers', 'h:*,j:*');
INSERT INTO t (aggregate_id) VALUES ('a');
SELECT lines('tables', 'public.t', 'headers', 'nope:*');
INSERT INTO t (aggregate_id) VALUES ('a');
SELECT lines('tables', 'public.t', 'headers', 'small:*');
SELECT lines('tables', 'public.t', 'headers', 'h:*,h:*');
SELECT lines('tables', 'public.t', 'headers', 'h:*x');
-- A header may be called * if it is quoted.
SELECT members('headers', 'tables', 'public.t', 'headers', 'aggregate_id:"*"');

-- shard: each event belongs to one; Kafka's hash of the key decides.
INSERT INTO t (aggregate_id) VALUES ('21'), ('foobar'), ('a-little-bit-long-string'), ('a-little-bit-longer-string'),
    ('lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8'), ('abc'), (''), ('é'), (NULL);
INSERT INTO t (aggregate_id, aggregate_type) VALUES ('abc', 'not legal');
SELECT send('aggregate_type', 't', 'T', 'aggregate_id', 't', 'abc', 'payload', 't', 'p'), send('a', 't', 'a');
CREATE FUNCTION shard(k text) RETURNS TABLE (key text, seq text, error text) LANGUAGE sql AS
$$ SELECT data::json ->> 'key', data::json ->> 'seq', data::json ->> 'error'
   FROM pg_logical_slot_peek_changes('regress', NULL, NULL, 'tables', 'public.t', 'headers', '', 'shard', k) WHERE data LIKE '%payload%' $$;
SELECT * FROM shard('0/3');
SELECT * FROM shard('1/3');
SELECT * FROM shard('2/3');
SELECT count(*) FROM shard('0/1');
-- The hashes in UtilsTest.java, without their sign, modulo 1024.
SELECT hash, (SELECT string_agg(DISTINCT key, ' ') FROM shard(((hash & 2147483647) % 1024) || '/1024') s WHERE s.error IS NULL AND key <> '' AND ((hash & 2147483647) % 1024) > 0)
FROM unnest('{-973932308, -790332482, -985981536, -1486304829, -58897971, 479470107}'::int8[]) hash;
SELECT * FROM shard('3/2');
SELECT * FROM shard('2/2');
SELECT * FROM shard('0/0');
SELECT * FROM shard('1');
SELECT * FROM shard('/');
SELECT * FROM shard('-1/2');
SELECT * FROM shard('0/1025');
SELECT * FROM shard('0/2x');
SELECT * FROM shard('99999999999/99999999999');
-- A commit line of a shard counts its own events, and there is none without.
SELECT data::json ->> 'events' FROM pg_logical_slot_peek_changes('regress', NULL, NULL, 'tables', 'public.t', 'shard', '1/3') WHERE data LIKE '{"commit"%';
SELECT count(*) FROM lines();

-- origin: what came by replication can be dropped.
SELECT pg_replication_origin_create('elsewhere') IS NOT NULL;
SELECT pg_replication_origin_session_setup('elsewhere');
INSERT INTO t (aggregate_id) VALUES ('from elsewhere');
SELECT send('aggregate_type', 't', 'T', 'aggregate_id', 't', 'message from elsewhere', 'payload', 't', 'p');
SELECT pg_replication_origin_session_reset();
INSERT INTO t (aggregate_id) VALUES ('from here');
SELECT data::json ->> 'key' FROM pg_logical_slot_peek_changes('regress', NULL, NULL, 'tables', 'public.t', 'origin', 'any') WHERE data LIKE '%payload%';
SELECT members('key', 'tables', 'public.t', 'origin', 'none');
SELECT pg_replication_origin_drop('elsewhere');
SELECT lines('origin', 'local');
-- empty_payload, messages
SELECT lines('empty_payload', 'null');

DROP FUNCTION partitions, times, shard;
DROP TABLE t;
SELECT close_slot();
