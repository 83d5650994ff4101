-- The extension: events without a table.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION pg_outbox;
SELECT open_slot();

-- A payload of each kind, headers or none, an id of one's own or a new one.
SELECT outbox.emit('Task', '7', 'TaskCreated', '{"a": 1.50, "b": null}', '{"trace": "x", "n": 1}', lpad('1', 32, '0')::uuid);
SELECT outbox.emit_text('Task', 'text', 'e', E'a "b"\n é', id => lpad('2', 32, '0')::uuid);
SELECT outbox.emit_bytes('Task', 'bytes', 'e', '\x00ff', id => lpad('3', 32, '0')::uuid);
SELECT outbox.emit('Task', 'tombstone', 'e', NULL, NULL, lpad('4', 32, '0')::uuid);
SELECT outbox.emit('Task', 'JSON null', 'e', 'null', '{}', lpad('5', 32, '0')::uuid);
SELECT lines();
SELECT outbox.emit('Task', '', '', '{}') <> outbox.emit('Task', '', '', '{}') AS new_ids;
SELECT members('key');
-- It is the transaction's, in its order with rows, and gone with it.
BEGIN;
SELECT outbox.emit('Task', 'first', 'e', '1') IS NOT NULL AS sent;
SELECT add_event(1, 'second');
SAVEPOINT a;
SELECT outbox.emit('Task', 'lost', 'e', '1') IS NOT NULL AS sent;
ROLLBACK TO a;
SELECT outbox.emit('Task', 'third', 'e', '1') IS NOT NULL AS sent;
COMMIT;
BEGIN;
SELECT outbox.emit('Task', 'lost', 'e', '1') IS NOT NULL AS sent;
ROLLBACK;
SELECT members('key');
TRUNCATE outbox;

-- What is refused.
SELECT outbox.emit(NULL, 'k', 'e', '{}');
SELECT outbox.emit('T', NULL, 'e', '{}');
SELECT outbox.emit('T', 'k', NULL, '{}');
SELECT outbox.emit('T', 'k', 'e', '{}', NULL, NULL);
SELECT outbox.emit('T', 'k', 'e', '{}', '[1]');
SELECT outbox.emit('T', 'k', 'e', '{}', '"a"');
SELECT outbox.emit('T', 'k', 'e', '{}', (SELECT jsonb_object_agg('h' || n, n) FROM generate_series(1, 101) n));
SELECT outbox.emit('T', 'k', 'e', 'not JSON');
SELECT outbox.emit_text('T', 'k', 'e', repeat('x', 1000001));
SELECT outbox.emit(repeat(repeat('x', 1000000), 1049), 'k', 'e', '{}');
SET pg_outbox.max_event_bytes = 10;
SELECT outbox.emit_text('T', 'ten', 'e', '1234567890') IS NOT NULL AS sent;
SELECT outbox.emit_bytes('T', 'k', 'e', '\x0102030405060708090a0b');
SELECT outbox.emit('T', 'k', 'e', '{"a": 12345}');
-- (Versions word this in different ways.)
\set VERBOSITY sqlstate
SET pg_outbox.max_event_bytes = 0;
SET pg_outbox.max_event_bytes = '65MB';
\set VERBOSITY default
RESET pg_outbox.max_event_bytes;
BEGIN READ ONLY;
SELECT outbox.emit('T', 'k', 'e', '{}');
ROLLBACK;
-- None of these was sent.
SELECT members('key');

-- Only those may call it who were granted it.
CREATE ROLE writer;
SET ROLE writer;
SELECT outbox.emit('T', 'k', 'e', '{}');
SET pg_outbox.max_event_bytes = 20;
RESET ROLE;
SELECT outbox.grant_writer('writer', 'public.outbox');
SET ROLE writer;
SELECT outbox.emit('T', 'k', 'e', '{}') IS NOT NULL AS sent;
INSERT INTO public.outbox (aggregate_type, aggregate_id, event_type, payload) VALUES ('T', 'row', 'e', '{}');
SELECT count(*) FROM public.outbox;
DELETE FROM public.outbox;
SELECT outbox.cleanup('public.outbox');
RESET ROLE;
SELECT members('key');
DROP OWNED BY writer;
DROP ROLE writer;
TRUNCATE outbox;
DROP EXTENSION pg_outbox;
SELECT close_slot();
