-- $1: a role.  Returns why it must not maintain tables of others, or no row.
SELECT CASE WHEN r.oid <> $1::pg_catalog.regrole
            THEN 'may become role ' || pg_catalog.quote_ident(r.rolname) || ', which ' ELSE '' END
       || CASE WHEN r.rolsuper THEN 'is a superuser'
               WHEN r.rolreplication THEN 'has REPLICATION'
               ELSE 'reaches the server''s files or programs' END AS obstacle
FROM pg_catalog.pg_roles r
WHERE (r.rolsuper OR r.rolreplication
       OR r.rolname IN ('pg_execute_server_program', 'pg_read_server_files',
                        'pg_write_server_files'))
    AND pg_catalog.pg_has_role($1::pg_catalog.regrole, r.oid, 'MEMBER')
ORDER BY r.oid <> $1::pg_catalog.regrole, r.rolsuper DESC, r.rolreplication DESC, r.rolname
LIMIT 1
