-- The columns of one table: domains resolved to their base, the place in the key, whether published.
-- In psql: SET sluice.relation = 'schema.table' (or its oid); and as for tables.sql.
WITH RECURSIVE relation AS (
  SELECT c.oid, c.relreplident, n.nspname, c.relname
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.oid = CASE WHEN current_setting('sluice.relation') ~ '^[0-9]+$' THEN current_setting('sluice.relation')::oid
                      ELSE current_setting('sluice.relation')::regclass END
), column_type AS (
  SELECT a.attnum, a.attname, a.atttypid AS type, a.atttypmod AS typmod
    FROM pg_attribute a JOIN relation r ON a.attrelid = r.oid
   WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
  UNION ALL
  SELECT c.attnum, c.attname, t.typbasetype, t.typtypmod
    FROM column_type c JOIN pg_type t ON t.oid = c.type
   WHERE t.typtype = 'd'
), key_index AS (
  -- the replica identity's index, else the primary key, else the first unique index without NULLs
  SELECT i.indkey::int2[] AS columns, i.indnkeyatts AS columns_n
    FROM pg_index i
    JOIN relation r ON i.indrelid = r.oid
    JOIN pg_class x ON x.oid = i.indexrelid
   WHERE i.indisunique AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
     AND NOT EXISTS (SELECT FROM pg_attribute a
                      WHERE a.attrelid = r.oid AND a.attnum = ANY (i.indkey::int2[]) AND NOT a.attnotnull)
   ORDER BY r.relreplident = 'i' AND i.indisreplident DESC, i.indisprimary DESC, x.relname
   LIMIT 1
), key_column AS (
  SELECT k.attnum, k.at
    FROM key_index i, unnest(i.columns) WITH ORDINALITY AS k (attnum, at)
   WHERE k.at <= i.columns_n
), published AS (
  SELECT to_jsonb(p) -> 'attnames' AS columns -- PostgreSQL 15 has this column, 14 has not
    FROM pg_publication_tables p JOIN relation r ON p.schemaname = r.nspname AND p.tablename = r.relname
   WHERE p.pubname = current_setting('sluice.publication')
)
SELECT c.attname AS name,
       c.type::text AS type,
       c.typmod,
       coalesce(k.at, 0) AS key_at,
       coalesce((SELECT p.columns IS NULL OR p.columns ? c.attname::text FROM published p), true) AS published,
       current_setting('sluice.tables') = '[]'
         OR EXISTS (SELECT FROM jsonb_array_elements_text(current_setting('sluice.tables')::jsonb) AS asked
                     WHERE parse_ident(asked) = ARRAY[r.nspname, r.relname]::text[]) AS wanted
  FROM relation r
 CROSS JOIN column_type c
  JOIN pg_type t ON t.oid = c.type AND t.typtype <> 'd'
  LEFT JOIN key_column k ON k.attnum = c.attnum
 ORDER BY c.attnum;
