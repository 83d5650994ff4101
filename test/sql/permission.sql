-- Who may read a slot: roles with REPLICATION, who need no right on the table.
SELECT open_slot();
CREATE ROLE regress_writer;
CREATE ROLE regress_relay REPLICATION;
GRANT INSERT ON outbox TO regress_writer;

SET ROLE regress_writer;
INSERT INTO outbox (id, aggregate_type, aggregate_id, event_type, payload)
VALUES ('00000000-0000-0000-0000-000000000001', 'Task', 'k', 'e', '1');
DO $$
BEGIN
    PERFORM pg_logical_slot_get_changes('regress', NULL, NULL);
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'refused'; -- the text is not the same in all versions
END $$;

SET ROLE regress_relay;
SELECT count(*) FROM outbox;
SELECT count(*) FROM pg_logical_slot_get_changes('regress', NULL, NULL);

RESET ROLE;
REVOKE ALL ON outbox FROM regress_writer;
DROP ROLE regress_writer, regress_relay;
TRUNCATE outbox;
SELECT close_slot();
