
-- maintain: everything that has to be done regularly, for a schedule; the relay's section
-- [maintenance] calls it.

-- Creates the partitions that are missing, where the caller owns the table and it is partitioned by
-- time, and returns how many.
CREATE OR REPLACE FUNCTION outbox._ensure_own_partitions(name regclass, ahead integer)
RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (outbox._partition_key(name)).column_name IS NOT NULL
       AND (SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = name) THEN
        RETURN outbox.ensure_partitions(name, ahead);
    END IF;
    RETURN 0;
END $$;

-- Old rows go first, so that partitions which cannot be created fill no disk; and what fails for
-- one table keeps neither the rest of it nor the others waiting.  All that failed is the error in
-- the end.  All names are qualified, see _cleanup_leaves.
CREATE OR REPLACE PROCEDURE outbox.maintain(tables text DEFAULT 'public.outbox',
    older_than interval DEFAULT '7 days', ahead integer DEFAULT 7, batch integer DEFAULT 10000,
    INOUT deleted bigint DEFAULT 0, INOUT partitions integer DEFAULT 0,
    time_column text DEFAULT NULL)
LANGUAGE plpgsql AS $$
DECLARE
    names pg_catalog.text[] := ARRAY(SELECT n FROM outbox._split_names(tables) AS n
                                     WHERE n OPERATOR(pg_catalog.<>) '');
    name pg_catalog.regclass;
    plan pg_catalog.record;
    failure pg_catalog.text;
    failures pg_catalog.text[] := '{}';
BEGIN
    deleted := 0;
    partitions := 0;
    FOR i IN 1 .. pg_catalog.cardinality(names) LOOP
        name := NULL;
        failure := NULL;
        BEGIN
            name := names[i]::pg_catalog.regclass;
            plan := outbox._cleanup_plan(name, older_than, batch, time_column);
        EXCEPTION WHEN OTHERS THEN
            failure := SQLERRM;
        END;
        IF failure IS NULL THEN
            CALL outbox._cleanup_leaves(name, plan.condition, plan.leaves, plan.are_whole, batch,
                                        true, deleted, failure);
        END IF;
        BEGIN
            partitions := partitions
                OPERATOR(pg_catalog.+) outbox._ensure_own_partitions(name, ahead);
        EXCEPTION WHEN OTHERS THEN
            failure := pg_catalog.concat_ws('; ', failure, SQLERRM);
        END;
        COMMIT;
        IF failure IS NOT NULL THEN
            failures := pg_catalog.array_append(failures,
                                                pg_catalog.concat(names[i], ': ', failure));
        END IF;
    END LOOP;
    IF pg_catalog.cardinality(names) OPERATOR(pg_catalog.=) 0 THEN
        RAISE EXCEPTION 'there is no table to maintain: tables is empty'
            USING ERRCODE = 'invalid_parameter_value';
    ELSIF pg_catalog.cardinality(failures) OPERATOR(pg_catalog.>) 0 THEN
        RAISE EXCEPTION 'maintenance failed for %', pg_catalog.array_to_string(failures, '; ')
            USING HINT = 'All else is done; outbox.cleanup_all() or outbox.ensure_partitions() for'
                         ' such a table says more.';
    END IF;
END $$;
COMMENT ON PROCEDURE outbox.maintain IS
    'cleanup_all() and ensure_partitions() for each table; what fails is the error in the end';
