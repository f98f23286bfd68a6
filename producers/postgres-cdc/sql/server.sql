-- What the server is set to, and whether the connected role may replicate.
SELECT current_setting('wal_level') AS wal_level,
       current_setting('max_wal_senders')::int AS max_wal_senders,
       current_setting('max_replication_slots')::int AS max_slots,
       (SELECT count(*) FROM pg_replication_slots) AS slots,
       quote_ident(r.rolname) AS role,
       r.rolreplication OR r.rolsuper AS may_replicate,
       current_database() AS database,
       (SELECT string_agg(quote_ident(m.rolname), ', ' ORDER BY m.rolreplication DESC, m.rolname)
          FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member
         WHERE a.roleid = r.oid) AS members
  FROM pg_roles r
 WHERE r.rolname = current_user;
