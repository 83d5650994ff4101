-- A table that changes: each row is read as the table was when it was written.
SELECT open_slot();
SET client_min_messages = warning;
CREATE SCHEMA ddl;
CREATE TABLE ddl.o (junk int, aggregate_type text, aggregate_id text, payload text);
CREATE FUNCTION read_ddl() RETURNS SETOF text LANGUAGE sql AS
$$ SELECT line FROM lines('tables', 'ddl.o', 'headers', '') line WHERE line NOT LIKE '{"commit"%' $$;

-- Columns dropped, added, moved and renamed, all in one decoding.
INSERT INTO ddl.o VALUES (1, 'T', 'before', 'p1');
ALTER TABLE ddl.o DROP junk;
INSERT INTO ddl.o VALUES ('T', 'dropped', 'p2');
ALTER TABLE ddl.o ADD more text, ADD defaulted text DEFAULT 'd';
INSERT INTO ddl.o VALUES ('T', 'added', 'p3', 'm', 'n');
ALTER TABLE ddl.o RENAME payload TO old_payload;
ALTER TABLE ddl.o ADD payload text DEFAULT 'fast default';
INSERT INTO ddl.o (aggregate_type, aggregate_id) VALUES ('T', 'renamed');
ALTER TABLE ddl.o ALTER payload DROP DEFAULT;
ALTER TABLE ddl.o ALTER payload TYPE jsonb USING '{"was": "text"}';
INSERT INTO ddl.o (aggregate_type, aggregate_id, payload) VALUES ('T', 'retyped', '{}');
SELECT read_ddl();
-- In one transaction with the rows.
BEGIN;
INSERT INTO ddl.o (aggregate_type, aggregate_id, payload) VALUES ('T', 'in one', '1');
ALTER TABLE ddl.o DROP defaulted;
INSERT INTO ddl.o (aggregate_type, aggregate_id, payload) VALUES ('T', 'transaction', '2');
COMMIT;
SELECT read_ddl();

-- A rewrite of the table writes its rows again: no events.
ALTER TABLE ddl.o ADD filled float8 DEFAULT random();
VACUUM FULL ddl.o;
SELECT read_ddl();

-- Dropped and created again, with other columns.
DROP TABLE ddl.o;
CREATE TABLE ddl.o (payload bytea, aggregateid int, aggregatetype text);
INSERT INTO ddl.o VALUES ('\x00', 1, 'T');
SELECT read_ddl();

-- Renamed: it is an outbox as long as it has the name; its rows are not lost while no table has it.
ALTER TABLE ddl.o RENAME TO away;
INSERT INTO ddl.away VALUES ('\x01', 2, 'T');
ALTER TABLE ddl.away RENAME TO o;
INSERT INTO ddl.o VALUES ('\x02', 3, 'T');
ALTER SCHEMA ddl RENAME TO elsewhere;
INSERT INTO elsewhere.o VALUES ('\x03', 4, 'T');
ALTER SCHEMA elsewhere RENAME TO ddl;
INSERT INTO ddl.o VALUES ('\x04', 5, 'T');
ALTER TABLE ddl.o SET SCHEMA public;
INSERT INTO public.o VALUES ('\x05', 6, 'T');
ALTER TABLE public.o SET SCHEMA ddl;
INSERT INTO ddl.o VALUES ('\x06', 7, 'T');
SELECT read_ddl();

-- Another table takes the name: then the old one is no outbox any more, until that one goes.
INSERT INTO ddl.o VALUES ('\x07', 8, 'T');
ALTER TABLE ddl.o RENAME TO old;
INSERT INTO ddl.old VALUES ('\x08', 9, 'T');
CREATE TABLE ddl.o (LIKE ddl.old);
INSERT INTO ddl.old VALUES ('\x09', 10, 'T');
INSERT INTO ddl.o VALUES ('\x0a', 11, 'T');
DROP TABLE ddl.o;
INSERT INTO ddl.old VALUES ('\x0b', 12, 'T');
ALTER TABLE ddl.old RENAME aggregateid TO other;
INSERT INTO ddl.old VALUES ('\x0c', 13, 'T');
ALTER TABLE ddl.old RENAME other TO aggregateid;
ALTER TABLE ddl.old RENAME TO o;
SELECT read_ddl();
-- What had another name before it was an outbox was none.
ALTER TABLE ddl.o RENAME TO staging;
SELECT count(*) FROM lines('tables', 'ddl.staging', 'headers', '');
INSERT INTO ddl.staging VALUES ('\x0d', 14, 'T');
ALTER TABLE ddl.staging RENAME TO o;
SELECT read_ddl();

-- Generated columns are stored, so they are in the WAL.
DROP TABLE ddl.o;
CREATE TABLE ddl.o (n int, aggregate_type text, aggregate_id text GENERATED ALWAYS AS ('key ' || n) STORED, payload text);
INSERT INTO ddl.o (n, aggregate_type, payload) VALUES (1, 'T', 'p');
SELECT read_ddl();

-- An old row that lacks the columns added since takes their default.
DROP TABLE ddl.o;
CREATE TABLE ddl.o (aggregate_type text, payload text);
BEGIN;
ALTER TABLE ddl.o ADD aggregate_id text DEFAULT 'k';
INSERT INTO ddl.o VALUES ('T', 'p');
COMMIT;
SELECT read_ddl();

DROP FUNCTION read_ddl;
DROP SCHEMA ddl CASCADE;
SELECT close_slot();
