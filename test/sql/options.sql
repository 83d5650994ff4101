-- Options: what is unknown, repeated or malformed is an error at the start.
\set SHOW_CONTEXT never
SELECT open_slot();
SELECT add_event(1);

-- Unknown ones name the nearest that there is, or all.
SELECT lines('tabels', 'public.outbox');
SELECT lines('max_event_byte', '1');
SELECT lines('include-xids', '1');
SELECT lines('Tables', 'public.outbox');
SELECT lines(repeat('x', 300), '1');
-- Twice.
SELECT lines('key', 'id', 'key', 'id');

-- tables
SELECT lines('tables', '');
SELECT lines('tables', 'outbox');
SELECT lines('tables', 'public.');
SELECT lines('tables', 'public.outbox,');
SELECT lines('tables', 'public.outbox public.other');
SELECT lines('tables', 'db.public.outbox');
SELECT lines('tables', 'public."outbox');
SELECT lines('tables', 'public.""');
SELECT lines('tables', 'public.outbox, PUBLIC."outbox"');
-- topic
SELECT lines('topic', '');
SELECT lines('topic', 'a b');
SELECT lines('topic', 'é');
SELECT lines('topic', '${aggregate_type');
SELECT lines('topic', '${}');
SELECT lines('topic', '${a|}');
SELECT lines('topic', '${a b}');
SELECT lines('topic', '${a}/${b}');
-- key, id, event_type, payload
SELECT lines('key', '${a');
SELECT lines('key', '${}');
SELECT lines('key', 'a b');
SELECT lines('key_encoding', 'hex');
SELECT lines('id', 'a,b');
SELECT lines('event_type', '1');
SELECT lines('payload', '"payload');
-- headers
SELECT lines('headers', ',');
SELECT lines('headers', 'id:');
SELECT lines('headers', 'id:a b');
SELECT lines('headers', 'id event_type');
SELECT lines('headers', 'id,event_type:id');
SELECT lines('headers', 'id:x,event_type:"x"');
SELECT lines('headers', (SELECT string_agg('id:h' || n, ',') FROM generate_series(1, 101) n));
-- max_event_bytes
SELECT lines('max_event_bytes', '');
SELECT lines('max_event_bytes', '0');
SELECT lines('max_event_bytes', '-1');
SELECT lines('max_event_bytes', '1MB');
SELECT lines('max_event_bytes', '67108865');
SELECT lines('max_event_bytes', '99999999999999999999');
-- proto_version: a plugin of another version than its client
SELECT lines('proto_version', '1');
SELECT lines('proto_version', '');
SELECT count(*) FROM pg_logical_slot_peek_changes('regress', NULL, NULL, 'proto_version', '2');
-- coalesce: the lines of a function's result are not gathered
SELECT lines('coalesce', '-1');
SELECT lines('coalesce', '16777217');
SELECT lines('coalesce', '65536');
SELECT count(*) FROM pg_logical_slot_peek_changes('regress', NULL, NULL, 'coalesce', '0');

-- None of that took anything from the slot, or hurt the session.
SELECT members('key', 'max_event_bytes', '67108864');
TRUNCATE outbox;
SELECT close_slot();
