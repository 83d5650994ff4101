-- What the service's own migrations would do, as the database's owner.
CREATE EXTENSION IF NOT EXISTS pg_outbox;
CREATE TABLE IF NOT EXISTS outbox (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    aggregate_type varchar(255) NOT NULL,   -- Task: topic Task.events
    aggregate_id varchar(255) NOT NULL,     -- the key
    event_type varchar(255) NOT NULL,       -- header eventType
    payload jsonb NOT NULL,                 -- the value
    created_at timestamp NOT NULL DEFAULT now()
);
