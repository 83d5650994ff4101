
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
