-- Housekeeping by pg_cron, in the database of the outbox, as the table's owner:
-- every ten minutes partitions are made and rows older than 7 days deleted.
--
--     psql -d shop -f pg_cron.sql
CREATE EXTENSION IF NOT EXISTS pg_cron;
SELECT cron.schedule('outbox', '*/10 * * * *', $$CALL outbox.maintain('public.outbox', '7 days')$$);
-- What it did:    SELECT * FROM cron.job_run_details ORDER BY start_time DESC LIMIT 10;
-- No more of it:  SELECT cron.unschedule('outbox');
