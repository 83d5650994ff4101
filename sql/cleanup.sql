
-- cleanup: deletes rows that are old enough.  Whether they are published does not matter: the
-- relay reads the WAL, not the table.

-- Checks the arguments of a cleanup.  Returns the condition that rows are old, and the time before
-- which they are.
CREATE OR REPLACE FUNCTION outbox._cutoff(name regclass, older_than interval, batch integer,
    time_column text, OUT condition text, OUT before timestamp)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    key record;
BEGIN
    PERFORM outbox._require_table(name);
    key := outbox._time_column(name, time_column);
    IF older_than IS NULL OR older_than < interval '0' THEN
        RAISE EXCEPTION 'older_than is %: it must not be negative',
                coalesce(older_than::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF batch IS NULL OR batch < 1 THEN
        RAISE EXCEPTION 'batch is %: it must be at least 1', coalesce(batch::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF key.column_type = 'bigint'::regtype THEN
        PERFORM outbox._require_milliseconds(name, key.column_name);
    END IF;
    before := outbox._present(key.column_type) - older_than;
    condition := format('%I < %s', key.column_name, outbox._write_time(before, key.column_type));
END $$;

-- Returns the tables that have the rows: the table itself and what inherits from it, however deep,
-- or the leaves of a partitioned one.  Those that end before the cutoff are old as a whole, if it
-- is partitioned by the time column; but the last one stays, which shows how wide they are.
CREATE OR REPLACE FUNCTION outbox._leaves(name regclass, time_column text, before timestamp,
    OUT leaf regclass, OUT whole boolean)
RETURNS SETOF record
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH RECURSIVE family AS (
        SELECT name::oid AS oid
        WHERE NOT EXISTS (SELECT FROM pg_partitioned_table WHERE partrelid = name)
        UNION
        SELECT inhrelid FROM family JOIN pg_inherits ON inhparent = family.oid
    )
    SELECT c.oid::regclass, coalesce(p.ends <= before AND c.relkind = 'r' AND p.begins
            < max(p.begins) FILTER (WHERE isfinite(p.begins) AND isfinite(p.ends)) OVER (), false)
    FROM (SELECT oid FROM family
          UNION ALL
          SELECT relid FROM pg_partition_tree(name) WHERE isleaf AND relid <> name) t
    JOIN pg_class c ON c.oid = t.oid
    LEFT JOIN outbox._partitions(CASE WHEN (outbox._partition_key(name)).column_name
                                           = (outbox._time_column(name, time_column)).column_name
                                      THEN name END) p
        ON p.partition = c.oid AND NOT p.is_default
    ORDER BY p.begins NULLS LAST, c.oid
$$;

-- Deletes rows of one leaf, at most a batch, without those that another session has locked, and
-- returns how many they were.  Through the parent, so that its privileges are what counts; the
-- condition on the time keeps it to the partitions that are old.
CREATE OR REPLACE FUNCTION outbox._delete_batch(name regclass, leaf regclass, condition text,
    batch integer) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    deleted bigint;
BEGIN
    EXECUTE format('DELETE FROM %1$s WHERE tableoid = $1 AND %2$s AND ctid = ANY(ARRAY('
                   'SELECT ctid FROM %1$s WHERE tableoid = $1 AND %2$s'
                   ' LIMIT $2 FOR UPDATE SKIP LOCKED))', name, condition)
    USING leaf::oid, batch;
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN deleted;
END $$;

-- Drops a partition that is old as a whole, or empties it while the table is in use.  Returns how
-- many rows it had, or NULL if it is gone, not the caller's, or locked.  It waits for the parent
-- 0.1 s at most, since new writers wait behind it.
CREATE OR REPLACE FUNCTION outbox._drop_partition(name regclass, leaf regclass) RETURNS bigint
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

-- Does one step of a leaf, the whole of it or a batch, and returns how many rows that were.  Fewer
-- than a batch: nothing is left to do.
CREATE OR REPLACE FUNCTION outbox._cleanup_step(name regclass, leaf regclass, whole boolean,
    condition text, batch integer) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    rows bigint;
BEGIN
    IF whole THEN
        rows := outbox._drop_partition(name, leaf);
    END IF;
    RETURN coalesce(rows, outbox._delete_batch(name, leaf, condition, batch));
END $$;

CREATE OR REPLACE FUNCTION outbox.cleanup(name regclass, older_than interval DEFAULT '7 days',
    batch integer DEFAULT 10000, time_column text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    old record := outbox._cutoff(name, older_than, batch, time_column);
    one record;
    rows bigint;
    total bigint := 0;
BEGIN
    FOR one IN SELECT leaf, whole FROM outbox._leaves(name, time_column, old.before) LOOP
        LOOP
            rows := outbox._cleanup_step(name, one.leaf, one.whole, old.condition, batch);
            total := total + rows;
            EXIT WHEN rows < batch;
        END LOOP;
    END LOOP;
    RETURN total;
END $$;
COMMENT ON FUNCTION outbox.cleanup IS
    'delete old rows and drop old partitions in this transaction; return the number of rows';

-- Checks the arguments of a cleanup as _cutoff() does.  Returns the condition that rows are old,
-- and the tables to go through.
CREATE OR REPLACE FUNCTION outbox._cleanup_plan(name regclass, older_than interval, batch integer,
    time_column text, OUT condition text, OUT leaves regclass[], OUT are_whole boolean[])
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    old record := outbox._cutoff(name, older_than, batch, time_column);
BEGIN
    condition := old.condition;
    SELECT array_agg(leaf), array_agg(whole) INTO leaves, are_whole
    FROM outbox._leaves(name, time_column, old.before);
END $$;

-- Goes through the tables of a plan with a transaction for each batch.  A failure ends it, or with
-- "tolerant" is returned, if it is the first one, while the other tables have their turn.
-- A procedure that commits may have no settings of its own (functioncmds.c, ExecuteCallStmt), so
-- all names in it are qualified.
CREATE OR REPLACE PROCEDURE outbox._cleanup_leaves(name regclass, condition text,
    leaves regclass[], are_whole boolean[], batch integer, tolerant boolean,
    INOUT deleted bigint, INOUT failure text)
LANGUAGE plpgsql AS $$
DECLARE
    rows bigint;
BEGIN
    FOR i IN 1 .. coalesce(pg_catalog.cardinality(leaves), 0) LOOP
        LOOP
            BEGIN
                rows := outbox._cleanup_step(name, leaves[i], are_whole[i], condition, batch);
            EXCEPTION WHEN OTHERS THEN
                IF NOT tolerant THEN
                    RAISE;
                END IF;
                rows := 0;
                failure := coalesce(failure, SQLERRM);
            END;
            COMMIT;
            deleted := deleted OPERATOR(pg_catalog.+) rows;
            EXIT WHEN rows OPERATOR(pg_catalog.<) batch;
        END LOOP;
    END LOOP;
END $$;

-- All names are qualified, see _cleanup_leaves.
CREATE OR REPLACE PROCEDURE outbox.cleanup_all(name regclass,
    older_than interval DEFAULT '7 days', batch integer DEFAULT 10000,
    INOUT deleted bigint DEFAULT 0, time_column text DEFAULT NULL)
LANGUAGE plpgsql AS $$
DECLARE
    plan pg_catalog.record := outbox._cleanup_plan(name, older_than, batch, time_column);
    failure pg_catalog.text;
BEGIN
    deleted := 0;
    CALL outbox._cleanup_leaves(name, plan.condition, plan.leaves, plan.are_whole, batch, false,
                                deleted, failure);
END $$;
COMMENT ON PROCEDURE outbox.cleanup_all IS
    'the same with a transaction for each batch and each partition';
