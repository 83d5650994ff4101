$check$;
COMMENT ON FUNCTION outbox.check IS 'what publishing needs of this server, and what repairs it';
