-- What commits is told whole and at its commit; what rolls back is not.
SELECT open_slot();

BEGIN;
SELECT add_event(1);
ROLLBACK;
SELECT lines();

-- Savepoints: what was rolled back to is gone, also inside what was released.
BEGIN;
SELECT add_event(11, 'kept');
SAVEPOINT a;
SELECT add_event(12, 'gone');
SAVEPOINT b;
SELECT add_event(13, 'gone');
RELEASE b;
ROLLBACK TO a;
SELECT add_event(14, 'kept');
SAVEPOINT c;
SELECT add_event(15, 'kept');
RELEASE c;
COMMIT;
SELECT members('key');

-- An exception block is a savepoint too.
DO $$
BEGIN
    PERFORM add_event(16, 'gone');
    RAISE EXCEPTION 'no';
EXCEPTION WHEN others THEN
    PERFORM add_event(17, 'kept');
END $$;
SELECT members('key');

-- Prepared transactions are told when they commit, if they do.
BEGIN;
SELECT add_event(21, 'prepared, committed');
PREPARE TRANSACTION 'committed';
BEGIN;
SELECT add_event(22, 'prepared, rolled back');
PREPARE TRANSACTION 'rolled back';
SELECT lines();
COMMIT PREPARED 'committed';
ROLLBACK PREPARED 'rolled back';
SELECT members('key');

-- Large transactions are spilled to disk while they are read, or streamed
-- where a plugin asks for it; ours must see nothing before the commit.
SET logical_decoding_work_mem = '64kB';
BEGIN;
SELECT count(add_event(n + 100000)) FROM generate_series(1, 3000) n;
ROLLBACK;
SELECT count(*) FROM lines();
BEGIN;
SAVEPOINT a;
SELECT count(add_event(n + 200000, 'gone')) FROM generate_series(1, 3000) n;
ROLLBACK TO a;
SELECT count(add_event(n + 300000, 'kept')) FROM generate_series(1, 3000) n;
COMMIT;
SELECT count(*), min(line::json ->> 'key'), max(line::json ->> 'key'),
       array_agg((line::json ->> 'seq')::int) FILTER (WHERE line NOT LIKE '{"commit"%')
           = array(SELECT generate_series(0, 2999)) AS in_order,
       max(line) FILTER (WHERE line LIKE '{"commit"%') AS commit
FROM lines() AS line;

-- Transactions without events say nothing, however large.
CREATE TABLE other AS SELECT n FROM generate_series(1, 3000) n;
UPDATE other SET n = n + 1;
SELECT count(*) FROM lines();

DROP TABLE other;
TRUNCATE outbox;
SELECT close_slot();
