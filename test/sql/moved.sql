-- An UPDATE that moves a row to another partition is logged as DELETE and INSERT: it is no event.
\set SHOW_CONTEXT never
SELECT open_slot();
CREATE TABLE m (id uuid, published boolean, aggregate_type text DEFAULT 'T', aggregate_id text, payload text DEFAULT 'p', PRIMARY KEY (id, published))
    PARTITION BY LIST (published);
CREATE TABLE m_new PARTITION OF m FOR VALUES IN (false);
CREATE TABLE m_old (payload text, junk int, aggregate_id text, aggregate_type text, id uuid NOT NULL, published boolean NOT NULL, PRIMARY KEY (id, published));
ALTER TABLE m_old DROP junk;
ALTER TABLE m ATTACH PARTITION m_old FOR VALUES IN (true);
CREATE FUNCTION add(n int, key text) RETURNS void LANGUAGE sql AS
$$ INSERT INTO m (id, published, aggregate_id) VALUES (lpad(n::text, 32, '0')::uuid, false, key) $$;

SELECT add(1, 'a'), add(2, 'b'), add(3, 'c');
UPDATE m SET published = true;
UPDATE m SET published = false WHERE aggregate_id = 'a';
SELECT members('key', 'tables', 'public.m', 'headers', '');
-- In one transaction with its insert, there and back, and with others around.
BEGIN;
SELECT add(4, 'd');
UPDATE m SET published = true WHERE aggregate_id = 'd';
SELECT add(5, 'e');
UPDATE m SET published = false WHERE aggregate_id = 'd';
UPDATE m SET published = true WHERE aggregate_id IN ('d', 'e');
COMMIT;
SELECT line::json ->> 'key' AS key, line::json ->> 'seq' AS seq, line::json ->> 'events' AS events FROM lines('tables', 'public.m', 'headers', '') line;
-- By hand, in two statements or one.
WITH moved AS (DELETE FROM m_old RETURNING *) INSERT INTO m_new (id, published, aggregate_id, aggregate_type, payload)
    SELECT id, false, aggregate_id, aggregate_type, payload FROM moved;
SELECT members('key', 'tables', 'public.m', 'headers', '');

-- What is deleted and inserted again in the same partition is an event, and so is what another transaction deleted.
BEGIN;
DELETE FROM m WHERE aggregate_id = 'a';
SELECT add(1, 'the same partition');
COMMIT;
DELETE FROM m WHERE aggregate_id = 'b';
INSERT INTO m (id, published, aggregate_id) VALUES (lpad('2', 32, '0')::uuid, true, 'another transaction');
BEGIN;
DELETE FROM m WHERE aggregate_id = 'c';
INSERT INTO m (id, published, aggregate_id) VALUES (lpad('7', 32, '0')::uuid, true, 'another row');
COMMIT;
-- A savepoint that rolls back takes its deletion with it.
SELECT add(8, 'h');
BEGIN;
SAVEPOINT s;
DELETE FROM m WHERE aggregate_id = 'h';
ROLLBACK TO s;
INSERT INTO m (id, published, aggregate_id) VALUES (lpad('8', 32, '0')::uuid, true, 'nothing was deleted');
COMMIT;
SELECT members('key', 'tables', 'public.m', 'headers', '');
-- More than is remembered, moved at once.
INSERT INTO m SELECT lpad(n::text, 32, '0')::uuid, false, 'T', 'many', 'p' FROM generate_series(100, 60100) n;
SELECT count(*) FROM lines('tables', '');
UPDATE m SET published = true WHERE aggregate_id = 'many';
SELECT count(*) FROM lines('tables', 'public.m', 'headers', '');

-- Of another outbox, and of a column that option id names.
CREATE TABLE other (LIKE m) PARTITION BY LIST (published);
CREATE TABLE other_1 PARTITION OF other FOR VALUES IN (true);
BEGIN;
DELETE FROM m WHERE aggregate_id = 'h';
INSERT INTO other (id, published, aggregate_id) VALUES (lpad('8', 32, '0')::uuid, true, 'of another table');
COMMIT;
SELECT members('key', 'tables', 'public.m, public.other', 'headers', '');

-- A pattern that matches the partitions, each, and not their table; rows of another table stay events.
SELECT add(20, 'matched');
UPDATE m SET published = true WHERE aggregate_id = 'matched';
BEGIN;
DELETE FROM m WHERE aggregate_id = 'matched';
INSERT INTO other (id, published, aggregate_id) VALUES (lpad('20', 32, '0')::uuid, true, 'of another table');
COMMIT;
SELECT members('key', 'tables', 'public.m_*, public.other*', 'headers', '');

-- Without the id in the replica identity nobody can tell: an event, and a warning, once.
ALTER TABLE m_new REPLICA IDENTITY NOTHING;
ALTER TABLE m_old REPLICA IDENTITY NOTHING;
SELECT add(9, 'i');
UPDATE m SET published = true WHERE aggregate_id = 'i';
UPDATE m SET published = false WHERE aggregate_id = 'i';
SELECT members('key', 'tables', 'public.m', 'headers', '');
ALTER TABLE m_new REPLICA IDENTITY FULL;
ALTER TABLE m_old REPLICA IDENTITY FULL;
UPDATE m SET published = true WHERE aggregate_id = 'i';
SELECT count(*) FROM lines('tables', 'public.m', 'headers', '');
-- A cleanup beside an insert is no move.
BEGIN;
DELETE FROM m WHERE aggregate_id = 'i';
SELECT add(10, 'j');
COMMIT;
SELECT members('key', 'tables', 'public.m', 'headers', '');

DROP FUNCTION add;
DROP TABLE m, other;
SELECT close_slot();
