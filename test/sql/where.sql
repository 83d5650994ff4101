-- Option where: rows that do not match are no events.
\set SHOW_CONTEXT never
SELECT open_slot();
CREATE TYPE mood AS ENUM ('happy', 'sad');
CREATE TABLE w (id int, aggregate_type text DEFAULT 'T', payload text DEFAULT 'p', kind text, c char(5), v varchar(9), n smallint, b bigint,
    ok boolean, u uuid, m mood, long text, num numeric, ts timestamp, "Odd ""name" text);
INSERT INTO w (id, kind, c, v, n, b, ok, u, m, "Odd ""name") VALUES
    (1, 'public', 'ab', 'x', 1, 10, true, '00000000-0000-0000-0000-00000000000a', 'happy', 'o'),
    (2, 'private', 'abc', 'y', 2, -9223372036854775808, false, '00000000-0000-0000-0000-00000000000b', 'sad', NULL),
    (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (4, 'it''s', '', '', 0, 0, true, NULL, NULL, '');
CREATE FUNCTION ids(condition text) RETURNS text LANGUAGE plpgsql AS
$$
BEGIN
    RETURN coalesce((SELECT string_agg(data::json ->> 'key', ' ') FROM pg_logical_slot_peek_changes('regress', NULL, NULL,
        'tables', 'public.w', 'key', 'id', 'headers', '', 'where', condition) WHERE data NOT LIKE '{"commit"%'), 'none');
END
$$;
-- What SQL says of the same condition.
CREATE FUNCTION says(condition text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE found text;
BEGIN
    EXECUTE 'SELECT coalesce(string_agg(id::text, '' '' ORDER BY id), ''none'') FROM w WHERE ' || condition INTO found;
    RETURN found;
END
$$;
SELECT condition, ids(condition), ids(condition) = says(condition) AS as_sql FROM unnest(ARRAY[
    'kind = ''public''', 'kind <> ''public''', 'kind != ''public''', 'NOT kind = ''public''', 'kind IN (''public'', ''private'')',
    'kind not in (''public'', ''private'')', 'kind IS NULL', 'kind is not null', 'kind = ''it''''s''', 'kind = ''''', 'kind=''PUBLIC''',
    'c = ''ab''', 'c = ''ab   ''', 'c = ''abc''', 'c = ''''', 'v IN (''x'')', 'v = ''''', 'n = 1', 'n IN (1, 2, 99999)', 'n = -1', 'b = -9223372036854775808', 'b <> 10',
    'ok', 'NOT ok', 'ok = true', 'ok <> TRUE', 'ok IS NULL', 'ok IN (true, false)', 'u = ''00000000-0000-0000-0000-00000000000A''', 'm = ''sad''', 'm <> ''sad''',
    'ok AND n = 1', 'ok OR n = 2', 'ok OR kind IS NULL', 'NOT (ok AND n = 1)', 'NOT NOT ok', 'n = 1 OR n = 2 AND ok', '(n = 1 OR n = 2) AND ok',
    'kind = ''public'' AND (n = 1 AND (b = 10))', 'ok AND kind IS NULL', 'NOT (ok OR kind IS NULL)', 'n = 1 OR kind = ''x'' OR ok = false',
    '"Odd ""name" = ''o''', '  ok  ', '((((ok))))', 'KIND = ''public''', 'num IS NULL', 'ts IS NOT NULL']) condition;

-- What cannot be read or compared is an error at the start.
-- One statement each: an ERROR that is caught leaves the slot in use (slot.c, ReplicationSlotRelease).
\set VERBOSITY terse
SELECT format('SELECT ids(%L)', condition) FROM unnest(ARRAY['', 'kind =', 'kind', 'n = ''1''', 'kind = 1', 'ok = 1', 'ok = ''true''', 'n = 1.5', 'n = 99999999999999999999', 'num = 1', 'ts = ''now''',
    'u = ''a''', 'nope = 1', 'kind = ''a', '''a'' = kind', 'kind = kind', 'kind LIKE ''a''', 'kind IS', 'kind IS TRUE', 'kind IN ()', 'kind IN (''a''', 'kind IN ''a''',
    'kind NOT ''a''', '(ok', 'ok)', 'ok AND', 'ok OR OR ok', 'NOT', 'ok; DROP TABLE w', 'lower(kind) = ''a''', 'kind = NULL', 'AND', repeat('(', 101) || 'ok' || repeat(')', 101)]) condition \gexec
\set VERBOSITY sqlstate
\gexec
\set VERBOSITY default
SELECT ids(repeat('(', 99) || 'ok' || repeat(')', 99)), ids('ok' || repeat(' OR ok', 5000));
SELECT lines('tables', 'public.w', 'key', 'id', 'where', 'num = 1');

-- A label that an enum does not have is told, since it may come.
SELECT lines('tables', 'public.w', 'headers', '', 'key', 'id', 'where', 'm IN (''happy'', ''hapy'') OR id = 2');

-- A long value is not read to be compared; rows that do not match take no place in the transaction.
SELECT count(*) FROM lines('tables', '');
INSERT INTO w (id, kind, long) VALUES (5, 'no', repeat('x', 2000000)), (6, 'yes', repeat('x', 2000000)), (7, 'no', 'x'), (8, 'yes', 'x');
SELECT lines('tables', 'public.w', 'key', 'id', 'headers', '', 'where', 'kind = ''yes'' AND long <> ''y''');
-- A transaction without a match writes nothing.
INSERT INTO w (id, kind) VALUES (9, 'no');
SELECT lines('tables', 'public.w', 'key', 'id', 'headers', '', 'where', 'kind = ''yes''');
-- Messages have fields; one that lacks the field does not match, one that cannot be read is an error line.
SELECT send('aggregate_type', 't', 'T', 'aggregate_id', 't', 'm1', 'payload', 't', 'p', 'kind', 't', 'yes'),
    send('aggregate_type', 't', 'T', 'aggregate_id', 't', 'm2', 'payload', 't', 'p', 'kind', 't', 'no'),
    send('aggregate_type', 't', 'T', 'aggregate_id', 't', 'm3', 'payload', 't', 'p'), send('broken', 't', 'x'),
    send('aggregate_type', 't', 'T', 'aggregate_id', 't', 'm4', 'payload', 't', 'p', 'kind', 't', 'yes', 'n', 't', '7', 'ok', 't', 'true');
SELECT data::json ->> 'key' AS key FROM pg_logical_slot_peek_changes('regress', NULL, NULL, 'tables', '', 'headers', '', 'where', 'kind = ''yes''')
WHERE data NOT LIKE '{"commit"%';
SELECT lines('tables', '', 'headers', '', 'where', 'n = 7 AND ok');

DROP FUNCTION ids, says;
DROP TABLE w;
DROP TYPE mood;
SELECT close_slot();
