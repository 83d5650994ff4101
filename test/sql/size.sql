-- Large values: compressed, out of line, and too large.
SELECT open_slot();
CREATE TABLE large (id int, aggregate_type text, aggregate_id text, event_type text, payload text);
ALTER TABLE large ALTER payload SET STORAGE EXTERNAL;
CREATE TABLE squeezed (LIKE large);

-- Out of line and not compressed; compressed in line; compressed out of line.
INSERT INTO large SELECT 1, 'T', 'external', 'E', string_agg(md5(n::text), '') FROM generate_series(1, 5000) n;
INSERT INTO squeezed SELECT 2, 'T', 'compressed', 'E', repeat('x', 100000);
INSERT INTO squeezed SELECT 3, 'T', 'both', 'E', string_agg(md5((n % 1000)::text), '') FROM generate_series(1, 20000) n;
SELECT line::json ->> 'key' AS key, length(line::json ->> 'payload'), md5(line::json ->> 'payload')
     = (SELECT md5(payload) FROM (TABLE large UNION ALL TABLE squeezed) t WHERE t.aggregate_id = line::json ->> 'key') AS same
FROM lines('tables', 'public.large,public.squeezed') AS line WHERE line NOT LIKE '{"commit"%';

-- Above max_event_bytes, which counts the payload uncompressed.
INSERT INTO large VALUES (4, 'T', 'just right', 'E', repeat('x', 1000)), (5, 'T', 'too large', 'E', repeat('x', 1001));
INSERT INTO squeezed VALUES (6, 'T', 'too large, compressed', 'E', repeat('x', 100000));
SELECT replace(line, repeat('x', 1000), 'x…') AS line FROM lines('tables', 'public.large,public.squeezed', 'max_event_bytes', '1000') AS line;

-- By default a million bytes.
INSERT INTO squeezed VALUES (7, 'T', 'million', 'E', repeat('x', 1000000)), (8, 'T', 'more', 'E', repeat('x', 1000001));
SELECT line::json ->> 'key' AS key, line::json ->> 'error' AS error, line::json ->> 'bytes' AS bytes
FROM lines('tables', 'public.squeezed') AS line;

-- Key, topic and headers count together.
INSERT INTO large VALUES (9, 'T', repeat('k', 1001), 'E', 'p'), (10, 'T', 'k', repeat('h', 1001), 'p');
SELECT lines('tables', 'public.large', 'max_event_bytes', '1000');

-- Escapes make a value six times longer, and that is no reason to refuse it.
INSERT INTO squeezed VALUES (11, 'T', 'escapes', 'E', repeat(E'\x01', 1000000));
SELECT length(line), line::json ->> 'error' AS error FROM lines('tables', 'public.squeezed') AS line WHERE line NOT LIKE '{"commit"%';

-- A row of 300 MB, out of line, and a large message hold up nothing.
INSERT INTO large VALUES (12, 'T', 'huge', 'E', repeat('x', 300000000));
SELECT send('aggregate_type', 't', 'T', 'aggregate_id', 't', 'huge message', 'payload', 't', repeat('x', 30000000));
INSERT INTO large VALUES (13, 'T', 'after', 'E', 'p');
SELECT line::json ->> 'key' AS key, line::json ->> 'error' AS error, line::json ->> 'bytes' AS bytes
FROM lines('tables', 'public.large', 'headers', '') AS line WHERE line NOT LIKE '{"commit"%';

DROP TABLE large, squeezed;
SELECT close_slot();
