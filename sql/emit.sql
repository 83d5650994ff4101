
-- emit: events without a table, as transactional logical messages; the C functions are in
-- decoder/emit.c.

CREATE OR REPLACE FUNCTION outbox.emit(aggregate_type text, aggregate_id text, event_type text,
    payload jsonb, headers jsonb DEFAULT NULL, id uuid DEFAULT pg_catalog.gen_random_uuid())
RETURNS uuid LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'pg_outbox_emit';
COMMENT ON FUNCTION outbox.emit IS 'publish an event with JSON as its value in this transaction';

CREATE OR REPLACE FUNCTION outbox.emit_text(aggregate_type text, aggregate_id text,
    event_type text, payload text, headers jsonb DEFAULT NULL,
    id uuid DEFAULT pg_catalog.gen_random_uuid())
RETURNS uuid LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'pg_outbox_emit_text';
COMMENT ON FUNCTION outbox.emit_text IS
    'publish an event with text as its value in this transaction';

CREATE OR REPLACE FUNCTION outbox.emit_bytes(aggregate_type text, aggregate_id text,
    event_type text, payload bytea, headers jsonb DEFAULT NULL,
    id uuid DEFAULT pg_catalog.gen_random_uuid())
RETURNS uuid LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'pg_outbox_emit_bytes';
COMMENT ON FUNCTION outbox.emit_bytes IS
    'publish an event with bytes as its value in this transaction';

CREATE OR REPLACE FUNCTION outbox.emit_row("row" record, headers jsonb DEFAULT NULL)
RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'pg_outbox_emit_row';
COMMENT ON FUNCTION outbox.emit_row IS
    'publish a row of an outbox in this transaction, with these headers over its own';
