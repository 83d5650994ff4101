\echo Use "CREATE EXTENSION pg_outbox" to load this file. \quit

-- What is meant by a name is not for others to say.
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

-- Of the superuser that installs, also where the caller is none: so nobody else
-- can put anything into it.
CREATE SCHEMA outbox;
