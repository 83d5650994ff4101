-- A table that cannot serve: an error that names the column and the option.
\set SHOW_CONTEXT never
SELECT open_slot();
CREATE TABLE c (id int, aggregate_type text, aggregate_id text, event_type text, payload jsonb);
CREATE FUNCTION read_c(VARIADIC options text[] DEFAULT '{}') RETURNS SETOF text LANGUAGE sql AS
$$ SELECT members('key', VARIADIC '{tables,public.c}'::text[] || options) $$;
INSERT INTO c VALUES (1, 'T', 'k', 'e', '1');

-- A column is missing.
SELECT read_c('topic', 'x.${nope}');
SELECT read_c('topic', 'x.${nope|neither}');
SELECT read_c('key', 'nope');
SELECT read_c('payload', '"Payload"');
ALTER TABLE c RENAME aggregate_type TO kind;
INSERT INTO c VALUES (2, 'T', 'k', 'e', '1');
SELECT read_c();
ALTER TABLE c RENAME kind TO aggregate_type;

-- It cannot be the payload.
SELECT read_c('payload', 'id');
-- A type that is neither built in nor an enum.
CREATE TYPE pair AS (a int, b int);
ALTER TABLE c ADD composite pair, ADD array_of_pairs pair[];
INSERT INTO c VALUES (3, 'T', 'k', 'e', '1', '(1,2)', '{}');
-- No error comes back for what was written before: it is only read now.
SELECT pg_replication_slot_advance('regress', pg_current_wal_lsn()) IS NOT NULL;
INSERT INTO c VALUES (4, 'T', 'k', 'e', '1', '(1,2)', '{}');
SELECT read_c('key', 'composite');
SELECT read_c('topic', '${array_of_pairs}');
SELECT read_c('headers', 'composite:x');
SELECT read_c('payload', 'composite');
-- A dropped column is missing.
ALTER TABLE c DROP payload;
INSERT INTO c VALUES (5, 'T', 'k', 'e');
SELECT read_c('payload', 'payload', 'headers', '');

-- The slot kept everything, and goes on once it is mended.
SELECT read_c('payload', 'event_type', 'headers', '');
DROP FUNCTION read_c;
DROP TABLE c;
DROP TYPE pair;
SELECT close_slot();
