-- Slots that nobody reads and that hold back WAL without a limit.
-- In psql: SET sluice.slot = 'name';
SELECT slot_name,
       pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
                       restart_lsn)::bigint AS retained_bytes,
       plugin = 'pgoutput' AND database = current_database() AS usable
  FROM pg_replication_slots
 WHERE NOT active AND restart_lsn IS NOT NULL AND slot_name <> current_setting('sluice.slot')
   AND current_setting('max_slot_wal_keep_size') = '-1'
 ORDER BY slot_name;
