-- The tables to capture: those asked for, or all of the publication; what hinders each.
-- In psql: SET sluice.publication = 'name'; SET sluice.tables = '["schema.table"]' (or '[]': all published);
WITH published AS (
  SELECT c.oid,
         to_jsonb(p) ->> 'rowfilter' AS filter -- PostgreSQL 15 has this column, 14 has not
    FROM pg_publication_tables p
    JOIN pg_namespace n ON n.nspname = p.schemaname
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = p.tablename
   WHERE p.pubname = current_setting('sluice.publication')
), asked AS (
  -- not by regclass, which wants privileges that are checked below
  SELECT name, (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                 WHERE ARRAY[n.nspname, c.relname]::text[] = parse_ident(name)) AS oid
    FROM jsonb_array_elements_text(current_setting('sluice.tables')::jsonb) AS name
), wanted AS (
  SELECT name, oid FROM asked
  UNION ALL
  SELECT p.oid::text, p.oid FROM published p WHERE NOT EXISTS (SELECT FROM asked)
)
SELECT w.name AS asked_as,
       c.oid::text AS oid,
       n.nspname AS schema,
       c.relname AS "table",
       quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS quoted,
       c.relkind::text AS kind,
       c.relpersistence::text AS persistence,
       c.relreplident::text AS identity,
       p.oid IS NOT NULL AS published,
       p.filter,
       has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE') AS may_read,
       greatest(c.reltuples, 0)::bigint AS about_rows,
       EXISTS (SELECT FROM pg_index i
                WHERE i.indrelid = c.oid AND i.indisvalid
                  AND (i.indisprimary OR i.indisreplident)) AS has_identity
  FROM wanted w
  LEFT JOIN pg_class c ON c.oid = w.oid
  LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN published p ON p.oid = w.oid
 ORDER BY n.nspname, c.relname;
