
-- relation: what a table's name and kind have to be.

-- The parts of a qualified name; an error if it is none.
CREATE FUNCTION outbox.parse_name(name text) RETURNS text[]
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

-- An error if a relation is no table.
CREATE FUNCTION outbox.require_table(name regclass) RETURNS void
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
               WHEN 'c' THEN 'a composite type' ELSE 'no table' END
    INTO kind
    FROM pg_class WHERE oid = name AND relkind NOT IN ('r', 'p');
    IF FOUND THEN
        RAISE EXCEPTION '% is %, not a table', name, kind
            USING ERRCODE = 'wrong_object_type';
    END IF;
END $$;
