$check$;
COMMENT ON FUNCTION outbox.check IS 'what publishing needs of this server, and how to repair it';
