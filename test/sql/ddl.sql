-- A table that changes: each row is read as the table was when it was written.
SELECT open_slot();
SET client_min_messages = warning;
CREATE SCHEMA ddl;
CREATE TABLE ddl.o (junk int, aggregate_type text, aggregate_id text, payload text);
CREATE FUNCTION read_ddl() RETURNS SETOF text LANGUAGE sql AS
$$ SELECT substring(lines FROM '"key".*"payload.*}') FROM lines('tables', 'ddl.o', 'headers', '') $$;

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

-- Renamed: it is an outbox as long as it has the name.
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
