-- How far the slot is behind, and how much WAL may still be written before it is lost (NULL: no limit).
-- In psql: SET sluice.slot = 'name';
SELECT pg_current_wal_lsn() AS wal_lsn,
       pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint AS retained_bytes,
       safe_wal_size
  FROM pg_replication_slots
 WHERE slot_name = current_setting('sluice.slot');
