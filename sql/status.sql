-- A slot, who reads it, and how far behind it is.  What a version of PostgreSQL does not have is
-- NULL; so is what only members of pg_monitor may see.
WITH wal AS (
    SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
                ELSE pg_catalog.pg_current_wal_lsn() END AS ends,
        pg_catalog.clock_timestamp() AS now
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
    extract(epoch FROM wal.now - r.reply_time)::double precision AS reply_seconds,
    extract(epoch FROM wal.now - (j.row ->> 'inactive_since')::timestamptz)::double precision
        AS inactive_seconds,
    (j.row ->> 'failover')::boolean AS failover,
    (j.row ->> 'synced')::boolean AS synced
FROM pg_catalog.pg_replication_slots s
CROSS JOIN wal
CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(s)) AS j (row)
LEFT JOIN pg_catalog.pg_stat_replication r ON r.pid = s.active_pid
