-- A partitioned outbox: its root is named, its partitions are its rows.
SELECT open_slot();
CREATE TABLE parted (id int, aggregate_type text, aggregate_id text, payload text) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);

INSERT INTO parted VALUES (1, 'T', 'one', 'p');
SELECT lines('tables', 'public.parted', 'headers', 'id');

-- Attached later, with other positions of its columns and one dropped.
CREATE TABLE parted_2 (payload text, junk int, aggregate_id text, id int, aggregate_type text);
ALTER TABLE parted_2 DROP junk;
INSERT INTO parted_2 VALUES ('p', 'before it is attached', 101, 'T');
ALTER TABLE parted ATTACH PARTITION parted_2 FOR VALUES FROM (100) TO (200);
INSERT INTO parted VALUES (102, 'T', 'attached', 'p'), (2, 'T', 'the other', 'p');
SELECT lines('tables', 'public.parted', 'headers', 'id');

-- Of partitions of partitions, too.
CREATE TABLE parted_3 PARTITION OF parted FOR VALUES FROM (200) TO (400) PARTITION BY RANGE (id);
CREATE TABLE parted_3_1 PARTITION OF parted_3 FOR VALUES FROM (200) TO (300);
INSERT INTO parted VALUES (201, 'T', 'below', 'p');
SELECT members('key', 'tables', 'public.parted', 'headers', '');
INSERT INTO parted VALUES (202, 'T', 'the middle one named', 'p'), (3, 'T', 'not below it', 'p');
SELECT members('key', 'tables', 'public.parted_3', 'headers', '');
INSERT INTO parted VALUES (203, 'T', 'the leaf named', 'p'), (4, 'T', 'another leaf', 'p');
SELECT members('key', 'tables', 'public.parted_3_1', 'headers', '');

-- Detached and attached again, and the root renamed, in one decoding.
INSERT INTO parted VALUES (5, 'T', 'a partition', 'p');
ALTER TABLE parted DETACH PARTITION parted_1;
INSERT INTO parted_1 VALUES (6, 'T', 'detached', 'p');
ALTER TABLE parted ATTACH PARTITION parted_1 FOR VALUES FROM (0) TO (100);
INSERT INTO parted VALUES (7, 'T', 'attached again', 'p');
ALTER TABLE parted RENAME TO renamed;
INSERT INTO renamed VALUES (8, 'T', 'root has another name', 'p');
ALTER TABLE renamed RENAME TO parted;
INSERT INTO parted VALUES (9, 'T', 'root has its name', 'p');
ALTER TABLE parted_3 RENAME TO parted_x;
INSERT INTO parted VALUES (204, 'T', 'the one between has another name', 'p');
SELECT line::json ->> 'key' AS key, line::json ->> 'error' AS error, line::json ->> 'relation' AS relation
FROM lines('tables', 'public.parted', 'headers', '') line WHERE line NOT LIKE '{"commit"%';

-- A row that moves to another partition is deleted and inserted there.
INSERT INTO parted VALUES (10, 'T', 'moves', 'p');
SELECT members('key', 'tables', 'public.parted', 'headers', '');
DROP TABLE parted;
SELECT close_slot();
