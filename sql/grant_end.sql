$maintenance$;

CREATE OR REPLACE FUNCTION outbox.grant_cleanup(role regrole, name regclass,
    time_column text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    obstacle text;
    key name;
BEGIN
    PERFORM outbox._require_role(role);
    PERFORM outbox._require_table(name);
    obstacle := outbox._maintenance_obstacle(role);
    IF obstacle IS NOT NULL THEN
        RAISE EXCEPTION 'role % %: triggers of the table''s owner would run with its rights',
                role, obstacle
            USING ERRCODE = 'invalid_grant_operation',
                  HINT = 'Grant it to a role that is for maintenance only, and name that one in'
                         ' section [maintenance] of the relay.';
    END IF;
    key := (SELECT column_name FROM outbox._time_column(name, time_column));
    PERFORM outbox._grant_execute(role, 'cleanup', 'cleanup_all', 'maintain', 'ensure_partitions',
        '_add_partition', '_add_partitions', '_base_type', '_check_width', '_cleanup_leaves',
        '_cleanup_plan', '_cleanup_step', '_cutoff', '_delete_batch', '_drop_partition',
        '_ensure_own_partitions', '_find_column', '_is_sensible', '_is_time', '_leaves',
        '_local_time', '_move_rows', '_partition_begin', '_partition_key', '_partition_name',
        '_partitions', '_present', '_read_time', '_require_milliseconds', '_require_partitioned',
        '_require_table', '_split_names', '_stray_begins', '_time_column', '_write_time');
    PERFORM outbox._grant_schema(role, name);
    -- Rows are locked before they are deleted, which asks for UPDATE.
    EXECUTE format('GRANT SELECT (tableoid, ctid, %1$I), UPDATE (%1$I), DELETE ON %2$s TO %3$s',
                   key, name, role);
END $$;
COMMENT ON FUNCTION outbox.grant_cleanup IS
    'let a role delete old rows of a table; only its owner may create and drop partitions';
