-- What would stop the decoding at a row is an error before the first.
\set SHOW_CONTEXT never
SELECT open_slot();
-- One statement each: an ERROR that is caught leaves the slot in use (slot.c, ReplicationSlotRelease).
CREATE FUNCTION codes(VARIADIC options text[]) RETURNS text LANGUAGE sql AS
$$ SELECT count(*) || ' lines' FROM pg_logical_slot_peek_changes('regress', NULL, NULL, VARIADIC options) $$;
CREATE FUNCTION each(VARIADIC options text[]) RETURNS text LANGUAGE sql AS
$$ SELECT 'SELECT codes(' || string_agg(quote_literal(o), ', ') || ')' FROM unnest(options) o $$;

-- An entry that stands for no table.
SELECT lines('tables', 'public.outbox, nope.outbox');
SELECT codes('tables', 'public.nope');
SELECT codes('tables', '');
SELECT codes('messages', '');
-- What is there, but is no table or never in the WAL.
CREATE VIEW a_view AS SELECT * FROM outbox;
CREATE UNLOGGED TABLE unlogged (LIKE outbox);
CREATE FOREIGN DATA WRAPPER nothing;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
CREATE FOREIGN TABLE far (aggregate_type text, aggregate_id text, payload text) SERVER nowhere;
SELECT each('tables', 'public.' || name) FROM unnest('{a_view,unlogged,far,outbox_pkey}'::text[]) name \gexec
\set VERBOSITY sqlstate
\gexec
\set VERBOSITY default
SELECT lines('tables', 'public.unlogged');
-- Nor what a child keeps out of the WAL.
CREATE TABLE parent (aggregate_type text, aggregate_id text, payload text);
CREATE FOREIGN TABLE far_child () INHERITS (parent) SERVER nowhere;
CREATE UNLOGGED TABLE unlogged_child () INHERITS (parent);
SELECT codes('tables', 'public.parent', 'headers', '');
DROP TABLE unlogged_child;
SELECT lines('tables', 'public.parent', 'headers', '');
DROP FOREIGN TABLE far_child, far;

-- Columns that a table lacks, or that cannot serve: each option names them.
CREATE TABLE unfit (id int, aggregate_type text, aggregate_id text, payload text, x xml, o oid, t text, d date);
SELECT each('tables', 'public.unfit', 'headers', '', option, value) FROM (VALUES ('topic', '${nope}'), ('key', 'nope'),
    ('payload', 'nope'), ('partition', 'nope'), ('timestamp', 'nope'), ('route_by', 'nope'), ('payload', 'x'), ('payload', 'o'),
    ('partition', 't'), ('partition', 'o'), ('timestamp', 't'), ('timestamp', 'd'), ('key', 'x'), ('topic', '${o}.t')) v (option, value) \gexec
\set VERBOSITY sqlstate
\gexec
\set VERBOSITY default
SELECT codes('tables', 'public.unfit', 'headers', 'o:*');
-- A header's column that a table lacks is a warning, once.
INSERT INTO unfit (aggregate_type, aggregate_id, payload) VALUES ('T', 'k', 'p'), ('T', 'k', 'p');
SELECT lines('tables', 'public.unfit', 'headers', 'nope');
-- a|b: the first column that the table has, where it was renamed.
INSERT INTO unfit (aggregate_type, aggregate_id, payload) VALUES ('T', 'before', 'p');
ALTER TABLE unfit RENAME payload TO body;
INSERT INTO unfit (aggregate_type, aggregate_id, body) VALUES ('T', 'after', 'p');
SELECT codes('tables', 'public.unfit', 'headers', '', 'payload', 'body');
SELECT lines('tables', 'public.unfit', 'headers', '', 'payload', ' body | payload ');
SELECT codes('payload', 'a|');
SELECT codes('payload', '|a');
SELECT codes('payload', 'a b');

-- The session's own transaction goes on, and sees what it did.
BEGIN;
CREATE TABLE mine (aggregate_type text, aggregate_id text, payload text);
SELECT codes('tables', 'public.mine', 'headers', '');
ROLLBACK;
SELECT codes('tables', 'public.mine', 'headers', '');

DROP FUNCTION codes, each;
DROP VIEW a_view;
DROP TABLE unlogged, parent, unfit;
DROP FOREIGN DATA WRAPPER nothing CASCADE;
SELECT close_slot();
