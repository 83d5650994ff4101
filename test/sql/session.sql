-- Many decodings in one session: nothing of one is left for the next.
\set SHOW_CONTEXT never
SELECT open_slot();
-- The server has room for 10 relation callbacks in a process.
DO $$
BEGIN
    FOR n IN 1 .. 30 LOOP
        PERFORM add_event(n);
        PERFORM lines();
    END LOOP;
END $$;

-- After an error no end is told to the plugin; invalidations still come.
SELECT add_event(31, 'kept');
SELECT lines('key', 'nope');
CREATE TABLE passing (n int);
DROP TABLE passing;
SELECT lines('unknown', 'option');
ALTER TABLE outbox ADD passing int;
ALTER TABLE outbox DROP passing;
SELECT members('key');

-- Options do not stay.
SELECT add_event(32, 'k');
SELECT members('topic', 'topic', 'once');
SELECT add_event(33, 'k');
SELECT members('topic');

-- Two slots side by side.
SELECT slot_name FROM pg_create_logical_replication_slot('second', 'pg_outbox');
SELECT add_event(34, 'k');
SELECT members('key');
SELECT count(*) FROM pg_logical_slot_peek_changes('second', NULL, NULL);
SELECT count(*) FROM pg_logical_slot_peek_changes('second', NULL, NULL, 'tables', 'no.such');
SELECT count(*) FROM pg_logical_slot_peek_changes('second', NULL, NULL, 'tables', '');
SELECT pg_drop_replication_slot('second');
TRUNCATE outbox;
SELECT close_slot();
