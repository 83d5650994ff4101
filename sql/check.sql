-- $1 slot, $2 tables as a comma-separated list, $3, $4, $5 the columns of which one has to exist
-- for topic, key and payload; an empty array asks for nothing.
WITH setting AS (
    SELECT s.name, s.setting FROM pg_catalog.pg_settings s
), slot AS (
    SELECT s.* FROM pg_catalog.pg_replication_slots s WHERE s.slot_name = $1
), replicator AS (
    SELECT r.rolname, r.rolreplication OR r.rolsuper AS may
    FROM pg_catalog.pg_roles r
    WHERE r.rolname = current_user
), asked AS (
    SELECT pg_catalog.btrim(t) AS name, pg_catalog.to_regclass(pg_catalog.btrim(t)) AS relation
    FROM pg_catalog.regexp_split_to_table($2, ',(?=([^"]*"[^"]*")*[^"]*$)') AS t
    WHERE pg_catalog.btrim(t) <> ''
), needed AS (
    SELECT purpose, wanted, place
    FROM (VALUES ('topic', $3), ('key', $4), ('payload', $5)) AS v (purpose, names),
        pg_catalog.unnest(names) WITH ORDINALITY AS n (wanted, place)
)
SELECT 'wal_level'::text, setting = 'logical', 'wal_level is ' || setting,
    'ALTER SYSTEM SET wal_level = logical; then restart the server'
FROM setting WHERE name = 'wal_level'
UNION ALL
SELECT 'role', may,
    'role ' || rolname || CASE WHEN may THEN ' has ' ELSE ' lacks ' END || 'REPLICATION',
    pg_catalog.format('ALTER ROLE %I REPLICATION;', rolname)
FROM replicator
UNION ALL
SELECT 'max_replication_slots', used < setting::int,
    used || ' of max_replication_slots = ' || setting || ' are used by others',
    'ALTER SYSTEM SET max_replication_slots = ' || setting::int + 10 || '; then restart the server'
FROM setting, (SELECT pg_catalog.count(*) AS used FROM pg_catalog.pg_replication_slots
               WHERE slot_name <> $1) AS u
WHERE name = 'max_replication_slots'
UNION ALL
SELECT 'max_wal_senders', used < setting::int,
    used || ' of max_wal_senders = ' || setting || ' are used by others',
    'ALTER SYSTEM SET max_wal_senders = ' || setting::int + 10 || '; then restart the server'
FROM setting, (SELECT pg_catalog.count(*) AS used FROM pg_catalog.pg_stat_get_wal_senders() w
               WHERE w.pid NOT IN (SELECT active_pid FROM slot WHERE active_pid IS NOT NULL)
                   AND w.pid <> pg_catalog.pg_backend_pid()) AS u
WHERE name = 'max_wal_senders'
UNION ALL
SELECT 'max_slot_wal_keep_size', true,
    CASE WHEN setting = '-1'
         THEN 'max_slot_wal_keep_size is not set: a slot that nobody reads fills the disk'
         ELSE 'max_slot_wal_keep_size is ' || setting
              || ' MB: a slot that is further behind loses events' END,
    NULL
FROM setting WHERE name = 'max_slot_wal_keep_size'
UNION ALL
SELECT 'slot', EXISTS (SELECT FROM slot),
    'slot "' || $1 || '" '
        || CASE WHEN EXISTS (SELECT FROM slot) THEN 'exists' ELSE 'does not exist' END,
    'pg_outbox create-slot --slot ' || $1
UNION ALL
SELECT 'plugin', plugin = 'pg_outbox' AND database = pg_catalog.current_database(),
    'slot "' || $1 || '" has plugin ' || coalesce(plugin, 'none')
        || ' in database ' || coalesce(database, 'none'),
    'use another name with --slot, or the database that it is for'
FROM slot
UNION ALL
SELECT 'wal_status', wal_status <> 'lost', 'slot "' || $1 || '" has its WAL: ' || wal_status,
    'its events are lost: pg_outbox drop-slot and create-slot, publish the rows of the outbox that'
        || ' are missing by other means, and raise max_slot_wal_keep_size'
FROM slot WHERE wal_status IS NOT NULL
UNION ALL
SELECT 'table', relation IS NOT NULL,
    'table ' || name || CASE WHEN relation IS NULL THEN ' does not exist' ELSE ' exists' END,
    'create it, or name yours in tables of section [outbox]'
FROM asked
UNION ALL
SELECT 'persistence', relkind IN ('r', 'p') AND relpersistence = 'p',
    'table ' || name || CASE WHEN relkind NOT IN ('r', 'p') THEN ' is no table'
                             WHEN relpersistence <> 'p' THEN ' is not in the WAL'
                             ELSE ' is in the WAL' END,
    CASE WHEN relkind IN ('r', 'p') THEN 'ALTER TABLE ' || name || ' SET LOGGED;'
         ELSE 'name a table in tables of section [outbox]' END
FROM asked JOIN pg_catalog.pg_class c ON c.oid = relation
UNION ALL
SELECT 'column', pg_catalog.bool_or(attname IS NOT NULL),
    'table ' || name
        || CASE WHEN pg_catalog.bool_or(attname IS NOT NULL) THEN ' has ' ELSE ' lacks ' END
        || 'a column for the ' || purpose || ': '
        || pg_catalog.string_agg(wanted, ' or ' ORDER BY place),
    'name the column in ' || purpose || ' of section [outbox]'
FROM asked CROSS JOIN needed
LEFT JOIN pg_catalog.pg_attribute
    ON attrelid = relation AND attnum > 0 AND NOT attisdropped AND attname = wanted
WHERE relation IS NOT NULL GROUP BY name, purpose
UNION ALL
-- No failure: most tables' rows stay where they are.
SELECT 'moved rows', true,
    CASE WHEN pg_catalog.bool_and(has_identity)
         THEN 'partitions of table ' || name || ' have a replica identity: a row that an UPDATE'
              || ' moves is recognized by the id if that is part of it'
         ELSE 'partition ' || pg_catalog.min(leaf::text) FILTER (WHERE NOT has_identity)
              || ' of table ' || name || ' has no replica identity: a row that an UPDATE moves is'
              || ' published again (ALTER TABLE ... REPLICA IDENTITY FULL)' END,
    NULL
FROM (SELECT name, c.oid::regclass AS leaf,
          CASE c.relreplident WHEN 'f' THEN true WHEN 'n' THEN false
              ELSE EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid
                  AND CASE c.relreplident WHEN 'd' THEN i.indisprimary
                                          ELSE i.indisreplident END) END AS has_identity
      FROM asked, pg_catalog.pg_partition_tree(relation) t
      JOIN pg_catalog.pg_class c ON c.oid = t.relid
      WHERE t.isleaf AND t.level > 0) AS p
GROUP BY name
