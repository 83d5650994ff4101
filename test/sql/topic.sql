-- Topics: the template, and what is no topic.
\set SHOW_CONTEXT never
SELECT open_slot();
CREATE TABLE t (id int, kind text, region text, n int, aggregate_id text, event_type text, payload text);

INSERT INTO t VALUES (1, 'Task', 'eu', 7, 'k', 'e', 'p');
SELECT members('topic', 'tables', 'public.t', 'topic', 'everything');
INSERT INTO t VALUES (1, 'Task', 'eu', 7, 'k', 'e', 'p');
SELECT members('topic', 'tables', 'public.t', 'topic', '${region}.${kind}-${n}_x');
-- The first of several columns that the table has.
INSERT INTO t VALUES (1, 'Task', 'eu', 7, 'k', 'e', 'p');
SELECT members('topic', 'tables', 'public.t', 'topic', '${ nope | kind | region }');
ALTER TABLE t RENAME kind TO "Odd }|$ name";
INSERT INTO t VALUES (1, 'Task', 'eu', 7, 'k', 'e', 'p');
SELECT members('topic', 'tables', 'public.t', 'topic', '${"Odd }|$ name"}.$.events');
ALTER TABLE t RENAME "Odd }|$ name" TO kind;
INSERT INTO t VALUES (1, 'Task', 'eu', 7, 'k', 'e', 'p');
SELECT members('topic', 'tables', 'public.t', 'topic', '${"Odd }|$ name"|kind}.events');

-- What Kafka would not take is an error line, and the next row an event.
INSERT INTO t VALUES (1, 'a b', '', 7, 'space', 'e', 'p'), (2, 'é', '', 7, 'no ASCII', 'e', 'p'),
    (3, 'a/b', '', 7, 'slash', 'e', 'p'), (4, '.', '', 7, 'one dot', 'e', 'p'), (5, '..', '', 7, 'two dots', 'e', 'p'),
    (6, '', '', 7, 'empty', 'e', 'p'), (7, NULL, '', 7, 'null', 'e', 'p'), (8, E'a\nb', '', 7, 'line feed', 'e', 'p'),
    (9, '...', '', 7, 'three dots are legal', 'e', 'p'), (10, 'A.b_c-9', '', 7, 'legal', 'e', 'p');
SELECT lines('tables', 'public.t', 'topic', '${kind}');
-- 249 bytes are the most.
INSERT INTO t VALUES (1, repeat('x', 249), '', 7, 'longest', 'e', 'p'), (2, repeat('x', 250), '', 7, 'too long', 'e', 'p');
SELECT line::json ->> 'key' AS key, line::json ->> 'error' AS error, length(line::json ->> 'topic') AS length
FROM lines('tables', 'public.t', 'topic', '${kind}') AS line WHERE line NOT LIKE '{"commit"%';
-- An empty value is none of these if the topic is legal.
INSERT INTO t VALUES (1, '', '', 7, 'k', 'e', 'p');
SELECT members('topic', 'tables', 'public.t', 'topic', 'all${kind}');

DROP TABLE t;
SELECT close_slot();
