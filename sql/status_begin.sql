
-- status: the slots of the decoder.  The query in status.sql is also in the relay, whose command
-- "status" runs it with a condition of its own.

CREATE OR REPLACE VIEW outbox.status AS
