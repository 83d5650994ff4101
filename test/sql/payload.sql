-- The payload's bytes are those of the column.
SELECT open_slot();
CREATE TABLE p_jsonb (aggregate_type text, aggregate_id text, payload jsonb);
CREATE TABLE p_json (LIKE p_jsonb);
ALTER TABLE p_json ALTER payload TYPE json USING NULL;
CREATE TABLE p_text (LIKE p_jsonb);
ALTER TABLE p_text ALTER payload TYPE text;
CREATE TABLE p_varchar (LIKE p_jsonb);
ALTER TABLE p_varchar ALTER payload TYPE varchar(100);
CREATE TABLE p_char (LIKE p_jsonb);
ALTER TABLE p_char ALTER payload TYPE char(5);
CREATE TABLE p_bytea (LIKE p_jsonb);
ALTER TABLE p_bytea ALTER payload TYPE bytea USING NULL;

-- SQL NULL is a tombstone; JSON null is four bytes.
INSERT INTO p_jsonb VALUES ('T', 'k', NULL), ('T', 'k', 'null'), ('T', 'k', '"s"'),
    ('T', 'k', '1.50'), ('T', 'k', 'true'), ('T', 'k', '[]'), ('T', 'k', '{"b": {"c": []}, "a": [1, {}]}');
-- json keeps its spelling, but for line breaks between its tokens.
INSERT INTO p_json VALUES ('T', 'k', NULL), ('T', 'k', 'null'),
    ('T', 'k', E'{"b" : 1.0,\r\n\t"b": 1e400, "a": "\\n\\u00e9"}'), ('T', 'k', ' [ 1 ] ');
INSERT INTO p_text VALUES ('T', 'k', NULL), ('T', 'k', ''), ('T', 'k', ' '),
    ('T', 'k', E'"quoted" \\ \b\f\n\r\t\x01\x1f\x7f é 😀 /');
INSERT INTO p_varchar VALUES ('T', 'k', 'varchar');
INSERT INTO p_char VALUES ('T', 'k', 'ab');
INSERT INTO p_bytea VALUES ('T', 'k', NULL), ('T', 'k', ''), ('T', 'k', '\x00'), ('T', 'k', '\x0001ff'),
    ('T', 'k', '\xdeadbeef'), ('T', 'k', decode(repeat('00ff', 100), 'hex'));
SET client_min_messages = error; -- these tables have no id
SELECT regexp_replace(line, '^.*"headers":{}', '') AS line
FROM lines('tables', 'public.p_jsonb,public.p_json,public.p_text,public.p_varchar,public.p_char,public.p_bytea') AS line
WHERE line NOT LIKE '{"commit"%';
RESET client_min_messages;

-- bytea comes back as it was.
INSERT INTO p_bytea SELECT 'T', n::text, substring(decode(repeat('00102030405060708090a0b0c0d0e0f0ff', 10), 'hex') FOR n)
FROM generate_series(0, 100) n;
SET client_min_messages = error;
SELECT count(*), bool_and(decode(l::json ->> 'payload', 'base64') = p.payload)
FROM lines('tables', 'public.p_bytea') AS l JOIN p_bytea p ON p.aggregate_id = l::json ->> 'key';
RESET client_min_messages;

DROP TABLE p_jsonb, p_json, p_text, p_varchar, p_char, p_bytea;
SELECT close_slot();
