WHERE s.plugin = 'pg_outbox';
COMMENT ON VIEW outbox.status IS 'the slots of pg_outbox, who reads them, how far behind they are';
