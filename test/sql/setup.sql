-- What the other tests use; test/regress.sh runs this one first.

-- Creates the slot that a test reads.
CREATE FUNCTION open_slot() RETURNS text LANGUAGE sql AS
$$ SELECT slot_name::text FROM pg_create_logical_replication_slot('regress', 'pg_outbox') $$;

CREATE FUNCTION close_slot() RETURNS void LANGUAGE sql AS
$$ SELECT pg_drop_replication_slot('regress') $$;

-- Reads the slot, without what is different in each run: times, LSNs, xids.
CREATE FUNCTION lines(VARIADIC options text[] DEFAULT '{}') RETURNS SETOF text
LANGUAGE sql AS
$$
    SELECT regexp_replace(regexp_replace(regexp_replace(data,
               '"(ts|committed)":\d+', '"\1":0', 'g'),
               '"(lsn|commit)":"[0-9A-F]+/[0-9A-F]+"', '"\1":"0/0"'),
               '"xid":\d+', '"xid":0')
    FROM pg_logical_slot_get_changes('regress', NULL, NULL, VARIADIC options)
$$;

-- The same, event lines only and of them one member.
CREATE FUNCTION members(name text, VARIADIC options text[] DEFAULT '{}')
RETURNS SETOF text LANGUAGE sql AS
$$
    SELECT line::json ->> name FROM lines(VARIADIC options) AS line
    WHERE line NOT LIKE '{"commit"%'
$$;

-- The table of the README.
CREATE TABLE outbox (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    aggregate_type varchar(255) NOT NULL,
    aggregate_id varchar(255) NOT NULL,
    event_type varchar(255) NOT NULL,
    payload jsonb NOT NULL,
    created_at timestamp NOT NULL DEFAULT now()
);

-- A row of it with an id that is the same in each run.
CREATE FUNCTION add_event(n int, key text DEFAULT 'k', payload jsonb DEFAULT '{}')
RETURNS void LANGUAGE sql AS
$$
    INSERT INTO outbox (id, aggregate_type, aggregate_id, event_type, payload)
    VALUES (lpad(n::text, 32, '0')::uuid, 'Task', key, 'TaskCreated', payload)
$$;

-- The frame of a message: fields as name, kind, value, ...
CREATE FUNCTION frame(VARIADIC fields text[]) RETURNS bytea LANGUAGE sql AS
$$
    SELECT '\x01'::bytea || coalesce(string_agg(
               substring(int4send(length(convert_to(fields[i], 'UTF8'))) FROM 4)
               || convert_to(fields[i], 'UTF8') || convert_to(fields[i + 1], 'UTF8')
               || int4send(length(convert_to(coalesce(fields[i + 2], ''), 'UTF8')))
               || convert_to(coalesce(fields[i + 2], ''), 'UTF8'), '' ORDER BY i), '')
    FROM generate_series(1, cardinality(fields), 3) i
$$;

-- Writes a message as an event.
CREATE FUNCTION send(VARIADIC fields text[]) RETURNS void LANGUAGE sql AS
$$ SELECT pg_logical_emit_message(true, 'pg_outbox', frame(VARIADIC fields)) $$;
