#include "catalog.h"

DEFINE_CLEANUP(result, struct pg_result *, pg_result_free);

static const char columns_sql[] =
    "SELECT a.attname, format_type(a.atttypid, -1), t.typname, t.typcategory, NOT a.attnotnull"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid"
    " WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p') AND a.attnum > 0"
    " AND NOT a.attisdropped AND a.attgenerated = '' AND a.attidentity <> 'a' ORDER BY a.attnum";

/* One row a key column: index, name, whether the index is on (true), whether no NULL can make two
 * rows of one key, and what takes the index away. */
static const char keys_sql[] =
    "SELECT i.indexrelid, a.attname, coalesce(pg_get_expr(i.indexprs, i.indrelid) = 'true', false),"
    " i.indisprimary OR coalesce((to_jsonb(i)->>'indnullsnotdistinct')::boolean, false)"
    " OR NOT EXISTS (SELECT FROM unnest(i.indkey::int2[]) u(attnum) JOIN pg_attribute b"
    " ON b.attrelid = i.indrelid AND b.attnum = u.attnum AND NOT b.attnotnull),"
    " coalesce((SELECT format('ALTER TABLE %I.%I DROP CONSTRAINT %I', n.nspname, c.relname, "
    "conname)"
    " FROM pg_constraint WHERE conindid = i.indexrelid AND conrelid = i.indrelid LIMIT 1),"
    " format('DROP INDEX %I.%I', n.nspname, x.relname))"
    " FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid"
    " JOIN pg_class x ON x.oid = i.indexrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace"
    " CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, ord)"
    " LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum > 0"
    " WHERE n.nspname = $1 AND c.relname = $2 AND i.indisunique AND i.indisvalid"
    " AND i.indimmediate AND i.indpred IS NULL AND k.ord <= i.indnkeyatts"
    " ORDER BY i.indisprimary DESC, i.indexrelid, k.ord";

static bool is_true(struct str field)
{
    return str_eq(field, STR("t"));
}

static bool is_one_of(struct str name, const char *const *names)
{
    for (; *names != NULL; names++)
        if (str_eq_c(name, *names))
            return true;
    return false;
}

static enum wire wire_of(struct str type)
{
    return str_eq(type, STR("int8"))   ? WIRE_INT8
           : str_eq(type, STR("int4")) ? WIRE_INT4
           : str_eq(type, STR("int2")) ? WIRE_INT2
                                       : WIRE_TEXT;
}

static struct target_column read_column(struct arena *arena, const struct pg_result *rows, int i)
{
    static const char *const exact[] = {"int2", "int4", "int8",        "bool", "text", "varchar",
                                        "date", "time", "timestamp",   "uuid", "name", "bytea",
                                        "oid",  "char", "timestamptz", NULL};
    static const char *const json[] = {"json", "jsonb", NULL};
    struct str type = pg_field(rows, i, 2);

    return (struct target_column){
        .name = arena_copy(arena, pg_field(rows, i, 0)).at,
        .type = arena_copy(arena, pg_field(rows, i, 1)).at,
        .wire = wire_of(type),
        .form = is_one_of(type, json)                    ? FORM_JSON
                : str_eq(pg_field(rows, i, 3), STR("A")) ? FORM_ARRAY
                                                         : FORM_TEXT,
        .nullable = is_true(pg_field(rows, i, 4)),
        .same_by_bytes = is_one_of(type, exact),
    };
}

static bool read_columns(struct pg *pg, struct arena *arena, struct target_table *table,
                         struct err *reterr)
{
    const char *params[] = {table->schema, table->name};
    CLEANUP(result) struct pg_result *rows = NULL;

    if (!pg_query(pg, columns_sql, params, 2, &rows, reterr))
        return false;
    table->columns_n = (uint32_t)pg_rows(rows);
    if (table->columns_n == 0)
        return err_stop(reterr, EX_CONFIG,
                        "topic %s: there is no table %s that could be written: create it (CREATE "
                        "TABLE %s (...)), as --target does with what sluice-views --ddl prints",
                        table->topic, table->quoted, table->quoted);
    table->columns = arena_zalloc(arena, table->columns_n * sizeof(*table->columns));
    for (uint32_t i = 0; i < table->columns_n; i++)
        table->columns[i] = read_column(arena, rows, (int)i);
    return true;
}

/* Takes the rows [from, to) of one index as the key, if it can be one. */
static bool take_key(struct target_table *table, const struct pg_result *rows, int from, int to)
{
    table->key_n = 0;
    table->key_nullable = false;
    if (to - from == 1 && is_true(pg_field(rows, from, 2)))
        return true;
    if (!is_true(pg_field(rows, from, 3)))
        return false;
    for (int i = from; i < to; i++) {
        struct str name = pg_field(rows, i, 1);
        uint32_t column =
            name.at == NULL ? table->columns_n : table_column(table, name, table->columns_n);

        if (column == table->columns_n)
            return false;
        table->key[table->key_n++] = column;
        table->key_nullable |= table->columns[column].nullable;
    }
    return true;
}

static bool read_key(struct pg *pg, struct arena *arena, struct target_table *table,
                     struct err *reterr)
{
    const char *params[] = {table->schema, table->name};
    CLEANUP(result) struct pg_result *rows = NULL;
    bool found = false;

    if (!pg_query(pg, keys_sql, params, 2, &rows, reterr))
        return false;
    table->key = arena_zalloc(arena, ((size_t)pg_rows(rows) + 1) * sizeof(*table->key));
    for (int from = 0, to = 0; from < pg_rows(rows); from = to) {
        for (to = from;
             to < pg_rows(rows) && str_eq(pg_field(rows, to, 0), pg_field(rows, from, 0));)
            to++;
        if (found)
            table->other_unique = true;
        else if ((found = take_key(table, rows, from, to)))
            table->key_drop_sql = arena_copy(arena, pg_field(rows, from, 4)).at;
    }
    if (!found)
        return err_stop(reterr, EX_CONFIG,
                        "table %s has no key to upsert by: ALTER TABLE %s ADD PRIMARY KEY (...), "
                        "or, where a key column may be NULL, ADD UNIQUE NULLS NOT DISTINCT (...)",
                        table->quoted, table->quoted);
    for (uint32_t i = 0; i < table->key_n; i++)
        table->columns[table->key[i]].is_key = true;
    return true;
}

bool catalog_table(struct pg *pg, struct arena *arena, const struct route *route, unsigned number,
                   struct target_table *ret, struct err *reterr)
{
    CLEANUP(buf) struct buf quoted = {0};
    struct target_table table = {
        .topic = route->topic, .schema = route->schema, .name = route->table};

    pg_quote_identifier(&quoted, route->schema);
    buf_char(&quoted, '.');
    pg_quote_identifier(&quoted, route->table);
    table.quoted = arena_copy(arena, buf_str(&quoted)).at;
    if (!read_columns(pg, arena, &table, reterr) || !read_key(pg, arena, &table, reterr))
        return false;
    table_statements(arena, &table, number);
    *ret = table;
    return true;
}
