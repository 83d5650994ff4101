-- jsonb is printed exactly as PostgreSQL prints it.
SELECT open_slot();

-- Some thousand values of every kind: numbers of many digits, strings with
-- everything that is escaped, empty and nested containers.
SELECT setseed(0.5);
CREATE FUNCTION random_jsonb(depth int) RETURNS jsonb LANGUAGE plpgsql AS
$$
DECLARE
    strings text[] := ARRAY['', 'a', 'é', '😀', '"', '\', '/', E'\b\f\n\r\t', E'\x01\x1f\x7f', 'key', repeat('x', 300)];
    numbers numeric[] := ARRAY[0, -1, 1.50, 1e20, -1e-20, 123456789012345678901234567890.5, 1e131, 0.1, 9223372036854775808];
    kind int := floor(random() * CASE WHEN depth > 0 THEN 7 ELSE 5 END);
    result jsonb;
BEGIN
    CASE kind
        WHEN 0 THEN RETURN 'null';
        WHEN 1 THEN RETURN to_jsonb(random() < 0.5);
        WHEN 2 THEN RETURN to_jsonb(numbers[1 + floor(random() * 9)::int]);
        WHEN 3 THEN RETURN to_jsonb(round((random() * 1e9)::numeric, floor(random() * 9)::int));
        WHEN 4 THEN RETURN to_jsonb(strings[1 + floor(random() * 11)::int]);
        WHEN 5 THEN
            result := '[]';
            FOR i IN 1 .. floor(random() * 4) LOOP
                result := result || jsonb_build_array(random_jsonb(depth - 1));
            END LOOP;
        ELSE
            result := '{}';
            FOR i IN 1 .. floor(random() * 4) LOOP
                result := result || jsonb_build_object(
                    strings[1 + floor(random() * 11)::int], random_jsonb(depth - 1));
            END LOOP;
    END CASE;
    RETURN result;
END
$$;
INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)
SELECT 'T', n, 'E', random_jsonb(5) FROM generate_series(1, 3000) n;
INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)
VALUES ('T', 'deep', 'E', (repeat('[', 1000) || repeat(']', 1000))::jsonb),
       ('T', 'digits', 'E', '1e131071'), ('T', 'fraction', 'E', '-1e-16383');
SELECT count(*), count(*) FILTER (WHERE substring(line FROM '"payload":(.*)}$') = o.payload::text) AS same,
       count(*) FILTER (WHERE line::json ->> 'key' IN ('deep', 'digits', 'fraction')) AS special
FROM lines() AS line JOIN outbox o ON o.aggregate_id = line::json ->> 'key';

-- A payload of a few kB that would print as gigabytes is no event, and no harm.
INSERT INTO outbox (id, aggregate_type, aggregate_id, event_type, payload)
SELECT '00000000-0000-0000-0000-000000000001', 'T', 'bomb', 'E', jsonb_agg('1e131071'::jsonb) FROM generate_series(1, 10000);
INSERT INTO outbox (id, aggregate_type, aggregate_id, event_type, payload)
VALUES ('00000000-0000-0000-0000-000000000002', 'T', 'next', 'E', '1');
SELECT regexp_replace(line, '"bytes":\d+', '"bytes":0') AS lines FROM lines() AS line;

DROP FUNCTION random_jsonb;
TRUNCATE outbox;
SELECT close_slot();
