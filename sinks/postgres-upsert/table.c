#include "table.h"

#include "base/buf.h"
#include "postgres/connection.h"

static const char *keep(struct arena *arena, struct buf *text)
{
    const char *kept = arena_copy(arena, buf_str(text)).at;

    buf_clear(text);
    return kept;
}

static const char *wire_array(const struct target_column *column)
{
    static const char *const names[] = {"text[]", "int2[]", "int4[]", "int8[]"};

    return names[column->wire];
}

/* `unnest($1::int8[],$2::text[]) AS x(c0,c1)` over the given columns. */
static void put_unnest(struct buf *out, const struct target_table *table, const uint32_t *columns,
                       uint32_t n)
{
    buf_puts(out, "unnest(");
    for (uint32_t i = 0; i < n; i++)
        buf_printf(out, "%s$%u::%s", i == 0 ? "" : ",", i + 1,
                   wire_array(&table->columns[columns[i]]));
    buf_puts(out, ") AS x(");
    for (uint32_t i = 0; i < n; i++)
        buf_printf(out, "%sc%u", i == 0 ? "" : ",", columns[i]);
    buf_char(out, ')');
}

/* `x.c1::numeric` */
static void put_value(struct buf *out, const struct target_table *table, uint32_t column)
{
    buf_printf(out, "x.c%u::%s", column, table->columns[column].type);
}

/* A list of columns, each with `prefix` before it, separated by commas. */
static void put_columns(struct buf *out, const struct target_table *table, const uint32_t *columns,
                        uint32_t n, const char *prefix)
{
    for (uint32_t i = 0; i < n; i++) {
        buf_puts(out, i == 0 ? "" : ",");
        buf_puts(out, prefix);
        pg_quote_identifier(out, table->columns[columns[i]].name);
    }
}

/*
 * A row is rewritten only when a byte of it differs: `*<>` compares images, so that 1.0
 * becomes 1.00 and a json column, which has no equality, works as any other. The casts keep
 * PostgreSQL from taking the rows apart.
 */
static void put_update(struct buf *out, const struct target_table *table, const uint32_t *columns,
                       uint32_t n)
{
    if (n == 0) {
        buf_puts(out, "DO NOTHING");
        return;
    }
    buf_puts(out, "DO UPDATE SET ");
    for (uint32_t i = 0; i < n; i++) {
        buf_puts(out, i == 0 ? "" : ",");
        pg_quote_identifier(out, table->columns[columns[i]].name);
        buf_puts(out, "=EXCLUDED.");
        pg_quote_identifier(out, table->columns[columns[i]].name);
    }
    buf_puts(out, " WHERE ROW(");
    put_columns(out, table, columns, n, "t.");
    buf_puts(out, ")::record *<> ROW(");
    put_columns(out, table, columns, n, "EXCLUDED.");
    buf_puts(out, ")::record");
}

static void put_upsert(struct buf *out, const struct target_table *table, uint32_t *scratch)
{
    uint32_t n = table->columns_n;

    for (uint32_t i = 0; i < n; i++)
        scratch[i] = i;
    buf_printf(out, "INSERT INTO %s AS t (", table->quoted);
    put_columns(out, table, scratch, n, "");
    buf_puts(out, ") SELECT ");
    for (uint32_t i = 0; i < n; i++) {
        buf_puts(out, i == 0 ? "" : ",");
        put_value(out, table, i);
    }
    buf_puts(out, " FROM ");
    put_unnest(out, table, scratch, n);
    buf_puts(out, " ON CONFLICT (");
    if (table->key_n == 0)
        buf_puts(out, "(true)");
    put_columns(out, table, table->key, table->key_n, "");
    buf_puts(out, ") ");
    uint32_t written = 0;
    for (uint32_t i = 0; i < n; i++)
        if (!table->columns[i].is_key || !table->columns[i].same_by_bytes)
            scratch[written++] = i;
    put_update(out, table, scratch, written);
}

static void put_delete(struct buf *out, const struct target_table *table, bool nulls)
{
    buf_printf(out, "DELETE FROM %s AS t", table->quoted);
    if (table->key_n == 0)
        return;
    buf_puts(out, " USING ");
    put_unnest(out, table, table->key, table->key_n);
    for (uint32_t i = 0; i < table->key_n; i++) {
        const struct target_column *column = &table->columns[table->key[i]];
        bool or_null = nulls && column->nullable;

        buf_puts(out, i == 0 ? " WHERE " : " AND ");
        buf_puts(out, or_null ? "(t." : "t.");
        pg_quote_identifier(out, column->name);
        buf_char(out, '=');
        put_value(out, table, table->key[i]);
        if (or_null) {
            buf_puts(out, " OR (t.");
            pg_quote_identifier(out, column->name);
            buf_printf(out, " IS NULL AND x.c%u IS NULL))", table->key[i]);
        }
    }
}

/* The record equality of `s = ROW(...)` takes NULL for equal to NULL and can be hashed. */
static void put_resync(struct arena *arena, struct target_table *table, struct buf *out,
                       unsigned number)
{
    bool single = table->key_n == 0;

    if (single)
        buf_printf(out, "CREATE TEMP TABLE seen_%u (one boolean)", number);
    else
        buf_printf(out, "CREATE TEMP TABLE seen_%u AS SELECT ", number);
    put_columns(out, table, table->key, table->key_n, "");
    if (!single)
        buf_printf(out, " FROM %s WITH NO DATA", table->quoted);
    table->seen_create_sql = keep(arena, out);

    buf_printf(out, "INSERT INTO pg_temp.seen_%u ", number);
    buf_puts(out, single ? "VALUES (true)" : "SELECT ");
    for (uint32_t i = 0; i < table->key_n; i++) {
        buf_puts(out, i == 0 ? "" : ",");
        put_value(out, table, table->key[i]);
    }
    if (!single) {
        buf_puts(out, " FROM ");
        put_unnest(out, table, table->key, table->key_n);
    }
    table->seen_sql = keep(arena, out);

    buf_printf(out, "DELETE FROM %s AS t WHERE NOT EXISTS (SELECT FROM pg_temp.seen_%u AS s",
               table->quoted, number);
    if (!single) {
        buf_puts(out, " WHERE s = ROW(");
        put_columns(out, table, table->key, table->key_n, "t.");
        buf_char(out, ')');
    }
    buf_char(out, ')');
    table->purge_sql = keep(arena, out);
}

void table_statements(struct arena *arena, struct target_table *table, unsigned number)
{
    CLEANUP(buf) struct buf out = {0};
    uint32_t *scratch = arena_alloc(arena, table->columns_n * sizeof(*scratch));

    put_upsert(&out, table, scratch);
    table->upsert_sql = keep(arena, &out);
    put_delete(&out, table, false);
    table->delete_sql = keep(arena, &out);
    put_delete(&out, table, true);
    table->delete_null_sql = keep(arena, &out);
    put_resync(arena, table, &out, number);
    table->upsert_name = arena_printf(arena, "upsert_%u of %s", number, table->quoted);
    table->delete_name = arena_printf(arena, "delete_%u of %s", number, table->quoted);
    table->delete_null_name = arena_printf(arena, "delete_null_%u of %s", number, table->quoted);
    table->seen_name = arena_printf(arena, "seen_%u", number);
    table->purge_name = arena_printf(arena, "purge_%u", number);
}

uint32_t table_column(const struct target_table *table, struct str name, uint32_t guess)
{
    if (guess < table->columns_n && str_eq_c(name, table->columns[guess].name))
        return guess;
    for (uint32_t i = 0; i < table->columns_n; i++)
        if (str_eq_c(name, table->columns[i].name))
            return i;
    return table->columns_n;
}
