
-- maintain: all that has to be done now and then, for a schedule; the relay's
-- section [maintenance] calls it.  Partitions are made only where the caller
-- owns the table.  (Procedures that commit may have no settings of their own.)
CREATE PROCEDURE outbox.maintain(tables text DEFAULT 'public.outbox', older_than interval DEFAULT '7 days',
    ahead integer DEFAULT 7, batch integer DEFAULT 10000,
    INOUT deleted bigint DEFAULT 0, INOUT partitions integer DEFAULT 0)
LANGUAGE plpgsql AS $$
DECLARE
    names text[] := pg_catalog.regexp_split_to_array(tables, ',(?=([^"]*"[^"]*")*[^"]*$)');
    name regclass;
    rows bigint;
BEGIN
    deleted := 0;
    partitions := 0;
    FOR i IN 1 .. pg_catalog.cardinality(names) LOOP
        name := pg_catalog.btrim(names[i])::regclass;
        IF (SELECT c.relkind = 'p' AND pg_catalog.pg_has_role(c.relowner, 'USAGE')
            FROM pg_catalog.pg_class c WHERE c.oid = name) THEN
            partitions := partitions + outbox.ensure_partitions(name, ahead);
            COMMIT;
        END IF;
        CALL outbox.cleanup_all(name, older_than, batch, rows);
        deleted := deleted + rows;
    END LOOP;
END $$;
COMMENT ON PROCEDURE outbox.maintain IS 'ensure_partitions() and cleanup_all() for each table';
