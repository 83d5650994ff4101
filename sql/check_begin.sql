
-- check: what publishing needs on the server's side.  The query in check.sql is also in the relay,
-- whose command "check" runs it.

CREATE OR REPLACE FUNCTION outbox.check(slot text DEFAULT 'pg_outbox',
    tables text DEFAULT 'public.outbox',
    topic_columns text[] DEFAULT '{aggregate_type,aggregatetype}',
    key_columns text[] DEFAULT '{aggregate_id,aggregateid}',
    payload_columns text[] DEFAULT '{payload}')
RETURNS TABLE (item text, ok boolean, detail text, remedy text)
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp SET jit = off AS $check$
