-- The extension: an update gives the same objects as a new installation, and keeps rights and tables.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
-- All that an installation consists of, a line each.
CREATE FUNCTION objects() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = to_regnamespace('outbox')
    UNION ALL
    SELECT 'view ' || relname || pg_get_viewdef(oid) FROM pg_class WHERE relnamespace = to_regnamespace('outbox') AND relkind = 'v'
    UNION ALL
    SELECT 'member ' || i.type || ' ' || i.identity || ': ' || coalesce(obj_description(objid, classid::regclass::name), 'no comment')
    FROM pg_depend, pg_identify_object(classid, objid, objsubid) i
    WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
        AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_outbox')
    UNION ALL
    SELECT format('%s %s has %s%s on %s', what, grantee::regrole, privilege_type, CASE WHEN is_grantable THEN ' with grant option' END, object)
    FROM (SELECT 'right:', oid::regprocedure::text, proacl FROM pg_proc WHERE pronamespace = to_regnamespace('outbox')
          UNION ALL SELECT 'right:', oid::regclass::text, relacl FROM pg_class WHERE relnamespace = to_regnamespace('outbox')
          UNION ALL SELECT 'right:', oid::regnamespace::text, nspacl FROM pg_namespace WHERE nspname = 'outbox'
          UNION ALL SELECT 'initial right:', i.identity, initprivs FROM pg_init_privs, pg_identify_object(classoid, objoid, objsubid) i
                    WHERE i.schema = 'outbox' OR i.identity = 'outbox') AS a (what, object, acl),
        aclexplode(acl)
$$;
CREATE EXTENSION pg_outbox;
CREATE TABLE fresh AS SELECT objects() AS object;
DROP EXTENSION pg_outbox;
-- Where nobody may call a function unless it is said (a default of whole servers).
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
CREATE EXTENSION pg_outbox;
SELECT objects() EXCEPT SELECT object FROM fresh;
SELECT object FROM fresh EXCEPT SELECT objects();
DROP EXTENSION pg_outbox;
ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC;

-- The older version in use, with its rights.
CREATE EXTENSION pg_outbox VERSION '0.1.0';
CREATE ROLE upgrade_writer;
CREATE ROLE upgrade_watcher;
CREATE ROLE upgrade_cleaner;
SELECT outbox.create_table('public.days', '1 day', false);
SELECT outbox.grant_writer('upgrade_writer', 'public.days'), outbox.grant_cleanup('upgrade_cleaner', 'public.days');
GRANT USAGE ON SCHEMA outbox TO upgrade_watcher;
GRANT SELECT ON outbox.status TO upgrade_watcher;
GRANT EXECUTE ON FUNCTION outbox.check TO upgrade_watcher;
CREATE VIEW slots AS SELECT slot, lag_bytes FROM outbox.status;
ALTER EXTENSION pg_outbox UPDATE;
SELECT extversion = default_version AS newest FROM pg_extension JOIN pg_available_extensions ON name = extname WHERE extname = 'pg_outbox';
SELECT objects() AS more EXCEPT SELECT object FROM fresh ORDER BY 1;
SELECT object AS less FROM fresh EXCEPT SELECT objects();
-- Who wrote or watched goes on; who deleted does so again when it is granted.
SET ROLE upgrade_writer;
SELECT outbox.emit('T', 'k', 'e', '{}') IS NOT NULL AS sent;
SET ROLE upgrade_watcher;
SELECT count(*) FROM outbox.status;
SELECT count(*) > 0 AS checked FROM outbox.check();
RESET ROLE;
SELECT count(*) FROM slots;
SELECT outbox.ensure_partitions('public.days', 9);
INSERT INTO public.days (aggregate_type, aggregate_id, event_type, payload, created_at) VALUES ('T', 'k', 'e', '{}', '2000-01-01');
SELECT outbox.grant_cleanup('upgrade_cleaner', 'public.days');
SET ROLE upgrade_cleaner;
CALL outbox.maintain('public.days');
RESET ROLE;
-- From every older version there is a way to this one.
SELECT source FROM pg_extension_update_paths('pg_outbox')
WHERE target = (SELECT default_version FROM pg_available_extensions WHERE name = 'pg_outbox') AND path IS NULL;
DROP VIEW slots;
DROP EXTENSION pg_outbox;
DROP TABLE public.days, fresh;
DROP FUNCTION objects;
DROP OWNED BY upgrade_writer, upgrade_watcher, upgrade_cleaner;
DROP ROLE upgrade_writer, upgrade_watcher, upgrade_cleaner;
