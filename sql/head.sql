\echo Use "CREATE EXTENSION pg_outbox" to load this file. \quit

-- Names are looked up in pg_catalog only.
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

-- It belongs to the superuser that installs, even if the caller is not one: so nobody else can put
-- anything into it, and CREATE OR REPLACE below replaces nothing of theirs.
CREATE SCHEMA outbox;
GRANT USAGE ON SCHEMA outbox TO @extowner@ WITH GRANT OPTION;
GRANT USAGE ON SCHEMA outbox TO pg_monitor;
