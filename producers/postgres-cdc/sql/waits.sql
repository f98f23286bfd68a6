-- What a new slot has to wait for: transactions that have written (NULL: a prepared one). A CREATE SUBSCRIPTION to this very server
-- is among them for ever: it has locked pg_subscription, though no object as a DROP does, and the slot that it asks for waits for
-- its transaction; for a while already, where the server says since when.
SELECT h.pid,
       EXISTS (SELECT FROM pg_locks c
                WHERE c.pid = h.pid AND c.relation = 'pg_subscription'::regclass AND c.mode = 'RowExclusiveLock' AND c.granted)
       AND NOT EXISTS (SELECT FROM pg_locks d WHERE d.pid = h.pid AND d.locktype = 'object' AND d.mode = 'AccessExclusiveLock')
       AND EXISTS (SELECT FROM pg_locks w JOIN pg_replication_slots s ON s.active_pid = w.pid
                    WHERE w.locktype = 'transactionid' AND w.transactionid = h.transactionid AND NOT w.granted
                      AND coalesce((to_jsonb(w) ->> 'waitstart')::timestamptz < clock_timestamp() - interval '5 s', true)) AS for_itself
  FROM pg_locks h
 WHERE h.locktype = 'transactionid' AND h.mode = 'ExclusiveLock' AND h.granted
 ORDER BY for_itself DESC, h.pid
 LIMIT 10;
