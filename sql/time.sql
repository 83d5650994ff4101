
-- time: the column that says when a row was written, of type timestamptz, timestamp, date or
-- bigint (milliseconds since 1970).
--
-- Times of all four types are computed with as timestamp: those of timestamptz and bigint in UTC,
-- those of timestamp and date as they stand, which is the local time of who wrote them.

-- Returns the type that a domain is made of, however deep, or the type itself.
CREATE OR REPLACE FUNCTION outbox._base_type(type oid) RETURNS regtype
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH RECURSIVE base AS (
        SELECT oid, typbasetype FROM pg_type WHERE oid = type
        UNION ALL
        SELECT t.oid, t.typbasetype FROM base JOIN pg_type t ON t.oid = base.typbasetype
    )
    SELECT oid::regtype FROM base WHERE typbasetype = 0
$$;

CREATE OR REPLACE FUNCTION outbox._is_time(type regtype) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT type IN ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype,
                    'bigint'::regtype)
$$;

-- Returns the first of some columns that a table has, and its type; NULLs if it has none.  A name
-- is written as in SQL, but may have upper case without quotes.
CREATE OR REPLACE FUNCTION outbox._find_column(name regclass, VARIADIC wanted text[],
    OUT column_name name, OUT column_type regtype)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT attname, outbox._base_type(atttypid)
    FROM unnest(wanted) WITH ORDINALITY AS w (word, place),
        LATERAL unnest(CASE
            WHEN word ~ '^".+"$' THEN ARRAY[replace(substr(word, 2, length(word) - 2), '""', '"')]
            ELSE ARRAY[word, lower(word)] END) WITH ORDINALITY AS n (name, choice)
    JOIN pg_attribute ON attrelid = $1 AND attname = n.name AND attnum > 0 AND NOT attisdropped
    ORDER BY place, choice LIMIT 1
$$;

-- Returns name and type of the time column: the one that is asked for, written as in SQL, or
-- without one the first of the usual names.  Raises an error if no column can serve.
CREATE OR REPLACE FUNCTION outbox._time_column(name regclass, wanted text,
    OUT column_name name, OUT column_type regtype)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    usual CONSTANT text[] := '{created_at,createdat,occurred_at,occurredat}';
BEGIN
    SELECT f.* INTO column_name, column_type
    FROM unnest(CASE WHEN wanted IS NULL THEN usual ELSE ARRAY[wanted] END)
        WITH ORDINALITY AS w (word, place),
        LATERAL outbox._find_column(name, word) f
    WHERE f.column_name IS NOT NULL AND (wanted IS NOT NULL OR outbox._is_time(f.column_type))
    ORDER BY place LIMIT 1;
    IF FOUND AND outbox._is_time(column_type) THEN
        RETURN;
    END IF;
    IF FOUND THEN
        RAISE EXCEPTION 'column "%" of table % is of type %, which is not a time',
                column_name, name, column_type
            USING ERRCODE = 'datatype_mismatch',
                  HINT = 'It has to be timestamptz, timestamp, date, or bigint for milliseconds'
                         ' since 1970.';
    ELSIF wanted IS NOT NULL THEN
        RAISE EXCEPTION 'table % has no column "%"', name, wanted
            USING ERRCODE = 'undefined_column';
    END IF;
    RAISE EXCEPTION 'table % has no column that is known to say when a row was written', name
        USING ERRCODE = 'undefined_column',
              DETAIL = format('Looked for %s of type timestamptz, timestamp, date or bigint.',
                              array_to_string(usual, ', ')),
              HINT = format('Name another one with time_column. If the table has none, add it:'
                            ' ALTER TABLE %s ADD created_at timestamptz NOT NULL DEFAULT now();'
                            ' existing rows count as written at that moment.', name);
END $$;

-- Raises an error if a bigint column holds anything else than milliseconds: seconds would make
-- all rows old, microseconds none.  Between the limits lie the years 1973 to 5138.
CREATE OR REPLACE FUNCTION outbox._require_milliseconds(name regclass, column_name name)
RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    odd bigint;
BEGIN
    EXECUTE format('(SELECT %1$I FROM %2$s WHERE %1$I < 100000000000 LIMIT 1) UNION ALL'
                   ' (SELECT %1$I FROM %2$s WHERE %1$I > 100000000000000 LIMIT 1) LIMIT 1',
                   column_name, name)
    INTO odd;
    IF odd IS NOT NULL THEN
        RAISE EXCEPTION 'column "%" of table % has the value %, which is not in milliseconds since'
                ' 1970', column_name, name, odd
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Milliseconds of the years 1973 to 5138 are understood; correct or delete'
                         ' such rows.';
    END IF;
END $$;

-- Returns a point in time as it is computed with for a type.
CREATE OR REPLACE FUNCTION outbox._local_time(at timestamptz, type regtype) RETURNS timestamp
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN type IN ('timestamptz'::regtype, 'bigint'::regtype)
                THEN at AT TIME ZONE 'UTC' ELSE at::timestamp END
$$;

-- The same of the present.
CREATE OR REPLACE FUNCTION outbox._present(type regtype) RETURNS timestamp
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT outbox._local_time(now(), type)
$$;

-- Reads a value of a type, in ISO format and with a zone where the type has one.  What a timestamp
-- cannot hold (before 4714 BC or after 294276) is infinite.
CREATE OR REPLACE FUNCTION outbox._read_time(value text, type regtype) RETURNS timestamp
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET datestyle = ISO AS $$
    SELECT CASE type
        WHEN 'bigint'::regtype THEN CASE
            WHEN value::bigint < -210866803200000 THEN timestamp '-infinity'
            WHEN value::bigint > 9224318015999999 THEN timestamp 'infinity'
            ELSE timestamp '1970-01-01' + value::bigint * interval '1 millisecond' END
        WHEN 'timestamptz'::regtype THEN value::timestamptz AT TIME ZONE 'UTC'
        WHEN 'date'::regtype THEN CASE
            WHEN value::date > '294276-12-31' THEN timestamp 'infinity'
            ELSE value::date::timestamp END
        ELSE value::timestamp END
$$;

-- Writes a time as a literal of a type, in quotes; a date is that of the day.
CREATE OR REPLACE FUNCTION outbox._write_time(at timestamp, type regtype) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET datestyle = ISO AS $$
    SELECT quote_literal(CASE type
        WHEN 'bigint'::regtype THEN floor(extract(epoch FROM at) * 1000)::bigint::text
        WHEN 'timestamptz'::regtype THEN at::text || '+00'
        WHEN 'date'::regtype THEN at::date::text
        ELSE at::text END)
$$;

-- Returns the condition that a column of a type has a time that can be meant: of the years 1973 to
-- 5138, as _require_milliseconds() has it.  Computing with others may overflow.
CREATE OR REPLACE FUNCTION outbox._is_sensible(column_name name, type regtype) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT format('%I BETWEEN %s AND %s', column_name,
                  outbox._write_time('1973-03-03 09:46:40', type),
                  outbox._write_time('5138-11-16 09:46:40', type))
$$;
