
-- partition: range partitions on created_at, and a default one.
--
-- Partitions are as wide as the last one that there is: nothing else keeps the
-- width.  It is whole months, or less than 28 days, so bounds tell which.

-- An error if a width cannot be that of partitions.
CREATE FUNCTION outbox.check_width(width interval) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    months integer := extract(year FROM width) * 12 + extract(month FROM width);
    rest interval := width - make_interval(months => months);
BEGIN
    IF months > 0 AND rest = interval '0'
       OR months = 0 AND rest >= interval '1 hour' AND rest < interval '28 days' THEN
        RETURN;
    END IF;
    RAISE EXCEPTION 'partitions cannot be % wide', width
        USING ERRCODE = 'invalid_parameter_value',
              HINT = 'Give whole months, or from an hour to less than 28 days: ''1 day'', ''1 month''.';
END $$;

-- Where the partition begins that a time belongs to.  Weeks begin on Monday.
CREATE FUNCTION outbox.partition_begin(at timestamp, width interval) RETURNS timestamp
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN months > 0
        THEN timestamp '2000-01-01' + make_interval(months => months
             * floor((extract(year FROM at) * 12 + extract(month FROM at) - 1 - 24000) / months)::integer)
        ELSE timestamp '2000-01-03' + width
             * floor(extract(epoch FROM at - timestamp '2000-01-03') / extract(epoch FROM width))
        END
    FROM (SELECT (extract(year FROM width) * 12 + extract(month FROM width))::integer) AS m (months)
$$;

-- The range partitions of a table, and which is the default one (no bounds).
CREATE FUNCTION outbox.partitions(name regclass,
    OUT partition regclass, OUT begins timestamp, OUT ends timestamp, OUT is_default boolean)
RETURNS SETOF record
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET datestyle = ISO AS $$
    SELECT oid,
        coalesce(substring(bound FROM $re$FROM \('([^']+)'\)$re$)::timestamp,
                 CASE WHEN bound <> 'DEFAULT' THEN timestamp '-infinity' END),
        coalesce(substring(bound FROM $re$TO \('([^']+)'\)$re$)::timestamp,
                 CASE WHEN bound <> 'DEFAULT' THEN timestamp 'infinity' END),
        bound = 'DEFAULT'
    FROM pg_inherits
    JOIN pg_class ON oid = inhrelid,
    LATERAL pg_get_expr(relpartbound, oid) AS bound
    WHERE inhparent = name
$$;

-- An error unless a table is partitioned as create_table() does it.
CREATE FUNCTION outbox.require_partitioned(name regclass) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM outbox.require_table(name);
    IF EXISTS (SELECT FROM pg_partitioned_table
               JOIN pg_attribute ON attrelid = partrelid AND attnum = partattrs[0]
               WHERE partrelid = name AND partstrat = 'r' AND partnatts = 1
                   AND attname = 'created_at' AND atttypid = 'timestamp'::regtype) THEN
        RETURN;
    END IF;
    RAISE EXCEPTION 'table % is not partitioned by range of created_at, a timestamp', name
        USING ERRCODE = 'wrong_object_type',
              HINT = 'outbox.create_table() with partition_by makes such a table.';
END $$;

-- What a partition is called: at most 63 bytes, and unlike those of others.
CREATE FUNCTION outbox.partition_name(base text, begins timestamp, width interval) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN octet_length(base) <= 63 - 15 THEN base
                ELSE left(base, 8) || '_' || left(md5(base), 8) END
        || to_char(begins, CASE WHEN width < interval '1 day' OR extract(epoch FROM width)::numeric % 86400 <> 0
                                THEN '"_p"YYYYMMDD"t"HH24MI' ELSE '"_p"YYYYMMDD' END)
$$;

-- Makes one partition, and moves what of it is in the default one.  Rows are
-- moved before the partition is one, so the decoder does not take them for new.
--
-- By ATTACH, which lets others go on with the table (SHARE UPDATE EXCLUSIVE);
-- CREATE TABLE ... PARTITION OF does not.  But a writer who is on the way into
-- the default partition with a row for the new one would get an error (execMain.c,
-- ExecPartitionCheck), so where there may be one, the table is taken as a whole.
CREATE FUNCTION outbox.add_partition(name regclass, begins timestamp, width interval) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET datestyle = ISO AS $$
DECLARE
    parent pg_class;
    schema text;
    partition text;
    spare regclass := (SELECT p.partition FROM outbox.partitions(name) p WHERE is_default);
    in_use boolean := begins <= localtimestamp;
BEGIN
    IF spare IS NOT NULL AND NOT in_use THEN
        EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE created_at >= $1 AND created_at < $2)', spare)
        INTO in_use USING begins, begins + width;
    END IF;
    IF in_use THEN
        EXECUTE format('LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE', name);
    END IF;
    SELECT c.* INTO parent FROM pg_class c WHERE c.oid = name;
    schema := (SELECT nspname FROM pg_namespace WHERE oid = parent.relnamespace);
    partition := outbox.partition_name(parent.relname, begins, width);
    EXECUTE format('CREATE TABLE %I.%I (LIKE %s INCLUDING ALL)', schema, partition, name);
    EXECUTE format('ALTER TABLE %I.%I OWNER TO %I', schema, partition, pg_get_userbyid(parent.relowner));
    IF spare IS NOT NULL THEN
        EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', spare);
        EXECUTE format('WITH moved AS (DELETE FROM %s WHERE created_at >= %L AND created_at < %L RETURNING *)'
                       ' INSERT INTO %I.%I SELECT * FROM moved',
                       spare, begins, begins + width, schema, partition);
    END IF;
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %I.%I FOR VALUES FROM (%L) TO (%L)',
                   name, schema, partition, begins, begins + width);
END $$;

-- Makes the partitions of a width that are missing: of the present, of so many
-- behind it, and of what the default partition had to take.
CREATE FUNCTION outbox.add_partitions(name regclass, width interval, ahead integer) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    present timestamp := outbox.partition_begin(localtimestamp, width);
    wanted timestamp[] := ARRAY(SELECT outbox.partition_begin(present + width * n, width)
                                FROM generate_series(0, ahead) n);
    spare regclass := (SELECT partition FROM outbox.partitions(name) WHERE is_default);
    stray timestamp[];
    one timestamp;
    made integer := 0;
BEGIN
    IF spare IS NOT NULL THEN
        -- Not without end, should somebody have filled it with nonsense.
        EXECUTE format('SELECT array(SELECT DISTINCT outbox.partition_begin(created_at, $1) FROM %s'
                       ' WHERE isfinite(created_at) LIMIT 100)', spare)
        INTO stray USING width;
        wanted := wanted || stray;
    END IF;
    FOR one IN
        SELECT DISTINCT w FROM unnest(wanted) w
        WHERE NOT EXISTS (SELECT FROM outbox.partitions(name) p
                          WHERE p.begins < w + width AND w < p.ends)
        ORDER BY w
    LOOP
        PERFORM outbox.add_partition(name, one, width);
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;

CREATE FUNCTION outbox.ensure_partitions(name regclass, ahead integer DEFAULT 7) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s' AS $$
DECLARE
    width interval;
BEGIN
    PERFORM outbox.require_partitioned(name);
    IF ahead IS NULL OR ahead NOT BETWEEN 0 AND 1000 THEN
        RAISE EXCEPTION 'ahead is %: it has to be from 0 to 1000 partitions', coalesce(ahead::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- One at a time; it lets writers and readers go on.
    EXECUTE format('LOCK TABLE ONLY %s IN SHARE UPDATE EXCLUSIVE MODE', name);
    SELECT CASE WHEN date_trunc('month', begins) = begins AND date_trunc('month', ends) = ends
                THEN age(ends, begins) ELSE ends - begins END
    INTO width
    FROM outbox.partitions(name) WHERE isfinite(begins) AND isfinite(ends)
    ORDER BY begins DESC LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'table % has no partition that says how wide they are', name
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Make one with ALTER TABLE ... ATTACH PARTITION, or call outbox.create_table()'
                         ' with its partition_by again.';
    END IF;
    PERFORM outbox.check_width(width);
    RETURN outbox.add_partitions(name, width, ahead);
EXCEPTION WHEN lock_not_available THEN
    RAISE EXCEPTION 'partitions of % cannot be made now: somebody has locked it for longer than 1 s', name
        USING ERRCODE = 'lock_not_available', HINT = 'Call it again; pg_locks shows who has the lock.';
END $$;
COMMENT ON FUNCTION outbox.ensure_partitions IS
    'make the partitions that are missing, and return how many that were';
