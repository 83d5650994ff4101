-- Runs once, in database shop, when PostgreSQL makes its data directory: the outbox,
-- and a role each for who writes to it, who reads it, and who deletes old rows.
CREATE EXTENSION pg_outbox;
SELECT outbox.create_table(headers => false);

CREATE ROLE tasks LOGIN PASSWORD 'tasks';
GRANT CREATE ON SCHEMA public TO tasks;  -- for its own table
SELECT outbox.grant_writer('tasks', 'public.outbox');

CREATE ROLE relay LOGIN PASSWORD 'relay';
SELECT outbox.grant_relay('relay');

CREATE ROLE janitor LOGIN PASSWORD 'janitor';
SELECT outbox.grant_cleanup('janitor', 'public.outbox');
