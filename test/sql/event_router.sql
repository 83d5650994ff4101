-- Topics and records as Debezium's outbox Event Router makes them.  The numbers
-- are those of the vectors in docs/event-router.md, which has the differences.
\set SHOW_CONTEXT never
SELECT open_slot();
CREATE TABLE outboxevent (
    id uuid NOT NULL DEFAULT '59a42efd-b015-44a9-9dde-cb36d9002425', aggregatetype varchar(255),
    aggregateid varchar(255) DEFAULT 'k', type varchar(255) DEFAULT 'UserCreated', payload jsonb DEFAULT '{}',
    text_payload text, bytes_payload bytea, n int, big bigint, f float8, ts timestamp, tstz timestamptz);
CREATE FUNCTION route(VARIADIC options text[] DEFAULT '{}') RETURNS SETOF text LANGUAGE sql AS
$$ SELECT members('topic', VARIADIC options || '{tables,public.outboxevent}') $$;
CREATE FUNCTION records(VARIADIC options text[] DEFAULT '{}') RETURNS SETOF text LANGUAGE sql AS
$$ SELECT line FROM lines(VARIADIC options || '{tables,public.outboxevent,route_by,aggregatetype}') line WHERE line NOT LIKE '{"commit"%' $$;

-- 0, 1: the default table and the default route.
INSERT INTO outboxevent (aggregatetype, aggregateid, payload) VALUES ('User', '10711fa5', '{"email": "gh@mefi.in"}');
SELECT records('headers', 'id');
-- The key as JsonConverter writes it: a template in quotes is no column.
INSERT INTO outboxevent (aggregatetype, aggregateid) VALUES ('User', '10711fa5');
SELECT records('headers', '', 'key', '"${aggregateid}"');
-- 0c: more headers, with spaces and aliases; a timestamp is ISO 8601 here.
INSERT INTO outboxevent (aggregatetype, n, f, ts) VALUES ('User', 42, 1.5, '2019-03-24 20:52:59.000123');
SELECT records('headers', ' id, type : eventType , n:num ,f,ts');
-- 3: a blank payload has a value, unless it shall be a tombstone.
INSERT INTO outboxevent (aggregatetype, text_payload) VALUES ('User', '  '), ('User', ''), ('User', E'\t\n'), ('User', ' x '), ('User', NULL);
SELECT count(*) FROM outboxevent;
SELECT data::json -> 'encoding', data::json -> 'payload' FROM pg_logical_slot_peek_changes('regress', NULL, NULL,
    'tables', 'public.outboxevent', 'payload', 'text_payload') WHERE data LIKE '%topic%';
SELECT records('payload', 'text_payload', 'headers', '', 'empty_payload', 'tombstone');
-- 4: no route value is an error line, not the end.
INSERT INTO outboxevent (aggregatetype) VALUES (NULL), ('User');
SELECT records('headers', '');
-- 6: an expression that does not match leaves the value as it is.
INSERT INTO outboxevent (aggregatetype) VALUES ('User'), ('abcdef');
SELECT route('route_regex', 'abc(.*)', 'route_replacement', 'x.$1');
-- 6c: what is no topic is an error line.
INSERT INTO outboxevent (aggregatetype) VALUES ('User Account/é'), ('');
SELECT records('headers', '');
-- 7b: a partition may be smallint, integer or bigint.
INSERT INTO outboxevent (aggregatetype, n, big) VALUES ('User', 123, 4), ('User', NULL, NULL);
SELECT data::json ->> 'partition' FROM pg_logical_slot_peek_changes('regress', NULL, NULL,
    'tables', 'public.outboxevent', 'partition', 'n') WHERE data LIKE '%topic%';
SELECT members('partition', 'tables', 'public.outboxevent', 'partition', 'big');
-- 7d: a header's column that is missing is left out, with a warning.
INSERT INTO outboxevent (aggregatetype) VALUES ('User');
SELECT records('headers', 'id,nope');
-- 7f: a placement that there is not: headers are all there are.
SELECT records('headers', 'type:body:x');
-- 10b: timestamptz is taken too.  10c: microseconds are cut to ms.  10d: NULL is the commit time.
INSERT INTO outboxevent (aggregatetype, tstz, ts, big) VALUES ('User', '2019-03-24 20:52:59.000999+00', '2019-03-24 20:52:59.001', 1553460779002);
SELECT data::json ->> 'ts' FROM pg_logical_slot_peek_changes('regress', NULL, NULL,
    'tables', 'public.outboxevent', 'timestamp', 'tstz') WHERE data LIKE '%topic%';
SELECT data::json ->> 'ts' FROM pg_logical_slot_peek_changes('regress', NULL, NULL,
    'tables', 'public.outboxevent', 'timestamp', 'ts') WHERE data LIKE '%topic%';
SELECT data::json ->> 'ts' FROM pg_logical_slot_get_changes('regress', NULL, NULL,
    'tables', 'public.outboxevent', 'timestamp', 'big') WHERE data LIKE '%topic%';
INSERT INTO outboxevent (aggregatetype) VALUES ('User');
SELECT to_timestamp((data::json ->> 'ts')::int8 / 1000.0) BETWEEN now() - interval '1 day' AND now() + interval '1 day' AS commit_time
FROM pg_logical_slot_get_changes('regress', NULL, NULL, 'tables', 'public.outboxevent', 'timestamp', 'ts') WHERE data LIKE '%topic%';
-- 11b: empty bytes are a value in any case.
INSERT INTO outboxevent (aggregatetype, bytes_payload) VALUES ('User', ''), ('User', '\x2020');
SELECT records('payload', 'bytes_payload', 'headers', '', 'empty_payload', 'tombstone');
-- 12b: an id's column that is missing: no header.
INSERT INTO outboxevent (aggregatetype) VALUES ('User');
SELECT records('id', 'nope', 'headers', 'id:x,aggregate_type:t');

-- Upstream: canRouteBasedOnField, a literal replacement, another column.
INSERT INTO outboxevent (aggregatetype, type) VALUES ('User', 'a'), ('Address', 'b');
SELECT data::json ->> 'topic' FROM pg_logical_slot_peek_changes('regress', NULL, NULL,
    'tables', 'public.outboxevent', 'route_by', 'aggregatetype') WHERE data LIKE '%topic%';
SELECT data::json ->> 'topic' FROM pg_logical_slot_peek_changes('regress', NULL, NULL,
    'tables', 'public.outboxevent', 'route_by', 'type', 'route_replacement', '${routedByValue}.events') WHERE data LIKE '%topic%';
SELECT route('route_replacement', 'all');

-- The expression: what Java's matches() and replacement do.
CREATE FUNCTION routed(value text, regex text, replacement text) RETURNS text LANGUAGE sql AS
$$
    SELECT string_agg(coalesce('error: ' || (data::json ->> 'error'), data::json ->> 'topic'), ',')
    FROM pg_logical_slot_peek_changes('regress', NULL, NULL, 'tables', 'public.outboxevent', 'route_regex', regex,
                                      'route_replacement', replacement)
    WHERE data LIKE '%topic%' AND data::json ->> 'key' = value
$$;
INSERT INTO outboxevent (aggregatetype, aggregateid)
SELECT v, v FROM unnest('{User,user,a-b-c,aXb,foofoo,x.y,2024-01,a b}'::text[]) v;
SELECT value, regex, replacement, routed(value, regex, replacement) FROM (VALUES
    ('User', '(?<n>.*)', 't.${n}'), ('User', '(U)(?<rest>s.*)', '$2.$1.${rest}'), ('User', 'Use', 't'),
    ('User', '.*se.*', '$0'), ('User', 'User|X', 't'), ('User', 'U|User', 't.$0'),
    ('User', '(.)(.)(.)(.)', '$4$3$2$1'), ('User', '(.*)', '$12'), ('User', '(.*)', 't\.\-$1'),
    ('User', '(x)?(.*)', 'a$1b$2'), ('user', '(?i)USER', 't'), ('user', 'USER', 't'),
    ('a-b-c', '(.*?)-(.*)', '$1.$2'), ('a-b-c', '(.*)-(.*)', '$1.$2'), ('a-b-c', '(\w)-(?:\w)-(\w)', '$1$2'),
    ('a-b-c', '(?<x>[a-c])-(?<y>[^-]+)-\w', '${y}${x}'), ('a-b-c', '([\w-]+)', 'w.$1'),
    ('aXb', 'a\x58(b)', '$1'), ('aXb', 'a\u0058(b)', '$1'), ('foofoo', '(?<w>foo)\k<w>', '${w}'), ('foofoo', '(foo)\1', '$1'),
    ('x.y', '\Qx.y\E', 't'), ('aXb', '\Qx.y\E', 't'), ('x.y', 'x.y', 't'), ('aXb', 'a.b', 't'), ('x.y', '[.x](.)[y]', 'dot'),
    ('2024-01', '(\d{4})-(\d\d)', 'm$2.y$1'), ('2024-01', '(?=\d)(.*)', 'digit.$1'), ('2024-01', '(?!\d).*', 't'),
    ('a b', '(\w)\s(\w)', '$1_$2'), ('a b', 'a\bb', 't'), ('a b', 'a\b.\bb', 'bound'),
    ('User', '', 't'), ('User', '.*', '')) AS v (value, regex, replacement);

-- What is wrong with them is told at the start.  Each is a statement of its own:
-- an ERROR that is caught leaves the slot in use (slot.c, ReplicationSlotRelease).
\set VERBOSITY terse
\pset tuples_only on
SELECT format('SELECT routed(%L, %L, %L)', 'User', regex, 't') FROM unnest(ARRAY['(', ')', 'a)(b', '[', '[a', '*', 'a**', 'a*+', '(?<n>a)(?<n>b)',
    '(?<1>a)', '(?P<n>a)', '(?>a)', 'a(?i)b', '(?s).*', '\', '\p{L}', '\G', '\R', '\01', '\xZZ', '\u12', '\k<n>', '\k', '[a[b]]', '[a-z&&b]',
    '(?=(a))', '[[:alpha:]]', '\m', '(?#x)', '***=a', 'a{2,1}', 'a{1000}', '[z-a]', '\p{Upper}',
    repeat('(', 300), repeat('(', 300) || repeat(')', 300)]) regex \gexec
SELECT format('SELECT routed(%L, %L, %L)', 'User', '(?<a>.)(.*)', replacement) FROM unnest(ARRAY['$', '$x', '$3', '${', '${a', '${}', '${b}',
    'a b', '/', '\', 'é', 't\$\2',
    '${a}$2$0$21']) replacement \gexec
\pset tuples_only off
\set VERBOSITY default
SELECT route('route_regex', '(.*)');
SELECT route('topic', 'a', 'route_by', 'type');
SELECT route('topic', 'a', 'route_regex', '(.*)', 'route_replacement', 'b');
SELECT route('route_by', 'a b');
SELECT route('route_by', 'nope');

-- A value that is long, or takes long, does not hold up the others.
DELETE FROM outboxevent;
SELECT count(*) FROM lines();
ALTER TABLE outboxevent ALTER aggregatetype TYPE text;
INSERT INTO outboxevent (aggregatetype) VALUES (repeat('a', 1025)), (repeat('a', 200) || 'é'), ('b');
SELECT line::json ->> 'error' AS error, left(line::json ->> 'topic', 20) AS topic
FROM lines('tables', 'public.outboxevent', 'route_regex', '(a*)*b', 'route_replacement', 't$1') line WHERE line NOT LIKE '{"commit"%';
-- Other characters than ASCII.
INSERT INTO outboxevent (aggregatetype) VALUES ('é1'), ('日本2'), (E'a\nb');
SELECT route('route_regex', '[é日\u672c]+(\d)', 'route_replacement', 't$1');

DROP FUNCTION route, records, routed;
DROP TABLE outboxevent;
SELECT close_slot();
