\echo Use "CREATE EXTENSION pg_outbox" to load this file. \quit

-- What is meant by a name is not for others to say.
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

-- Of the superuser that installs, also where the caller is none: so nobody else
-- can put anything into it.
CREATE SCHEMA outbox;

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

-- emit: events without a table, as transactional logical messages; the C
-- functions are in decoder/emit.c.

CREATE FUNCTION outbox.emit(aggregate_type text, aggregate_id text, event_type text,
    payload jsonb, headers jsonb DEFAULT NULL, id uuid DEFAULT pg_catalog.gen_random_uuid())
RETURNS uuid LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'pg_outbox_emit';
COMMENT ON FUNCTION outbox.emit IS 'publish an event, JSON, with this transaction';

CREATE FUNCTION outbox.emit_text(aggregate_type text, aggregate_id text, event_type text,
    payload text, headers jsonb DEFAULT NULL, id uuid DEFAULT pg_catalog.gen_random_uuid())
RETURNS uuid LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'pg_outbox_emit_text';
COMMENT ON FUNCTION outbox.emit_text IS 'publish an event, text, with this transaction';

CREATE FUNCTION outbox.emit_bytes(aggregate_type text, aggregate_id text, event_type text,
    payload bytea, headers jsonb DEFAULT NULL, id uuid DEFAULT pg_catalog.gen_random_uuid())
RETURNS uuid LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'pg_outbox_emit_bytes';
COMMENT ON FUNCTION outbox.emit_bytes IS 'publish an event, bytes, with this transaction';

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

-- table: an outbox in the form that the decoder expects.

-- The columns of an outbox.
CREATE FUNCTION outbox.columns(headers boolean, OUT name text, OUT type text, OUT definition text)
RETURNS SETOF record
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT * FROM (VALUES
        ('id', 'uuid', 'id uuid NOT NULL DEFAULT gen_random_uuid()'),
        ('aggregate_type', 'character varying(255)', 'aggregate_type varchar(255) NOT NULL'),
        ('aggregate_id', 'character varying(255)', 'aggregate_id varchar(255) NOT NULL'),
        ('event_type', 'character varying(255)', 'event_type varchar(255) NOT NULL'),
        ('payload', 'jsonb', 'payload jsonb NOT NULL'),
        ('headers', 'jsonb', 'headers jsonb'),
        ('created_at', 'timestamp without time zone', 'created_at timestamp NOT NULL DEFAULT now()'))
        AS c (name, type, definition)
    WHERE headers OR c.name <> 'headers'
$$;

-- What is different in a table that is there; NULL if nothing is.
CREATE FUNCTION outbox.difference(name regclass, headers boolean) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT string_agg(CASE
        WHEN attname IS NULL THEN format('lacks column "%s" of type %s', wanted.name, wanted.type)
        WHEN wanted.name IS NULL THEN format('has another column "%s"', attname)
        ELSE format('has column "%s" of type %s, not %s', attname, present, wanted.type) END,
        ', ' ORDER BY coalesce(wanted.name, attname))
    FROM outbox.columns(headers) wanted
    FULL JOIN (SELECT attname::text, format_type(atttypid, atttypmod) AS present FROM pg_attribute
               WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped) a ON attname = wanted.name
    WHERE present IS DISTINCT FROM wanted.type
$$;

-- An error unless a relation that is there is what create_table() would make.
CREATE FUNCTION outbox.require_same(name regclass, partitioned boolean, headers boolean) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    difference text;
BEGIN
    PERFORM outbox.require_table(name);
    difference := outbox.difference(name, headers);
    IF difference IS NOT NULL THEN
        RAISE EXCEPTION 'table % is there and %', name, difference
            USING ERRCODE = 'duplicate_table',
                  HINT = 'Mend it with ALTER TABLE, take another name, or use it as it is:'
                         ' the relay''s options name its columns.';
    END IF;
    IF partitioned THEN
        PERFORM outbox.require_partitioned(name);
    ELSIF EXISTS (SELECT FROM pg_partitioned_table WHERE partrelid = name) THEN
        RAISE EXCEPTION 'table % is there and partitioned; give partition_by', name
            USING ERRCODE = 'duplicate_table';
    END IF;
END $$;

CREATE FUNCTION outbox.create_table(name text DEFAULT 'public.outbox',
    partition_by interval DEFAULT NULL, headers boolean DEFAULT true) RETURNS regclass
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    parts text[] := outbox.parse_name(name);
    qualified text := format('%I.%I', parts[1], parts[2]);
    relation regclass := to_regclass(qualified);
    columns text;
BEGIN
    IF headers IS NULL THEN
        RAISE EXCEPTION 'headers is NULL: it has to be true or false'
            USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF partition_by IS NOT NULL THEN
        PERFORM outbox.check_width(partition_by);
    END IF;
    IF relation IS NOT NULL THEN
        PERFORM outbox.require_same(relation, partition_by IS NOT NULL, headers);
    ELSE
        SELECT string_agg(definition, ', ') INTO columns FROM outbox.columns(headers);
        EXECUTE format('CREATE TABLE %s (%s, PRIMARY KEY (%s))%s', qualified, columns,
            CASE WHEN partition_by IS NULL THEN 'id' ELSE 'id, created_at' END,
            CASE WHEN partition_by IS NULL THEN '' ELSE ' PARTITION BY RANGE (created_at)' END);
        EXECUTE format('CREATE INDEX ON %s (created_at)', qualified);
        relation := qualified;
        IF partition_by IS NOT NULL THEN
            EXECUTE format('CREATE TABLE %I.%I PARTITION OF %s DEFAULT', parts[1],
                CASE WHEN octet_length(parts[2]) <= 55 THEN parts[2]
                     ELSE left(parts[2], 8) || '_' || left(md5(parts[2]), 8) END || '_default', qualified);
        END IF;
    END IF;
    IF partition_by IS NOT NULL THEN
        PERFORM outbox.add_partitions(relation, partition_by, 7);
    END IF;
    IF qualified <> 'public.outbox' THEN
        RAISE NOTICE 'the relay needs to know it: tables = % in section [outbox]', qualified;
    END IF;
    IF headers THEN
        RAISE NOTICE 'for its headers the relay needs: headers = id,event_type:eventType,headers:*';
    END IF;
    RETURN relation;
END $$;
COMMENT ON FUNCTION outbox.create_table IS
    'create an outbox unless it is there, and return it';

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

-- status: the slots of the decoder.  What a version of PostgreSQL does not have
-- is NULL; so is what only members of pg_monitor may see.

CREATE VIEW outbox.status AS
WITH wal AS (
    SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
                ELSE pg_catalog.pg_current_wal_lsn() END AS ends
)
SELECT s.slot_name AS slot,
    s.database,
    s.active,
    s.active_pid AS pid,
    r.application_name AS client,
    r.client_addr AS client_address,
    s.confirmed_flush_lsn AS confirmed_lsn,
    (wal.ends - s.confirmed_flush_lsn)::bigint AS lag_bytes,
    extract(epoch FROM r.flush_lag)::double precision AS lag_seconds,
    (wal.ends - s.restart_lsn)::bigint AS retained_wal_bytes,
    s.wal_status,
    s.safe_wal_size AS safe_wal_bytes,
    extract(epoch FROM pg_catalog.clock_timestamp() - r.reply_time)::double precision AS reply_seconds,
    extract(epoch FROM pg_catalog.clock_timestamp() - (j.row ->> 'inactive_since')::timestamptz)::double precision
        AS inactive_seconds,
    (j.row ->> 'failover')::boolean AS failover,
    (j.row ->> 'synced')::boolean AS synced
FROM pg_catalog.pg_replication_slots s
CROSS JOIN wal
CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(s)) AS j (row)
LEFT JOIN pg_catalog.pg_stat_replication r ON r.pid = s.active_pid
WHERE s.plugin = 'pg_outbox';
COMMENT ON VIEW outbox.status IS 'the slots of pg_outbox, who reads them, how far behind they are';

-- check: what the server's side of publishing needs.  The query in check.sql is
-- also in the relay, whose command "check" runs it where there is no extension.

CREATE FUNCTION outbox.check(slot text DEFAULT 'pg_outbox', tables text DEFAULT 'public.outbox',
    topic_columns text[] DEFAULT '{aggregate_type,aggregatetype}',
    key_columns text[] DEFAULT '{aggregate_id,aggregateid}',
    payload_columns text[] DEFAULT '{payload}')
RETURNS TABLE (item text, ok boolean, detail text, remedy text)
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $check$
-- $1 slot, $2 tables as a comma list, $3, $4, $5 the columns of which one has to
-- be there for topic, key and payload; none: nothing to look for.
WITH setting AS (
    SELECT s.name, s.setting FROM pg_catalog.pg_settings s
), slot AS (
    SELECT s.* FROM pg_catalog.pg_replication_slots s WHERE s.slot_name = $1
), asked AS (
    SELECT pg_catalog.btrim(t) AS name, pg_catalog.to_regclass(pg_catalog.btrim(t)) AS relation
    FROM pg_catalog.regexp_split_to_table($2, ',(?=([^"]*"[^"]*")*[^"]*$)') AS t
), needed AS (
    SELECT purpose, wanted, place
    FROM (VALUES ('topic', $3), ('key', $4), ('payload', $5)) AS v (purpose, names),
        pg_catalog.unnest(names) WITH ORDINALITY AS n (wanted, place)
)
SELECT 'wal_level'::text, setting = 'logical', 'wal_level is ' || setting,
    'ALTER SYSTEM SET wal_level = logical; then restart the server'
FROM setting WHERE name = 'wal_level'
UNION ALL
SELECT 'role', rolreplication OR rolsuper, 'role ' || rolname
        || CASE WHEN rolreplication OR rolsuper THEN ' has REPLICATION' ELSE ' lacks REPLICATION' END,
    pg_catalog.format('ALTER ROLE %I REPLICATION;', rolname)
FROM pg_catalog.pg_roles WHERE rolname = current_user
UNION ALL
SELECT 'max_replication_slots', used < setting::int, used || ' of max_replication_slots = ' || setting || ' are used',
    'ALTER SYSTEM SET max_replication_slots = ' || setting::int + 10 || '; then restart the server'
FROM setting, (SELECT pg_catalog.count(*) AS used FROM pg_catalog.pg_replication_slots
               WHERE slot_name <> $1) AS u
WHERE name = 'max_replication_slots'
UNION ALL
SELECT 'max_wal_senders', used < setting::int, used || ' of max_wal_senders = ' || setting || ' are used by others',
    'ALTER SYSTEM SET max_wal_senders = ' || setting::int + 10 || '; then restart the server'
FROM setting, (SELECT pg_catalog.count(*) AS used FROM pg_catalog.pg_stat_get_wal_senders() w
               WHERE w.pid NOT IN (SELECT active_pid FROM slot WHERE active_pid IS NOT NULL)
                   AND w.pid <> pg_catalog.pg_backend_pid()) AS u
WHERE name = 'max_wal_senders'
UNION ALL
SELECT 'max_slot_wal_keep_size', true,
    CASE WHEN setting = '-1' THEN 'max_slot_wal_keep_size is not set: a slot that nobody reads fills the disk'
         ELSE 'max_slot_wal_keep_size is ' || setting || ' MB: a slot that is further behind loses events' END,
    NULL
FROM setting WHERE name = 'max_slot_wal_keep_size'
UNION ALL
SELECT 'slot', EXISTS (SELECT FROM slot),
    'slot "' || $1 || '" ' || CASE WHEN EXISTS (SELECT FROM slot) THEN 'exists' ELSE 'does not exist' END,
    'pg_outbox create-slot --slot ' || $1
UNION ALL
SELECT 'plugin', plugin = 'pg_outbox' AND database = pg_catalog.current_database(),
    'slot "' || $1 || '" has plugin ' || coalesce(plugin, 'none') || ' in database ' || coalesce(database, 'none'),
    'use another name with --slot, or the database that it is for'
FROM slot
UNION ALL
SELECT 'wal_status', wal_status <> 'lost', 'slot "' || $1 || '" has its WAL: ' || wal_status,
    'its events are lost: pg_outbox drop-slot and create-slot, publish the rows of the outbox that are missing'
        || ' by other means, and raise max_slot_wal_keep_size'
FROM slot WHERE wal_status IS NOT NULL
UNION ALL
SELECT 'table', relation IS NOT NULL,
    'table ' || name || CASE WHEN relation IS NULL THEN ' does not exist' ELSE ' exists' END,
    'create it, or name yours in tables of section [outbox]'
FROM asked
UNION ALL
SELECT 'persistence', relkind IN ('r', 'p') AND relpersistence = 'p',
    'table ' || name || CASE WHEN relkind NOT IN ('r', 'p') THEN ' is no table'
                             WHEN relpersistence <> 'p' THEN ' is not in the WAL' ELSE ' is in the WAL' END,
    CASE WHEN relkind IN ('r', 'p') THEN 'ALTER TABLE ' || name || ' SET LOGGED;'
         ELSE 'name a table in tables of section [outbox]' END
FROM asked JOIN pg_catalog.pg_class c ON c.oid = relation
UNION ALL
SELECT 'column', pg_catalog.bool_or(attname IS NOT NULL),
    'table ' || name || CASE WHEN pg_catalog.bool_or(attname IS NOT NULL) THEN ' has ' ELSE ' lacks ' END
        || 'a column for the ' || purpose || ': ' || pg_catalog.string_agg(wanted, ' or ' ORDER BY place),
    'name the column in ' || purpose || ' of section [outbox]'
FROM asked CROSS JOIN needed
LEFT JOIN pg_catalog.pg_attribute ON attrelid = relation AND attnum > 0 AND NOT attisdropped AND attname = wanted
WHERE relation IS NOT NULL GROUP BY name, purpose
$check$;
COMMENT ON FUNCTION outbox.check IS 'what publishing needs of this server, and what repairs it';

-- grant: the least that a role needs.

-- An error if a role is none.
CREATE FUNCTION outbox.require_role(role regrole) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF role IS NULL OR NOT EXISTS (SELECT FROM pg_roles WHERE oid = role) THEN
        RAISE EXCEPTION 'there is no role %', coalesce(role::text, 'NULL')
            USING ERRCODE = 'undefined_object';
    END IF;
END $$;

CREATE FUNCTION outbox.grant_writer(role regrole, name regclass DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM outbox.require_role(role);
    EXECUTE format('GRANT USAGE ON SCHEMA outbox TO %s', role);
    EXECUTE format('GRANT EXECUTE ON FUNCTION outbox.emit, outbox.emit_text, outbox.emit_bytes TO %s', role);
    IF name IS NOT NULL THEN
        PERFORM outbox.require_table(name);
        EXECUTE format('GRANT INSERT ON %s TO %s', name, role);
    END IF;
END $$;
COMMENT ON FUNCTION outbox.grant_writer IS
    'let a role publish: emit(), and insert into the table if one is given';

CREATE FUNCTION outbox.grant_relay(role regrole) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM outbox.require_role(role);
    IF NOT (SELECT rolreplication FROM pg_roles WHERE oid = role) THEN
        EXECUTE format('ALTER ROLE %s REPLICATION', role);
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %s', current_database(), role);
    EXECUTE format('GRANT USAGE ON SCHEMA outbox TO %s', role);
    EXECUTE format('GRANT EXECUTE ON FUNCTION outbox.check TO %s', role);
    EXECUTE format('GRANT SELECT ON outbox.status TO %s', role);
END $$;
COMMENT ON FUNCTION outbox.grant_relay IS
    'let a role run the relay: no right on any table';

CREATE FUNCTION outbox.grant_cleanup(role regrole, name regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    one regprocedure;
BEGIN
    PERFORM outbox.require_role(role);
    PERFORM outbox.require_table(name);
    EXECUTE format('GRANT USAGE ON SCHEMA outbox TO %s', role);
    -- The functions run with the caller's rights, so those inside are needed too.
    FOR one IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'outbox'::regnamespace
               AND p.proname !~ '^(emit|grant|create|check$|columns|difference|parse_name|require_(same|role))' LOOP
        EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO %s', one, role);
    END LOOP;
    -- Rows are locked before they are deleted, which asks for UPDATE.
    EXECUTE format('GRANT SELECT (tableoid, ctid, created_at), UPDATE (created_at), DELETE ON %s TO %s', name, role);
END $$;
COMMENT ON FUNCTION outbox.grant_cleanup IS
    'let a role delete old rows of a table; only its owner may make and drop partitions';

-- Nothing is for everybody; who created the extension may use it and let others.
REVOKE ALL ON ALL ROUTINES IN SCHEMA outbox FROM PUBLIC;
GRANT USAGE ON SCHEMA outbox TO @extowner@ WITH GRANT OPTION;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA outbox TO @extowner@ WITH GRANT OPTION;
GRANT SELECT ON outbox.status TO @extowner@ WITH GRANT OPTION;

-- Those who watch.
GRANT USAGE ON SCHEMA outbox TO pg_monitor;
GRANT SELECT ON outbox.status TO pg_monitor;
GRANT EXECUTE ON FUNCTION outbox.check TO pg_monitor;
