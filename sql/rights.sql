
-- rights: nothing is for everybody; who created the extension may use all of it, and let others.
-- What an earlier version installed keeps the rights that it has now: here they would become
-- initial rights (pg_init_privs), which pg_dump leaves out.
DO $$
DECLARE
    creator regrole := (SELECT extowner FROM pg_extension WHERE extname = 'pg_outbox');
    monitored CONSTANT text[] := '{check,status}';
    one record;
BEGIN
    FOR one IN
        SELECT 'EXECUTE' AS privilege, 'ROUTINE' AS kind, oid::regprocedure::text AS object,
            proname AS name
        FROM pg_proc
        WHERE pronamespace = 'outbox'::regnamespace AND NOT EXISTS (
            SELECT FROM pg_init_privs WHERE classoid = 'pg_proc'::regclass AND objoid = pg_proc.oid)
        UNION ALL
        SELECT 'SELECT', 'TABLE', oid::regclass::text, relname
        FROM pg_class
        WHERE relnamespace = 'outbox'::regnamespace AND relkind = 'v' AND NOT EXISTS (
            SELECT FROM pg_init_privs
            WHERE classoid = 'pg_class'::regclass AND objoid = pg_class.oid)
    LOOP
        EXECUTE format('REVOKE ALL ON %s %s FROM PUBLIC', one.kind, one.object);
        EXECUTE format('GRANT %s ON %s %s TO %s WITH GRANT OPTION', one.privilege, one.kind,
                       one.object, creator);
        IF one.name = ANY (monitored) THEN
            EXECUTE format('GRANT %s ON %s %s TO pg_monitor', one.privilege, one.kind, one.object);
        END IF;
    END LOOP;
END $$;
