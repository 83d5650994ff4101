-- The extension: who may have it, what it grants, status and check().
\set SHOW_CONTEXT never
-- Anybody who may create objects in the database: it is trusted.
CREATE ROLE owner;
CREATE ROLE nobody;
CREATE ROLE stranger;
CREATE DATABASE trusting;
\c trusting
SET ROLE nobody;
CREATE EXTENSION pg_outbox;
RESET ROLE;
GRANT CREATE ON DATABASE trusting TO owner;
SET ROLE owner;
CREATE EXTENSION pg_outbox;
SELECT extname, extowner::regrole, nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = 'pg_outbox';
-- Who created it may use it, and let others.
CREATE SCHEMA app;
SELECT outbox.create_table('app.outbox', '1 day', false);
SELECT outbox.ensure_partitions('app.outbox', 8), outbox.cleanup('app.outbox');
SELECT outbox.emit('T', 'k', 'e', '{}') IS NOT NULL AS sent;
SELECT outbox.grant_writer('nobody', 'app.outbox'), outbox.grant_cleanup('nobody', 'app.outbox');
SELECT count(*) FROM outbox.status;
CREATE TABLE outbox.mine (a int);
DO $$ BEGIN
    PERFORM outbox.grant_relay('nobody');
EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING 'REPLICATION is not theirs to give';
END $$;
SELECT has_function_privilege('nobody', 'outbox.emit(text, text, text, jsonb, jsonb, uuid)', 'EXECUTE');
RESET ROLE;
ALTER EXTENSION pg_outbox SET SCHEMA app;
-- Nothing of it is for everybody, and nothing runs with rights that are not the caller's.
SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'outbox'::regnamespace
AND (prosecdef OR has_function_privilege('stranger', oid, 'EXECUTE'));
SELECT has_schema_privilege('stranger', 'outbox', 'USAGE'), has_table_privilege('stranger', 'outbox.status', 'SELECT');
-- Every function but the procedures that commit has a search_path of its own, or is C.
SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_language l ON l.oid = prolang WHERE pronamespace = 'outbox'::regnamespace
AND lanname <> 'c' AND NOT coalesce(array_to_string(proconfig, ' ') LIKE '%search_path=pg_catalog, pg_temp%', false) ORDER BY 1;
\c regression
DROP DATABASE trusting;
-- A schema of that name is nobody's to take over.
CREATE SCHEMA outbox;
CREATE EXTENSION pg_outbox;
DROP SCHEMA outbox;
SET client_min_messages = warning;
CREATE EXTENSION pg_outbox;
SELECT count(*) FROM pg_extension WHERE extname = 'pg_outbox' AND extversion = (SELECT default_version FROM pg_available_extensions WHERE name = 'pg_outbox');

-- status: the slots of the plugin.
SELECT * FROM outbox.status;
SELECT open_slot();
SELECT pg_create_physical_replication_slot('other') IS NOT NULL AS made;
SELECT slot, database, active, pid, client, client_address, confirmed_lsn IS NOT NULL AS confirmed, lag_bytes >= 0 AS lag, lag_seconds,
    retained_wal_bytes >= 0 AS retained, wal_status, safe_wal_bytes, reply_seconds, coalesce(inactive_seconds, 0) >= 0 AS inactive,
    coalesce(failover, false) AS failover, coalesce(synced, false) AS synced FROM outbox.status;
SELECT pg_drop_replication_slot('other');
-- check: the server's side.
SELECT item, ok, detail, CASE WHEN NOT ok THEN remedy END AS remedy FROM outbox.check('regress') WHERE item NOT LIKE 'max%' ORDER BY detail COLLATE "C";
SELECT item, ok FROM outbox.check('regress') WHERE item LIKE 'max%';
SELECT close_slot();
CREATE UNLOGGED TABLE unlogged (a int);
CREATE VIEW view AS SELECT 1 AS aggregate_id;
SELECT detail, remedy FROM outbox.check('missing', 'public."no, such", public.unlogged,public.view') WHERE NOT ok ORDER BY detail COLLATE "C";
DROP TABLE unlogged;
DROP VIEW view;
SELECT item, ok, detail FROM outbox.check('missing', key_columns => '{id}', topic_columns => '{}', payload_columns => '{nope}') WHERE item = 'column' ORDER BY detail;
CREATE TABLE moving (id int, published bool) PARTITION BY LIST (published);
CREATE TABLE moving_1 PARTITION OF moving FOR VALUES IN (true);
CREATE TABLE moving_2 PARTITION OF moving FOR VALUES IN (false);
ALTER TABLE moving_1 REPLICA IDENTITY FULL;
SELECT ok, detail FROM outbox.check(tables => 'public.moving') WHERE item = 'moved rows';
CREATE UNIQUE INDEX moving_2_id ON moving_2 (id);
ALTER TABLE moving_2 ALTER id SET NOT NULL;
ALTER TABLE moving_2 REPLICA IDENTITY USING INDEX moving_2_id;
SELECT ok, detail FROM outbox.check(tables => 'public.moving') WHERE item = 'moved rows';
DROP TABLE moving;
-- For those that watch.
SET ROLE nobody;
SELECT slot FROM outbox.status;
SELECT ok FROM outbox.check();
RESET ROLE;
GRANT pg_monitor TO nobody;
SET ROLE nobody;
SELECT slot FROM outbox.status;
SELECT ok, detail, remedy FROM outbox.check() WHERE item = 'role';
SELECT outbox.emit('T', 'k', 'e', '{}');
RESET ROLE;
REVOKE pg_monitor FROM nobody;

-- The rights of a relay; a role that there is not.
SELECT outbox.grant_relay('nobody');
SELECT rolreplication FROM pg_roles WHERE rolname = 'nobody';
SELECT count(*) AS rights_on_tables FROM information_schema.role_table_grants WHERE grantee = 'nobody' AND table_name <> 'status';
SET ROLE nobody;
SELECT ok FROM outbox.check() WHERE item = 'role';
SELECT outbox.grant_relay('owner');
RESET ROLE;
SELECT outbox.grant_relay('no such role');
SELECT outbox.grant_relay('nosuchrole');
SELECT outbox.grant_relay(12345678);
SELECT outbox.grant_relay(NULL);
SELECT outbox.grant_writer('nosuchrole');
SELECT outbox.grant_writer(NULL);
CREATE ROLE "A ""role""";
SELECT outbox.grant_writer('"A ""role"""', 'public.outbox');
SELECT has_table_privilege('A "role"', 'public.outbox', 'INSERT'), has_table_privilege('A "role"', 'public.outbox', 'SELECT');
SELECT outbox.grant_writer('nobody', 'outbox.status');
SELECT outbox.grant_cleanup('nosuchrole', 'public.outbox');
SELECT outbox.grant_cleanup('nobody', 'outbox.status');
DROP OWNED BY "A ""role""", nobody, owner;
DROP ROLE "A ""role""", nobody, owner, stranger;
-- It goes, and nothing of it stays.
DROP EXTENSION pg_outbox;
SELECT nspname FROM pg_namespace WHERE nspname = 'outbox';
