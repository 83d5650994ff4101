-- Logical messages: events that need no table.
\set SHOW_CONTEXT never
SELECT open_slot();

SELECT send('aggregate_type', 't', 'Task', 'aggregate_id', 't', '7', 'event_type', 't', 'TaskCreated', 'id', 't', 'an id',
            'headers', 'j', '{"trace": "x"}', 'payload', 'j', '{"a": 1}');
SELECT lines();
-- In the order of the transaction, with the rows of tables.
BEGIN;
SELECT send('aggregate_type', 't', 'Task', 'aggregate_id', 't', 'first', 'payload', 't', 'p');
SELECT add_event(1, 'second');
SELECT send('aggregate_type', 't', 'Task', 'aggregate_id', 't', 'third', 'payload', 't', 'p');
COMMIT;
SELECT lines();
-- What rolls back is none; nor is what is not transactional, or has another prefix.
BEGIN;
SELECT send('aggregate_type', 't', 'Task', 'aggregate_id', 't', '7', 'payload', 't', 'p');
SAVEPOINT a;
ROLLBACK;
SELECT pg_logical_emit_message(false, 'pg_outbox', frame('aggregate_type', 't', 'Task', 'aggregate_id', 't', '7', 'payload', 't', 'p')) IS NOT NULL;
SELECT pg_logical_emit_message(true, 'pg_outbox2', 'x') IS NOT NULL, pg_logical_emit_message(true, '', 'x') IS NOT NULL;
SELECT lines();
-- The prefix is an option; empty for none.
SELECT pg_logical_emit_message(true, 'other', frame('aggregate_type', 't', 'Task', 'aggregate_id', 't', '7', 'payload', 't', 'p')) IS NOT NULL;
SELECT send('aggregate_type', 't', 'Task', 'aggregate_id', 't', '8', 'payload', 't', 'p');
SELECT count(*) FROM pg_logical_slot_peek_changes('regress', NULL, NULL, 'messages', '');
SELECT members('key', 'messages', 'other');

-- The kinds of payload.
SELECT send('aggregate_type', 't', 'T', 'aggregate_id', 't', 'null', 'payload', 'n', NULL),
    send('aggregate_type', 't', 'T', 'aggregate_id', 't', 'text', 'payload', 't', E'a "b"\n'),
    send('aggregate_type', 't', 'T', 'aggregate_id', 't', 'json', 'payload', 'j', E'{"a":\n 1.50, "b": "\\u0000"}'),
    send('aggregate_type', 't', 'T', 'aggregate_id', 't', 'bytes', 'payload', 'b', 'abc'),
    send('aggregate_type', 't', 'T', 'aggregate_id', 'n', NULL, 'payload', 't', ''),
    send('aggregate_type', 't', 'T', 'aggregate_id', 'b', 'abc', 'payload', 'j', ' [] ');
SELECT lines('headers', '');
SELECT send('aggregate_type', 't', 'T', 'aggregate_id', 't', 'blank', 'payload', 't', ' ');
SELECT lines('headers', '', 'empty_payload', 'tombstone');
-- The options hold for messages as they do for tables; other fields are columns.
SELECT send('region', 't', 'eu', 'k', 't', 'key', 'kind', 't', 'created', 'value', 'j', '1', 'p', 't', '12', 'w', 't', '1553460779000');
SELECT lines('tables', '', 'topic', '${region}.x', 'key', 'k', 'payload', 'value', 'headers', 'kind,nope', 'partition', 'p', 'timestamp', 'w');
SELECT send('aggregate_type', 't', 'User', 'aggregate_id', 't', 'k', 'payload', 't', 'p', 'timestamp', 't', '1553460779000');
SELECT line FROM lines('route_regex', '(?<routedByValue>.*)') line;
SELECT send('aggregate_type', 't', 'T', 'aggregate_id', 't', 'k', 'payload', 't', 'p', 'timestamp', 't', '1553460779000');
SELECT data::json ->> 'ts' FROM pg_logical_slot_get_changes('regress', NULL, NULL) WHERE data LIKE '%topic%';
-- Headers: those that are named win.
SELECT send('aggregate_type', 't', 'T', 'aggregate_id', 't', 'k', 'payload', 't', 'p', 'id', 't', 'mine', 'headers', 'j',
            E'{"id": "lost", "a": 1, "a": "last", "n": null, "o": {"b": [1, "\\n"]}, "s": "\\u00e9\\ud800\\udf48\\n\\"", "t": true, "\\u0041": ""}');
SELECT members('headers');
SELECT send('aggregate_type', 't', 'T', 'aggregate_id', 't', 'k', 'payload', 't', 'p', 'headers', 'j', ' {} '),
    send('aggregate_type', 't', 'T', 'aggregate_id', 't', 'k', 'payload', 't', 'p', 'headers', 'n', NULL);
SELECT members('headers');

-- Broken ones are error lines, and the next is an event.
SELECT pg_logical_emit_message(true, 'pg_outbox', frame::bytea) IS NOT NULL AS sent FROM unnest(ARRAY[
    '', '\x00', '\x02', '\x7b7d', '\x0101', '\x010161', '\x01016178', '\x01016174', '\x010161740000', '\x0101617400000001',
    '\x01016174ffffffff00', '\x010161747fffffff00', '\x01016174800000000000', '\x0100740000000000', '\x0101616e0000000161', '\x01ff61',
    '\x010161740000000001617400000000', '\x0101ff7400000000', '\x01016174000000020061', '\x010161740000000161ff']) frame;
SELECT send('a', 't', 'x') FROM generate_series(1, 1);
SELECT send('aggregate_type', 't', 'T', 'payload', 't', 'p');
SELECT send('aggregate_type', 't', 'T', 'aggregate_id', 't', 'k');
SELECT send('aggregate_id', 't', 'k', 'payload', 't', 'p');
SELECT send('aggregate_type', 'n', NULL, 'aggregate_id', 't', 'k', 'payload', 't', 'p');
SELECT send('aggregate_type', 't', 'a b', 'aggregate_id', 't', 'k', 'payload', 't', 'p');
SELECT send('aggregate_type', 't', 'T', 'aggregate_id', 't', 'k', 'payload', 'j', json) FROM unnest(ARRAY['', '{', '{"a":1', '{"a" 1}', '[1,]',
    '{"a":1,}', '{,}', '[1 2]', '1 2', '}', '[}', '{"a":}', '{1:2}', 'nul', '"a', '01', '1.', '"\q"', '"\u12"', 'a', '[1}', ',', ':']) json;
SELECT send('aggregate_type', 't', 'T', 'aggregate_id', 't', 'k', 'payload', 't', 'p', 'headers', kind, value)
FROM (VALUES ('j', '[]'), ('j', '1'), ('j', '{"a": "\ud800"}'), ('j', '{"\udc00": 1}'), ('j', '{"a": "\ud800\u0041"}')) v (kind, value);
SELECT send('aggregate_type', 't', 'T', 'aggregate_id', 't', 'k', 'payload', 't', 'p', 'timestamp', 't', ts)
FROM unnest(ARRAY['', 'now', '1.5', '0', '-1', '99999999999999999999', ' 1', '+1', '1 ', '0x10']) ts;
SELECT send(VARIADIC array_agg(f ORDER BY n, i)) FROM generate_series(1, 1602) n, LATERAL (VALUES (1, 'f' || n), (2, 't'), (3, '')) v (i, f);
SELECT send('aggregate_type', 't', 'T', 'aggregate_id', 't', 'good', 'payload', 't', 'p');
SELECT line::json ->> 'error' AS error, line::json ->> 'relation' AS relation, line::json ->> 'topic' AS topic, line::json ->> 'key' AS key
FROM lines() line WHERE line NOT LIKE '{"commit"%';
-- Deep JSON is no danger, nor is much of it.
SELECT send('aggregate_type', 't', 'T', 'aggregate_id', 't', 'deep', 'payload', 'j', repeat('[', 400000) || repeat(']', 400000));
SELECT send('aggregate_type', 't', 'T', 'aggregate_id', 't', 'deep and broken', 'payload', 'j', repeat('{"a":[', 100000));
SELECT line::json ->> 'error' AS error, length(line) > 800000 AS whole FROM lines('headers', '') line WHERE line NOT LIKE '{"commit"%' AND line LIKE '%error%'
UNION ALL SELECT NULL, NULL;
-- Larger than max_event_bytes: the payload, or what else there is.
SELECT send('aggregate_type', 't', 'T', 'aggregate_id', 't', 'k', 'payload', 't', repeat('x', 11));
SELECT send('aggregate_type', 't', 'T', 'aggregate_id', 't', 'a long key', 'payload', 't', 'p');
SELECT send('aggregate_type', 't', 'T', 'aggregate_id', 't', 'k', 'payload', 'j', repeat('x', 100));
SELECT lines('headers', '', 'max_event_bytes', '10');
-- As many headers as are sent, and more.
SELECT send('aggregate_type', 't', 'T', 'aggregate_id', 't', 'k' || n, 'payload', 't', 'p', 'headers', 'j',
            (SELECT jsonb_object_agg('h' || i, i)::text FROM generate_series(1, n) i)) FROM (VALUES (100), (101)) v (n);
SELECT line::json ->> 'key' AS key, line::json ->> 'error' AS error, (SELECT count(*) FROM json_object_keys(line::json -> 'headers')) AS headers
FROM lines('headers', '') line WHERE line NOT LIKE '{"commit"%';

SELECT close_slot();
