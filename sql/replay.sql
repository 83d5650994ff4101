
-- replay: publishes rows that exist, again or for the first time.
--
-- Rows are taken in the order of their time, in batches that end between two times: so rows of the
-- same time, as those of one transaction often are, are in one batch, and are sorted there, and the
-- next batch follows a time and no row, whatever becomes of rows meanwhile.

-- Returns the columns of a table whose values the decoder sees.
CREATE OR REPLACE FUNCTION outbox._replay_columns(name regclass) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum)
    FROM pg_attribute
    WHERE attrelid = name AND attnum > 0 AND NOT attisdropped AND attgenerated <> 'v'
$$;

-- Returns how rows of the same time are sorted: by an id that counts, or else by the commands that
-- wrote them and by where they are.
CREATE OR REPLACE FUNCTION outbox._order_of_ties(name regclass, id name) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN outbox._base_type(atttypid) IN
                     ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype)
                THEN quote_ident(attname)
                ELSE 'xmin::text::bigint, cmin::text::bigint, tableoid, ctid' END
    FROM pg_attribute WHERE attrelid = name AND attname = id
$$;

-- Returns the condition that rows of a table are of a time and, if one is given, have a key.
CREATE OR REPLACE FUNCTION outbox._replay_condition(name regclass, since timestamptz,
    until timestamptz, key text, time_name name, key_name name) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    type regtype := (SELECT outbox._base_type(atttypid) FROM pg_attribute
                     WHERE attrelid = name AND attname = time_name);
    condition text := 'true';
BEGIN
    IF isfinite(since) THEN
        condition := format('%s AND %I >= %s', condition, time_name,
                            outbox._write_time(outbox._local_time(since, type), type));
    END IF;
    IF isfinite(until) THEN
        condition := format('%s AND %I < %s', condition, time_name,
                            outbox._write_time(outbox._local_time(until, type), type));
    END IF;
    IF key IS NOT NULL THEN
        condition := format('%s AND %I = %L', condition, key_name, key);
    END IF;
    RETURN condition;
END $$;

-- Returns the query of a batch: the rows of such a condition after a time, or from the first one on
-- if that is NULL, up to another one; those without a time if that is NULL.  It is built of names
-- and values alone, and _emit_rows() has it from here: a role that may call that, which is granted
-- with replay(), can publish rows of tables that it may read, and nothing else.  Of tables that
-- outlive the session: anybody may create others.
CREATE OR REPLACE FUNCTION outbox._replay_query(name regclass, since timestamptz,
    until timestamptz, key text, time_name name, key_name name, id_name name, after text,
    reached text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    condition text := outbox._replay_condition(name, since, until, key, time_name, key_name);
    ties text := outbox._order_of_ties(name, id_name);
BEGIN
    PERFORM outbox._require_table(name);
    IF (SELECT relpersistence <> 'p' FROM pg_class WHERE oid = name) THEN
        RAISE EXCEPTION 'table % is temporary or unlogged; an outbox is neither', name
            USING ERRCODE = 'wrong_object_type';
    END IF;
    IF ties IS NULL THEN
        RAISE EXCEPTION 'table % has no column "%"', name, coalesce(id_name, 'NULL')
            USING ERRCODE = 'undefined_column';
    END IF;
    IF reached IS NULL THEN
        condition := format('%s AND %I IS NULL', condition, time_name);
    ELSE
        IF after IS NOT NULL THEN
            condition := format('%s AND %I > %L', condition, time_name, after);
        END IF;
        condition := format('%s AND %I <= %L', condition, time_name, reached);
    END IF;
    RETURN format('SELECT %s FROM %s WHERE %s ORDER BY %I, %s', outbox._replay_columns(name),
                  name, condition, time_name, ties);
END $$;

-- Emits the rows of such a query as messages with header pg_outbox.replay, and returns how many;
-- the C function is in decoder/emit_row.c.
CREATE OR REPLACE FUNCTION outbox._emit_rows(name regclass, since timestamptz, until timestamptz,
    key text, time_name name, key_name name, id_name name, after text, reached text)
RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'pg_outbox_emit_rows';

-- Checks the arguments of a replay, and returns the columns of time, key and id, and the time of
-- the last row: what is written later is published anyway.
CREATE OR REPLACE FUNCTION outbox._replay_range(name regclass, since timestamptz,
    until timestamptz, key text, batch integer, time_column text, key_column text, id_column text,
    OUT time_name name, OUT key_name name, OUT id_name name, OUT last text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp SET datestyle = ISO SET row_security = off AS $$
DECLARE
    clock record;
BEGIN
    PERFORM outbox._require_table(name);
    IF batch IS NULL OR batch < 1 THEN
        RAISE EXCEPTION 'batch is %: it must be at least 1', coalesce(batch::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value';
    ELSIF since >= coalesce(until, 'infinity') OR until = '-infinity' THEN
        RAISE EXCEPTION 'since, %, is not before until, %', coalesce(since, '-infinity'),
                coalesce(until, 'infinity')
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    id_name := (outbox._find_column(name, id_column)).column_name;
    IF id_name IS NULL THEN
        RAISE EXCEPTION 'table % has no column "%"', name, coalesce(id_column, 'NULL')
            USING ERRCODE = 'undefined_column',
                  HINT = 'Without an id consumers cannot tell that an event is repeated. Name the'
                         ' column that is the id in the relay''s options with id_column.';
    END IF;
    clock := outbox._time_column(name, time_column);
    time_name := clock.column_name;
    IF clock.column_type = 'bigint'::regtype AND coalesce(since, until) IS NOT NULL THEN
        PERFORM outbox._require_milliseconds(name, time_name);
    END IF;
    IF key IS NOT NULL THEN
        key_name := (outbox._find_column(name, VARIADIC CASE
            WHEN key_column IS NULL THEN '{aggregate_id,aggregateid}'
            ELSE ARRAY[key_column] END)).column_name;
        IF key_name IS NULL THEN
            RAISE EXCEPTION 'table % has no column %', name, coalesce(
                    quote_ident(key_column), '"aggregate_id" or "aggregateid"')
                USING ERRCODE = 'undefined_column',
                      HINT = 'Name the column that is the key in the relay''s options with'
                             ' key_column.';
        END IF;
    END IF;
    EXECUTE format('SELECT max(%I)::text FROM %s WHERE %s', time_name, name,
        outbox._replay_condition(name, since, until, key, time_name, key_name)) INTO last;
END $$;

-- Emits the batch of rows after a time, or from the first one on if that is NULL, until the last
-- time; when that is reached, all rows without a time.  Returns how many, and the time of the last.
CREATE OR REPLACE FUNCTION outbox._replay_batch(name regclass, since timestamptz,
    until timestamptz, key text, time_name name, key_name name, id_name name, after text,
    last text, batch integer, OUT events bigint, OUT reached text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET datestyle = ISO SET row_security = off
AS $$
DECLARE
    range text := format('%s AND %I <= %L', outbox._replay_condition(name, since, until, key,
        time_name, key_name), time_name, last);
BEGIN
    IF after IS NOT NULL THEN
        range := format('%s AND %I > %L', range, time_name, after);
    END IF;
    EXECUTE format('SELECT max(t)::text FROM (SELECT %1$I FROM %2$s WHERE %3$s ORDER BY %1$I'
                   ' LIMIT $1) AS times (t)', time_name, name, range)
    INTO reached USING batch;
    events := outbox._emit_rows(name, since, until, key, time_name, key_name, id_name, after,
                                reached);
END $$;

-- All names are qualified, see _cleanup_leaves.
CREATE OR REPLACE PROCEDURE outbox.replay(name regclass, since timestamptz DEFAULT NULL,
    until timestamptz DEFAULT NULL, key text DEFAULT NULL, batch integer DEFAULT 10000,
    time_column text DEFAULT NULL, key_column text DEFAULT NULL, id_column text DEFAULT 'id',
    INOUT replayed bigint DEFAULT 0)
LANGUAGE plpgsql AS $$
DECLARE
    rows pg_catalog.record := outbox._replay_range(name, since, until, key, batch, time_column,
                                                   key_column, id_column);
    step pg_catalog.record;
    after pg_catalog.text;
BEGIN
    replayed := 0;
    LOOP
        step := outbox._replay_batch(name, since, until, key, rows.time_name, rows.key_name,
                                     rows.id_name, after, rows.last, batch);
        COMMIT;
        replayed := replayed OPERATOR(pg_catalog.+) step.events;
        EXIT WHEN step.reached IS NULL;
        after := step.reached;
        RAISE NOTICE 'replayed % rows of %, up to % = %', replayed, name, rows.time_name, after;
    END LOOP;
END $$;
COMMENT ON PROCEDURE outbox.replay IS
    'publish rows of a table again, in the order of their time, a transaction for each batch';
