
-- table: an outbox in the form that the decoder expects.

-- Returns the columns of an outbox.
CREATE OR REPLACE FUNCTION outbox._columns(headers boolean, OUT name text, OUT type text,
    OUT definition text) RETURNS SETOF record
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT * FROM (VALUES
        ('id', 'uuid', 'id uuid NOT NULL DEFAULT gen_random_uuid()'),
        ('aggregate_type', 'character varying(255)', 'aggregate_type varchar(255) NOT NULL'),
        ('aggregate_id', 'character varying(255)', 'aggregate_id varchar(255) NOT NULL'),
        ('event_type', 'character varying(255)', 'event_type varchar(255) NOT NULL'),
        ('payload', 'jsonb', 'payload jsonb NOT NULL'),
        ('headers', 'jsonb', 'headers jsonb'),
        ('created_at', 'timestamp without time zone',
            'created_at timestamp NOT NULL DEFAULT now()'))
        AS c (name, type, definition)
    WHERE headers OR c.name <> 'headers'
$$;

-- Returns how an existing table differs from that; NULL if it does not.
CREATE OR REPLACE FUNCTION outbox._difference(name regclass, headers boolean) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT string_agg(CASE
        WHEN attname IS NULL THEN format('lacks column "%s" of type %s', wanted.name, wanted.type)
        WHEN wanted.name IS NULL THEN format('has another column "%s"', attname)
        ELSE format('has column "%s" of type %s, not %s', attname, present, wanted.type) END,
        ', ' ORDER BY coalesce(wanted.name, attname))
    FROM outbox._columns(headers) wanted
    FULL JOIN (SELECT attname::text, format_type(atttypid, atttypmod) AS present
               FROM pg_attribute WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped) a
        ON attname = wanted.name
    WHERE present IS DISTINCT FROM wanted.type
$$;

-- Raises an error unless an existing relation is what create_table() would create.
CREATE OR REPLACE FUNCTION outbox._require_same(name regclass, partitioned boolean, headers boolean)
RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    difference text;
BEGIN
    PERFORM outbox._require_table(name);
    difference := outbox._difference(name, headers);
    IF difference IS NOT NULL THEN
        RAISE EXCEPTION 'table % already exists and %', name, difference
            USING ERRCODE = 'duplicate_table',
                  HINT = 'Change it with ALTER TABLE, take another name, or use it as it is:'
                         ' the relay''s options name its columns.';
    END IF;
    IF partitioned THEN
        PERFORM outbox._require_partitioned(name, 'created_at');
    ELSIF EXISTS (SELECT FROM pg_partitioned_table WHERE partrelid = name) THEN
        RAISE EXCEPTION 'table % already exists and is partitioned; give partition_by', name
            USING ERRCODE = 'duplicate_table';
    END IF;
END $$;

CREATE OR REPLACE FUNCTION outbox.create_table(name text DEFAULT 'public.outbox',
    partition_by interval DEFAULT NULL, headers boolean DEFAULT true) RETURNS regclass
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    parts text[] := outbox._parse_name(name);
    qualified text := format('%I.%I', parts[1], parts[2]);
    relation regclass := to_regclass(qualified);
    columns text;
    spare text;
BEGIN
    IF headers IS NULL THEN
        RAISE EXCEPTION 'headers is NULL: it must be true or false'
            USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF partition_by IS NOT NULL THEN
        PERFORM outbox._check_width(partition_by);
    END IF;
    IF relation IS NOT NULL THEN
        PERFORM outbox._require_same(relation, partition_by IS NOT NULL, headers);
    ELSE
        SELECT string_agg(definition, ', ') INTO columns FROM outbox._columns(headers);
        EXECUTE format('CREATE TABLE %s (%s, PRIMARY KEY (%s))%s', qualified, columns,
            CASE WHEN partition_by IS NULL THEN 'id' ELSE 'id, created_at' END,
            CASE WHEN partition_by IS NULL THEN '' ELSE ' PARTITION BY RANGE (created_at)' END);
        EXECUTE format('CREATE INDEX ON %s (created_at)', qualified);
        relation := qualified;
        IF partition_by IS NOT NULL THEN
            spare := CASE WHEN octet_length(parts[2]) <= 55 THEN parts[2]
                ELSE left(parts[2], 8) || '_' || left(md5(parts[2]), 8) END || '_default';
            EXECUTE format('CREATE TABLE %I.%I PARTITION OF %s DEFAULT', parts[1], spare,
                           qualified);
        END IF;
    END IF;
    IF partition_by IS NOT NULL THEN
        PERFORM outbox._add_partitions(relation, partition_by, 7);
    END IF;
    IF qualified <> 'public.outbox' THEN
        RAISE NOTICE 'the relay needs: tables = % in section [outbox]', qualified;
    END IF;
    IF headers THEN
        RAISE NOTICE 'the relay needs for its headers: headers = id,event_type:eventType,headers:*';
    END IF;
    RETURN relation;
END $$;
COMMENT ON FUNCTION outbox.create_table IS
    'create an outbox unless it exists, and return it';
