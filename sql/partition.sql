
-- partition: range partitions by time, and a default one.
--
-- New partitions are as wide as the last one, and follow it without a gap; the width is kept
-- nowhere else.  It is whole months, or less than 28 days, so that bounds tell which.

-- Raises an error if a width cannot be that of partitions.
CREATE OR REPLACE FUNCTION outbox._check_width(width interval) RETURNS void
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
              HINT = 'Give whole months, or from an hour to less than 28 days: ''1 day'','
                     ' ''1 month''.';
END $$;

-- Returns where the partition begins that a time belongs to, if one begins at the anchor.  By
-- default weeks begin on Monday.
CREATE OR REPLACE FUNCTION outbox._partition_begin(at timestamp, width interval,
    anchor timestamp DEFAULT NULL) RETURNS timestamp
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN months > 0
        THEN month_anchor + make_interval(months => months
             * floor(((extract(year FROM at) - extract(year FROM month_anchor)) * 12
                      + extract(month FROM at) - extract(month FROM month_anchor))
                     / months)::integer)
        ELSE day_anchor + width
             * floor(extract(epoch FROM at - day_anchor) / extract(epoch FROM width))
        END
    FROM (SELECT (extract(year FROM width) * 12 + extract(month FROM width))::integer,
                 coalesce(anchor, timestamp '2000-01-01'), coalesce(anchor, timestamp '2000-01-03'))
        AS v (months, month_anchor, day_anchor)
$$;

-- Returns the column that a table is partitioned by, if it is by range of a single time column;
-- else NULLs.
CREATE OR REPLACE FUNCTION outbox._partition_key(name regclass,
    OUT column_name name, OUT column_type regtype)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT attname, outbox._base_type(atttypid)
    FROM pg_partitioned_table
    JOIN pg_attribute ON attrelid = partrelid AND attnum = partattrs[0]
    WHERE partrelid = $1 AND partstrat = 'r' AND partnatts = 1
        AND outbox._is_time(outbox._base_type(atttypid))
$$;

-- Returns the partitions of a table that has such a key, and which is the default one: that has no
-- bounds.
CREATE OR REPLACE FUNCTION outbox._partitions(name regclass,
    OUT partition regclass, OUT begins timestamp, OUT ends timestamp, OUT is_default boolean)
RETURNS SETOF record
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET datestyle = ISO AS $$
    SELECT oid,
        coalesce(outbox._read_time(substring(bound FROM $re$FROM \('([^']+)'\)$re$), column_type),
                 CASE WHEN bound <> 'DEFAULT' THEN timestamp '-infinity' END),
        coalesce(outbox._read_time(substring(bound FROM $re$TO \('([^']+)'\)$re$), column_type),
                 CASE WHEN bound <> 'DEFAULT' THEN timestamp 'infinity' END),
        bound = 'DEFAULT'
    FROM outbox._partition_key(name) AS key
    JOIN pg_inherits ON inhparent = name
    JOIN pg_class ON oid = inhrelid,
    LATERAL pg_get_expr(relpartbound, oid) AS bound
    WHERE key.column_name IS NOT NULL
$$;

-- Raises an error unless a table is partitioned by time and, if a column is given, by that one.
CREATE OR REPLACE FUNCTION outbox._require_partitioned(name regclass, time_column text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    key name := (SELECT column_name FROM outbox._partition_key($1));
BEGIN
    PERFORM outbox._require_table(name);
    IF key IS NULL THEN
        RAISE EXCEPTION 'table % is not partitioned by range of one time column', name
            USING ERRCODE = 'wrong_object_type',
                  HINT = 'The column has to be timestamptz, timestamp, date or bigint;'
                         ' outbox.create_table() with partition_by makes such a table.';
    END IF;
    IF time_column IS NOT NULL
       AND key <> (SELECT column_name FROM outbox._time_column(name, time_column)) THEN
        RAISE EXCEPTION 'table % is partitioned by column "%", not by "%"', name, key, time_column
            USING ERRCODE = 'wrong_object_type';
    END IF;
END $$;

-- Returns a partition's name: at most 63 bytes, and unlike those of other tables.
CREATE OR REPLACE FUNCTION outbox._partition_name(base text, begins timestamp, width interval)
RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN octet_length(base) <= 63 - 15 THEN base
                ELSE left(base, 8) || '_' || left(md5(base), 8) END
        || to_char(begins, CASE
            WHEN width < interval '1 day' OR extract(epoch FROM width)::numeric % 86400 <> 0
                OR begins <> date_trunc('day', begins)
            THEN '"_p"YYYYMMDD"t"HH24MI' ELSE '"_p"YYYYMMDD' END)
$$;

-- Creates one partition, and moves the rows that belong to it out of the default one.  They are
-- moved before the table is attached, so the decoder does not take them for new rows.  Identity is
-- the parent's (tablecmds.c, ATExecAttachPartition, refuses a partition with its own).
--
-- ATTACH lets others go on with the table (SHARE UPDATE EXCLUSIVE), CREATE TABLE ... PARTITION OF
-- does not.  But a writer that is about to write a row of the new partition into the default one
-- would get an error (execMain.c, ExecPartitionCheck), so where there may be one, the whole table
-- is locked.
CREATE OR REPLACE FUNCTION outbox._add_partition(name regclass, begins timestamp, width interval)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    key record := outbox._partition_key(name);
    lower text := outbox._write_time(begins, key.column_type);
    upper text := outbox._write_time(begins + width, key.column_type);
    range text := format('%1$I >= %2$s AND %1$I < %3$s', key.column_name, lower, upper);
    spare regclass := (SELECT p.partition FROM outbox._partitions(name) p WHERE is_default);
    in_use boolean := begins <= outbox._present(key.column_type);
    parent pg_class;
    qualified text;
BEGIN
    IF spare IS NOT NULL AND NOT in_use THEN
        EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE %s)', spare, range) INTO in_use;
    END IF;
    IF in_use THEN
        EXECUTE format('LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE', name);
    END IF;
    SELECT c.* INTO parent FROM pg_class c WHERE c.oid = name;
    qualified := format('%I.%I', (SELECT nspname FROM pg_namespace WHERE oid = parent.relnamespace),
                        outbox._partition_name(parent.relname, begins, width));
    EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING ALL EXCLUDING IDENTITY)', qualified,
                   name);
    EXECUTE format('ALTER TABLE %s OWNER TO %I', qualified, pg_get_userbyid(parent.relowner));
    IF spare IS NOT NULL THEN
        EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', spare);
        PERFORM outbox._move_rows(spare, qualified, range);
    END IF;
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%s) TO (%s)',
                   name, qualified, lower, upper);
END $$;

-- Moves the rows of a condition from one partition to a table that is to be another one; generated
-- columns are generated again, identity values kept.
CREATE OR REPLACE FUNCTION outbox._move_rows(origin regclass, destination regclass, condition text)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    columns text := (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum)
                     FROM pg_attribute
                     WHERE attrelid = origin AND attnum > 0 AND NOT attisdropped
                         AND attgenerated = '');
BEGIN
    EXECUTE format('WITH moved AS (DELETE FROM %1$s WHERE %2$s RETURNING %3$s)'
                   ' INSERT INTO %4$s (%3$s) OVERRIDING SYSTEM VALUE SELECT %3$s FROM moved',
                   origin, condition, columns, destination);
END $$;

-- Returns where the partitions begin that the rows of the default one belong to; at most 100,
-- should somebody have filled it with nonsense.  Rows of a time that cannot be meant stay there.
CREATE OR REPLACE FUNCTION outbox._stray_begins(name regclass, width interval, anchor timestamp)
RETURNS SETOF timestamp
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    key record := outbox._partition_key(name);
    spare regclass := (SELECT partition FROM outbox._partitions(name) WHERE is_default);
    at text := format(CASE key.column_type
        WHEN 'bigint'::regtype THEN 'timestamp ''1970-01-01'' + %I * interval ''1 millisecond'''
        WHEN 'timestamptz'::regtype THEN '%I AT TIME ZONE ''UTC'''
        ELSE '%I::timestamp' END, key.column_name);
BEGIN
    IF spare IS NOT NULL THEN
        RETURN QUERY EXECUTE format('SELECT DISTINCT outbox._partition_begin(%s, $1, $2) FROM %s'
                                    ' WHERE %s LIMIT 100', at, spare,
                                    outbox._is_sensible(key.column_name, key.column_type))
        USING width, anchor;
    END IF;
END $$;

-- Creates the partitions of a width that are missing: the present one, so many after it, and those
-- that the default partition has rows of.
CREATE OR REPLACE FUNCTION outbox._add_partitions(name regclass, width interval, ahead integer,
    anchor timestamp DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    present timestamp := outbox._partition_begin(
        outbox._present((SELECT column_type FROM outbox._partition_key(name))), width, anchor);
    -- No further than 3165 years, so that wide ones do not overflow.
    farthest integer := least(ahead, floor(extract(epoch FROM interval '3165 years')
                                           / extract(epoch FROM width)));
    one timestamp;
    made integer := 0;
BEGIN
    FOR one IN
        SELECT DISTINCT w
        FROM (SELECT outbox._partition_begin(present + width * n, width, anchor)
              FROM generate_series(0, farthest) n
              UNION ALL
              SELECT outbox._stray_begins(name, width, anchor)) AS wanted (w)
        WHERE NOT EXISTS (SELECT FROM outbox._partitions(name) p
                          WHERE p.begins < w + width AND w < p.ends)
        ORDER BY w
    LOOP
        PERFORM outbox._add_partition(name, one, width);
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;

CREATE OR REPLACE FUNCTION outbox.ensure_partitions(name regclass, ahead integer DEFAULT 7,
    time_column text DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s' AS $$
DECLARE
    last record;
BEGIN
    PERFORM outbox._require_partitioned(name, time_column);
    IF ahead IS NULL OR ahead NOT BETWEEN 0 AND 1000 THEN
        RAISE EXCEPTION 'ahead is %: it must be from 0 to 1000 partitions',
                coalesce(ahead::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- One call at a time; writers and readers go on.
    EXECUTE format('LOCK TABLE ONLY %s IN SHARE UPDATE EXCLUSIVE MODE', name);
    SELECT begins,
        CASE WHEN date_trunc('month', begins) = begins AND date_trunc('month', ends) = ends
             THEN age(ends, begins) ELSE ends - begins END AS width
    INTO last
    FROM outbox._partitions(name) WHERE isfinite(begins) AND isfinite(ends)
    ORDER BY begins DESC LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'table % has no partition that shows how wide they are', name
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Create one with ALTER TABLE ... ATTACH PARTITION, or call'
                         ' outbox.create_table() with its partition_by again.';
    END IF;
    PERFORM outbox._check_width(last.width);
    RETURN outbox._add_partitions(name, last.width, ahead, last.begins);
EXCEPTION WHEN lock_not_available THEN
    RAISE EXCEPTION 'partitions of % cannot be created now: another session has locked it for more'
            ' than 1 s', name
        USING ERRCODE = 'lock_not_available', HINT = 'Call it again; pg_locks shows who it is.';
END $$;
COMMENT ON FUNCTION outbox.ensure_partitions IS
    'create the partitions that are missing; return how many were created';
