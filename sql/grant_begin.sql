
-- grant: the least that a role needs.  All functions run with their caller's rights, so the
-- helpers that a public one calls are granted with it.

-- Raises an error if a role does not exist.
CREATE OR REPLACE FUNCTION outbox._require_role(role regrole) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF role IS NULL OR NOT EXISTS (SELECT FROM pg_roles WHERE oid = role) THEN
        RAISE EXCEPTION 'role % does not exist', coalesce(role::text, 'NULL')
            USING ERRCODE = 'undefined_object';
    END IF;
END $$;

-- Grants EXECUTE on routines by their names, and USAGE on the schema.
CREATE OR REPLACE FUNCTION outbox._grant_execute(role regrole, VARIADIC routines text[])
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    routine text;
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA outbox TO %s', role);
    FOREACH routine IN ARRAY routines LOOP
        EXECUTE format('GRANT EXECUTE ON ROUTINE outbox.%I TO %s', routine, role);
    END LOOP;
END $$;

-- Grants USAGE on the schema of a table, unless the role has it.
CREATE OR REPLACE FUNCTION outbox._grant_schema(role regrole, name regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    schema regnamespace := (SELECT relnamespace FROM pg_class WHERE oid = name);
BEGIN
    IF NOT has_schema_privilege(role, schema, 'USAGE') THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %s TO %s', schema, role);
    END IF;
END $$;

-- Returns the sequences that the defaults of a table's columns use: those that belong to a column
-- (serial), and others that are named in a default.  Identity needs no right.
CREATE OR REPLACE FUNCTION outbox._sequences(name regclass) RETURNS SETOF regclass
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.oid::regclass
    FROM pg_attrdef d
    JOIN pg_depend p ON p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid
        AND p.refclassid = 'pg_class'::regclass
    JOIN pg_class c ON c.oid = p.refobjid AND c.relkind = 'S'
    WHERE d.adrelid = name
    UNION
    SELECT c.oid::regclass
    FROM pg_depend p
    JOIN pg_class c ON c.oid = p.objid AND c.relkind = 'S'
    WHERE p.classid = 'pg_class'::regclass AND p.refclassid = 'pg_class'::regclass
        AND p.refobjid = name AND p.refobjsubid > 0 AND p.deptype = 'a'
$$;

-- SELECT is for INSERT ... RETURNING, which drivers and ORMs use (pgjdbc with RETURNING *), and for
-- ON CONFLICT DO NOTHING.
CREATE OR REPLACE FUNCTION outbox.grant_writer(role regrole, name regclass DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    sequence regclass;
BEGIN
    PERFORM outbox._require_role(role);
    PERFORM outbox._grant_execute(role, 'emit', 'emit_text', 'emit_bytes', 'emit_row');
    IF name IS NOT NULL THEN
        PERFORM outbox._require_table(name);
        PERFORM outbox._grant_schema(role, name);
        EXECUTE format('GRANT SELECT, INSERT ON %s TO %s', name, role);
        FOR sequence IN SELECT outbox._sequences(name) LOOP
            EXECUTE format('GRANT USAGE ON SEQUENCE %s TO %s', sequence, role);
        END LOOP;
    END IF;
END $$;
COMMENT ON FUNCTION outbox.grant_writer IS
    'let a role publish: emit() and, if a table is given, INSERT there with RETURNING';

CREATE OR REPLACE FUNCTION outbox.grant_replay(role regrole, name regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM outbox._require_role(role);
    PERFORM outbox._require_table(name);
    PERFORM outbox._grant_execute(role, 'replay', '_base_type', '_emit_rows', '_find_column',
        '_is_time', '_local_time', '_order_of_ties', '_replay_batch', '_replay_columns',
        '_replay_condition', '_replay_query', '_replay_range', '_require_milliseconds',
        '_require_table', '_time_column', '_write_time');
    PERFORM outbox._grant_schema(role, name);
    EXECUTE format('GRANT SELECT ON %s TO %s', name, role);
END $$;
COMMENT ON FUNCTION outbox.grant_replay IS
    'let a role publish the rows of a table again';

CREATE OR REPLACE FUNCTION outbox.grant_relay(role regrole) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM outbox._require_role(role);
    IF NOT (SELECT rolreplication FROM pg_roles WHERE oid = role) THEN
        EXECUTE format('ALTER ROLE %s REPLICATION', role);
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %s', current_database(), role);
    PERFORM outbox._grant_execute(role, 'check');
    EXECUTE format('GRANT SELECT ON outbox.status TO %s', role);
END $$;
COMMENT ON FUNCTION outbox.grant_relay IS
    'let a role run the relay: no right on any table';

-- Returns why a role must not maintain tables of others, or NULL.  Deleting runs the triggers of
-- the table's owner, and moving rows between partitions his expressions too, with the rights of who
-- calls; a role that can take on another one (SET ROLE) lends them its rights as well.
CREATE OR REPLACE FUNCTION outbox._maintenance_obstacle(role regrole) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $maintenance$
