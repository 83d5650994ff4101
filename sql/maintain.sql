
-- maintain: everything that has to be done regularly, for a schedule; the relay's section
-- [maintenance] calls it.  Partitions are created only where the caller owns the table and it is
-- partitioned by time.  All names are qualified, see cleanup_all.
CREATE OR REPLACE PROCEDURE outbox.maintain(tables text DEFAULT 'public.outbox',
    older_than interval DEFAULT '7 days', ahead integer DEFAULT 7, batch integer DEFAULT 10000,
    INOUT deleted bigint DEFAULT 0, INOUT partitions integer DEFAULT 0,
    time_column text DEFAULT NULL)
LANGUAGE plpgsql AS $$
DECLARE
    names pg_catalog.text[] := ARRAY(SELECT outbox._split_names(tables));
    name pg_catalog.regclass;
    rows bigint;
BEGIN
    deleted := 0;
    partitions := 0;
    FOR i IN 1 .. pg_catalog.cardinality(names) LOOP
        name := names[i]::pg_catalog.regclass;
        IF (outbox._partition_key(name)).column_name IS NOT NULL
           AND (SELECT pg_catalog.pg_has_role(c.relowner, 'USAGE')
                FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) name) THEN
            partitions := partitions OPERATOR(pg_catalog.+) outbox.ensure_partitions(name, ahead);
            COMMIT;
        END IF;
        CALL outbox.cleanup_all(name, older_than, batch, rows, time_column);
        deleted := deleted OPERATOR(pg_catalog.+) rows;
    END LOOP;
END $$;
COMMENT ON PROCEDURE outbox.maintain IS 'ensure_partitions() and cleanup_all() for each table';
