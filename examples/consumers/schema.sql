-- What the consumers of this folder write to.  Only the table of the way that is used is needed.

-- The effect: how many events each key had.  An effect that is done twice shows.
CREATE TABLE event_count (
    key text PRIMARY KEY,
    events bigint NOT NULL
);

-- By id: a row for each event that was processed.  Rows that are older than any repeat can be
-- deleted: DELETE FROM processed WHERE at < now() - interval '7 days';
CREATE TABLE processed (
    id text PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now()
);

-- By position: a row for each partition, with the position of the last event.
CREATE TABLE progress (
    topic text,
    partition integer,
    position text COLLATE "C" NOT NULL,
    PRIMARY KEY (topic, partition)
);
