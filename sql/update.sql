\echo Use "ALTER EXTENSION pg_outbox UPDATE" to load this file. \quit

-- Names are looked up in pg_catalog only.
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

-- What has other parameters now is created again by what follows, and with it the rights of roles
-- other than the creator end.
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT a.grantee::regrole AS role,
            string_agg(p.proname || '()', ', ' ORDER BY p.proname) AS routines
        FROM pg_proc p
        JOIN pg_extension e ON extname = 'pg_outbox',
        LATERAL aclexplode(p.proacl) a
        WHERE p.pronamespace = 'outbox'::regnamespace
            AND p.proname IN ('cleanup', 'cleanup_all', 'ensure_partitions', 'grant_cleanup',
                              'maintain')
            AND a.grantee NOT IN (0, p.proowner, e.extowner)
        GROUP BY a.grantee
        ORDER BY a.grantee::regrole::text
    LOOP
        RAISE WARNING 'role % may not call % any more', one.role, one.routines
            USING HINT = format('Grant it again: SELECT outbox.grant_cleanup(%L,'
                                ' ''schema.table'');', one.role);
    END LOOP;
END $$;
DROP PROCEDURE outbox.maintain(text, interval, integer, integer, bigint, integer);
DROP PROCEDURE outbox.cleanup_all(regclass, interval, integer, bigint);
DROP FUNCTION outbox.cleanup(regclass, interval, integer);
DROP FUNCTION outbox.ensure_partitions(regclass, integer);
DROP FUNCTION outbox.grant_cleanup(regrole, regclass);

-- Helpers have other names now.
DROP FUNCTION outbox.cleanup_step(regclass, regclass, boolean, timestamptz, integer);
DROP FUNCTION outbox.drop_partition(regclass, regclass);
DROP FUNCTION outbox.delete_batch(regclass, regclass, timestamptz, integer);
DROP FUNCTION outbox.leaves(regclass, timestamptz);
DROP FUNCTION outbox.cutoff(regclass, interval, integer);
DROP FUNCTION outbox.add_partitions(regclass, interval, integer);
DROP FUNCTION outbox.add_partition(regclass, timestamp, interval);
DROP FUNCTION outbox.partition_name(text, timestamp, interval);
DROP FUNCTION outbox.require_partitioned(regclass);
DROP FUNCTION outbox.partitions(regclass);
DROP FUNCTION outbox.partition_begin(timestamp, interval);
DROP FUNCTION outbox.check_width(interval);
DROP FUNCTION outbox.require_same(regclass, boolean, boolean);
DROP FUNCTION outbox.difference(regclass, boolean);
DROP FUNCTION outbox.columns(boolean);
DROP FUNCTION outbox.require_table(regclass);
DROP FUNCTION outbox.parse_name(text);
DROP FUNCTION outbox.require_role(regrole);
