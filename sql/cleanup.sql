
-- cleanup: rows that are old enough.  Whether they are published does not
-- matter: the relay reads the WAL, not the table.

-- Everything before is old; an error if the arguments make no sense.
CREATE FUNCTION outbox.cutoff(name regclass, older_than interval, batch integer) RETURNS timestamptz
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM outbox.require_table(name);
    IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = name AND attname = 'created_at'
                   AND NOT attisdropped AND atttypid IN ('timestamp'::regtype, 'timestamptz'::regtype)) THEN
        RAISE EXCEPTION 'table % has no column "created_at" of type timestamp or timestamptz', name
            USING ERRCODE = 'undefined_column';
    END IF;
    IF older_than IS NULL OR older_than < interval '0' THEN
        RAISE EXCEPTION 'older_than is %: it must not be negative', coalesce(older_than::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF batch IS NULL OR batch < 1 THEN
        RAISE EXCEPTION 'batch is %: it has to be at least 1', coalesce(batch::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN now() - older_than;
END $$;

-- The tables that have the rows: the table itself or, of a partitioned one, its
-- leaves, those that end before the cutoff being whole.
CREATE FUNCTION outbox.leaves(name regclass, cutoff timestamptz, OUT leaf regclass, OUT whole boolean)
RETURNS SETOF record
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.oid::regclass, coalesce(p.ends <= cutoff::timestamp AND c.relkind = 'r', false)
    FROM (SELECT name AS oid WHERE NOT EXISTS (SELECT FROM pg_partitioned_table WHERE partrelid = name)
          UNION ALL
          SELECT relid FROM pg_partition_tree(name) WHERE isleaf AND relid <> name) t
    JOIN pg_class c ON c.oid = t.oid
    LEFT JOIN outbox.partitions(CASE WHEN EXISTS (
            SELECT FROM pg_partitioned_table JOIN pg_attribute ON attrelid = partrelid AND attnum = partattrs[0]
            WHERE partrelid = name AND partstrat = 'r' AND partnatts = 1 AND attname = 'created_at')
        THEN name END) p ON p.partition = c.oid AND NOT p.is_default
    ORDER BY p.begins NULLS LAST
$$;

-- Deletes rows of one leaf, at most a batch, without those that somebody has
-- locked.  Through the parent, so that its privileges are what counts; the
-- condition on created_at keeps it to the partitions that are old.
CREATE FUNCTION outbox.delete_batch(name regclass, leaf regclass, cutoff timestamptz, batch integer)
RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    deleted bigint;
BEGIN
    EXECUTE format('DELETE FROM %1$s WHERE tableoid = $1 AND created_at < $2 AND ctid = ANY(ARRAY('
                   'SELECT ctid FROM %1$s WHERE tableoid = $1 AND created_at < $2'
                   ' LIMIT $3 FOR UPDATE SKIP LOCKED))', name)
    USING leaf::oid, cutoff, batch;
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN deleted;
END $$;

-- Drops a partition that is old as a whole, or empties it while the table is in
-- use; returns how many rows it had, or NULL if it is gone, not the caller's, or
-- not free now.
-- For the parent it waits 0.1 s at most, since new writers wait behind it.
CREATE FUNCTION outbox.drop_partition(name regclass, leaf regclass) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '100ms' AS $$
DECLARE
    rows bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_class WHERE oid = leaf AND pg_has_role(relowner, 'USAGE')) THEN
        RETURN NULL;
    END IF;
    BEGIN
        EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE NOWAIT', leaf);
    EXCEPTION WHEN lock_not_available THEN
        RETURN NULL;
    END;
    EXECUTE format('SELECT count(*) FROM %s', leaf) INTO rows;
    BEGIN
        EXECUTE format('DROP TABLE %s', leaf);
    EXCEPTION WHEN lock_not_available OR dependent_objects_still_exist THEN
        EXECUTE format('TRUNCATE %s', leaf);
    END;
    RETURN rows;
END $$;

-- Does one step of a leaf: all of it, or a batch; returns how many rows that
-- were.  Fewer than a batch: there is no more to do.
CREATE FUNCTION outbox.cleanup_step(name regclass, leaf regclass, whole boolean, cutoff timestamptz,
    batch integer) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    rows bigint;
BEGIN
    IF whole THEN
        rows := outbox.drop_partition(name, leaf);
    END IF;
    RETURN coalesce(rows, outbox.delete_batch(name, leaf, cutoff, batch));
END $$;

CREATE FUNCTION outbox.cleanup(name regclass, older_than interval DEFAULT '7 days',
    batch integer DEFAULT 10000) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    before timestamptz := outbox.cutoff(name, older_than, batch);
    one record;
    rows bigint;
    total bigint := 0;
BEGIN
    FOR one IN SELECT leaf, whole FROM outbox.leaves(name, before) LOOP
        LOOP
            rows := outbox.cleanup_step(name, one.leaf, one.whole, before, batch);
            total := total + rows;
            EXIT WHEN rows < batch;
        END LOOP;
    END LOOP;
    RETURN total;
END $$;
COMMENT ON FUNCTION outbox.cleanup IS
    'delete old rows, drop old partitions, in this transaction; return how many rows that were';

-- A procedure that commits may have no settings of its own, so its names are
-- qualified.
CREATE PROCEDURE outbox.cleanup_all(name regclass, older_than interval DEFAULT '7 days',
    batch integer DEFAULT 10000, INOUT deleted bigint DEFAULT 0)
LANGUAGE plpgsql AS $$
DECLARE
    before timestamptz := outbox.cutoff(name, older_than, batch);
    leaves regclass[];
    are_whole boolean[];
    rows bigint;
BEGIN
    deleted := 0;
    SELECT pg_catalog.array_agg(leaf), pg_catalog.array_agg(whole) INTO leaves, are_whole
    FROM outbox.leaves(name, before);
    FOR i IN 1 .. coalesce(pg_catalog.cardinality(leaves), 0) LOOP
        LOOP
            rows := outbox.cleanup_step(name, leaves[i], are_whole[i], before, batch);
            COMMIT;
            deleted := deleted + rows;
            EXIT WHEN rows < batch;
        END LOOP;
    END LOOP;
END $$;
COMMENT ON PROCEDURE outbox.cleanup_all IS
    'the same, each batch and each partition in a transaction of its own';
