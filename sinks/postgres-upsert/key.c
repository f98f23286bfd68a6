#include "key.h"

#include "postgres/connection.h"
#include "record/json.h"

/* A record's key, taken apart: its names, quoted, and how they lie to the table's columns. */
struct names {
    struct buf list;
    bool *in_key; /* one a column: the record's key holds it */
    uint32_t n, key_n;
    bool nullable, no_column;
};

static void cleanup_names(struct names *names)
{
    buf_done(&names->list);
}

static void take_name(const struct target_table *table, struct str name, struct arena *arena,
                      struct names *names)
{
    uint32_t column = table_column(table, name, table->columns_n);

    buf_puts(&names->list, names->n++ == 0 ? "" : ", ");
    pg_quote_identifier(&names->list, arena_copy(arena, name).at);
    if (column == table->columns_n) {
        names->no_column = true;
        return;
    }
    names->nullable |= table->columns[column].nullable;
    if (table->columns[column].is_key && !names->in_key[column]) {
        names->in_key[column] = true;
        names->key_n++;
    }
}

/* False: it is no object. */
static bool read_names(const struct target_table *table, struct str key, struct arena *arena,
                       struct names *names)
{
    struct json_cursor cursor = json_open(key);
    bool first = true, more = true;
    struct err ignored;

    if (key.at == NULL || !json_object_begin(&cursor, &ignored))
        return false;
    for (;;) {
        struct json_value value;
        struct str name;

        if (!json_object_next(&cursor, arena, &first, &more, &name, &ignored))
            return false;
        if (!more)
            return json_at_end(&cursor, &ignored);
        if (!json_read(&cursor, &value, &ignored))
            return false;
        take_name(table, name, arena, names);
    }
}

/* The statement that gives the table the records' key. */
static void put_mending(struct buf *out, const struct target_table *table, struct names *names)
{
    if (table->key_drop_sql != NULL)
        buf_printf(out, "%s; ", table->key_drop_sql);
    if (names->n == 0)
        buf_printf(out, "CREATE UNIQUE INDEX ON %s ((true))", table->quoted);
    else
        buf_printf(out, "ALTER TABLE %s ADD %s (%s)", table->quoted,
                   names->nullable ? "UNIQUE NULLS NOT DISTINCT" : "PRIMARY KEY",
                   buf_cstr(&names->list));
    if (names->no_column)
        buf_puts(out, ", with the columns that it lacks (sluice-views --ddl prints them)");
}

static bool differ(const struct target_table *table, struct names *names, struct err *reterr)
{
    CLEANUP(buf) struct buf own = {0};
    CLEANUP(buf) struct buf mending = {0};

    for (uint32_t i = 0; i < table->key_n; i++) {
        buf_puts(&own, i == 0 ? "" : ", ");
        pg_quote_identifier(&own, table->columns[table->key[i]].name);
    }
    put_mending(&mending, table, names);
    return err_stop(reterr, EX_CONFIG,
                    "topic %s: its records are keyed by (%s), table %s by (%s), which would "
                    "merge rows or keep old ones: %s",
                    table->topic, buf_cstr(&names->list), table->quoted, buf_cstr(&own),
                    buf_cstr(&mending));
}

bool key_fits(const struct target_table *table, struct str key, bool tombstone, struct arena *arena,
              bool *ret_told, struct err *reterr)
{
    CLEANUP(names) struct names names = {0};

    names.in_key = arena_zalloc(arena, table->columns_n * sizeof(*names.in_key));
    *ret_told = false;
    if (!read_names(table, key, arena, &names))
        return true;
    if (tombstone && names.key_n < table->key_n)
        return true;
    if (names.key_n != table->key_n || names.n != table->key_n)
        return differ(table, &names, reterr);
    *ret_told = true;
    return true;
}
