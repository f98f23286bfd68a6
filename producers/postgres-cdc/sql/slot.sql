-- The slot, if it exists, and whether somebody reads it or takes a snapshot for it.
-- In psql: SET sluice.slot = 'name';
SELECT s.plugin,
       s.slot_type,
       s.database = current_database() AS of_this_database,
       s.database,
       s.active,
       s.active_pid,
       s.confirmed_flush_lsn,
       s.wal_status,
       (SELECT bool_or(t.active) FROM pg_replication_slots t
         WHERE t.temporary AND starts_with(t.slot_name, left(current_setting('sluice.slot'), 40) || '_snapshot_')
       ) AS snapshot_active
  FROM (VALUES (1)) AS always (one)
  LEFT JOIN pg_replication_slots s ON s.slot_name = current_setting('sluice.slot');
