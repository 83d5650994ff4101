
-- relation: checks of a table's name and kind.

-- Returns schema and table of a qualified name; raises an error if it is not one.
CREATE OR REPLACE FUNCTION outbox._parse_name(name text) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    parts text[];
BEGIN
    IF name IS NULL THEN
        RAISE EXCEPTION 'the name of the table is NULL'
            USING ERRCODE = 'null_value_not_allowed';
    END IF;
    parts := parse_ident(name);
    IF cardinality(parts) <> 2 THEN
        RAISE EXCEPTION 'name "%" is not of the form schema.table', name
            USING ERRCODE = 'invalid_name',
                  HINT = 'Write it as in SQL: public.outbox, or "My Schema"."My Table".';
    END IF;
    IF octet_length(parts[1]) > 63 OR octet_length(parts[2]) > 63 THEN
        RAISE EXCEPTION 'name "%" is too long: schema and table have at most 63 bytes each', name
            USING ERRCODE = 'name_too_long';
    END IF;
    RETURN parts;
END $$;

-- Splits a comma-separated list of names; commas inside double quotes do not count.
CREATE OR REPLACE FUNCTION outbox._split_names(names text) RETURNS SETOF text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT btrim(name) FROM regexp_split_to_table(names, ',(?=([^"]*"[^"]*")*[^"]*$)') AS name
$$;

-- Raises an error if a relation is not a table, partitioned or not.
CREATE OR REPLACE FUNCTION outbox._require_table(name regclass) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kind text;
BEGIN
    IF name IS NULL THEN
        RAISE EXCEPTION 'the name of the table is NULL'
            USING ERRCODE = 'null_value_not_allowed';
    END IF;
    SELECT CASE relkind WHEN 'v' THEN 'a view' WHEN 'm' THEN 'a materialized view'
               WHEN 'f' THEN 'a foreign table' WHEN 'S' THEN 'a sequence'
               WHEN 'i' THEN 'an index' WHEN 'I' THEN 'an index'
               WHEN 'c' THEN 'a composite type' ELSE 'of another kind' END
    INTO kind
    FROM pg_class WHERE oid = name AND relkind NOT IN ('r', 'p');
    IF FOUND THEN
        RAISE EXCEPTION '% is %, not a table', name, kind
            USING ERRCODE = 'wrong_object_type';
    END IF;
    -- A number passes as a regclass without being one.
    IF NOT EXISTS (SELECT FROM pg_class WHERE oid = name) THEN
        RAISE EXCEPTION 'relation % does not exist', name
            USING ERRCODE = 'undefined_table';
    END IF;
END $$;
