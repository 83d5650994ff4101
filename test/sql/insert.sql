-- Inserts into an outbox are events; nothing else is.
SELECT open_slot();

-- The table of the README needs no option.
SELECT add_event(1, 'a', '{"n": 123456789012345678901234567890, "u": "\u00e9"}');
SELECT lines();

-- Neither does Debezium's.
CREATE TABLE debezium (id uuid, aggregatetype text, aggregateid text, type text, payload jsonb);
INSERT INTO debezium VALUES ('00000000-0000-0000-0000-000000000002', 'Order', 'b', 'OrderPlaced', '{"a": 1}');
SELECT lines('tables', 'public.debezium');

-- Rows of one statement and of one COPY share a WAL record, but have each
-- their own number.
INSERT INTO outbox (id, aggregate_type, aggregate_id, event_type, payload)
SELECT lpad(n::text, 32, '0')::uuid, 'Task', 'k' || n, 'TaskCreated', to_jsonb(n)
FROM generate_series(11, 13) n;
COPY outbox (id, aggregate_type, aggregate_id, event_type, payload) FROM stdin;
00000000-0000-0000-0000-000000000021	Task	a	TaskCreated	21
00000000-0000-0000-0000-000000000022	Task	b	TaskCreated	22
\.
SELECT lines();

-- ON CONFLICT: what was inserted, but not what was updated or left alone.
INSERT INTO outbox (id, aggregate_type, aggregate_id, event_type, payload)
VALUES ('00000000-0000-0000-0000-000000000021', 'Task', 'a', 'Again', '0')
ON CONFLICT DO NOTHING;
INSERT INTO outbox (id, aggregate_type, aggregate_id, event_type, payload)
VALUES ('00000000-0000-0000-0000-000000000021', 'Task', 'a', 'Again', '0'),
       ('00000000-0000-0000-0000-000000000031', 'Task', 'a', 'New', '31')
ON CONFLICT (id) DO UPDATE SET event_type = 'Updated';
SELECT lines();

-- A row that its own transaction deletes is an event all the same.
BEGIN;
SELECT add_event(41);
DELETE FROM outbox WHERE id = '00000000-0000-0000-0000-000000000041';
COMMIT;
SELECT lines();

-- Updates, deletes and TRUNCATE are none.
UPDATE outbox SET event_type = 'Changed';
DELETE FROM outbox WHERE aggregate_id = 'a';
TRUNCATE outbox;
SELECT lines();

-- Positions: each event has the LSN of its transaction's end, which is what
-- the commit line names; they ascend, and so do the numbers from 0.
BEGIN;
SELECT add_event(51), add_event(52);
COMMIT;
SELECT add_event(53);
CREATE TABLE positions AS
SELECT row_number() OVER () AS n, lsn, data::json AS line
FROM pg_logical_slot_get_changes('regress', NULL, NULL);
SELECT line ->> 'seq' AS seq, line ->> 'events' AS events,
       coalesce(line ->> 'lsn', line ->> 'commit')::pg_lsn
           = (SELECT min((c.line ->> 'commit')::pg_lsn) FROM positions c WHERE c.n >= p.n) AS is_commit_end,
       abs(extract(epoch FROM now()) * 1000 - (line ->> 'ts')::bigint) < 3600000 AS is_now
FROM positions p ORDER BY n;
-- The end of the commit record is what the server calls the line's LSN.
SELECT bool_and(lsn = (line ->> 'commit')::pg_lsn) FROM positions WHERE line ->> 'commit' IS NOT NULL;
-- The time is that of the commit, in ms.
SELECT bool_and(line ->> 'ts' ~ '^\d{13}$') FROM positions WHERE line ->> 'seq' IS NOT NULL;

DROP TABLE debezium, positions;
TRUNCATE outbox;
SELECT close_slot();
