-- Housekeeping by pg_cron: every ten minutes partitions are made and rows older than 7 days
-- deleted.  pg_cron needs shared_preload_libraries = 'pg_cron', and lives in one database of the
-- server, cron.database_name.  It connects to localhost as the job's role: .pgpass or pg_hba.conf
-- has to allow that, or cron.use_background_workers = on does without.  As a superuser there;
-- "shop" is the database of the outbox, "shop_owner" the table's owner:
--
--     psql -d postgres -f pg_cron.sql
CREATE EXTENSION IF NOT EXISTS pg_cron;
SELECT cron.schedule_in_database('outbox', '*/10 * * * *',
    $$CALL outbox.maintain('public.outbox', '7 days')$$, 'shop', 'shop_owner');
-- What it did:    SELECT * FROM cron.job_run_details ORDER BY start_time DESC LIMIT 10;
-- No more of it:  SELECT cron.unschedule('outbox');
