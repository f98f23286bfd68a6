#include "sqlite.h"

#include "record/text.h"
#include <sqlite3.h>

struct requery {
    const struct plan *plan;
    sqlite3 *db;
    sqlite3_stmt **puts, **deletes; /* by source; NULL: not read */
    sqlite3_stmt *query;
    struct buf text;
};

static void check(const struct requery *requery, int status)
{
    if (status == SQLITE_OK || status == SQLITE_DONE || status == SQLITE_ROW)
        return;
    fprintf(stderr, "bench_views: SQLite: %s\n", sqlite3_errmsg(requery->db));
    exit(EX_SOFTWARE);
}

static void execute(struct requery *requery, const char *sql)
{
    check(requery, sqlite3_exec(requery->db, sql, NULL, NULL, NULL));
}

static sqlite3_stmt *prepare(struct requery *requery, const char *sql)
{
    sqlite3_stmt *statement = NULL;

    check(requery, sqlite3_prepare_v2(requery->db, sql, -1, &statement, NULL));
    return statement;
}

/* Appends the key's column names, `format` around each. */
static void put_key(struct buf *out, const struct schema *schema, const char *between,
                    const char *after)
{
    for (uint16_t i = 0; i < schema->key_n; i++)
        buf_printf(out, "%s\"%s\"%s", i == 0 ? "" : between, schema->columns[schema->key[i]].name,
                   after);
}

static void make_table(struct requery *requery, uint32_t i)
{
    const struct plan_source *source = &requery->plan->sources[i];
    struct buf *sql = &requery->text;

    buf_clear(sql);
    buf_printf(sql, "CREATE TABLE %s (", source->name);
    for (uint16_t c = 0; c < source->schema.columns_n; c++)
        buf_printf(sql, "\"%s\",", source->schema.columns[c].name);
    buf_puts(sql, "PRIMARY KEY (");
    put_key(sql, &source->schema, ",", "");
    buf_puts(sql, ")) WITHOUT ROWID");
    execute(requery, buf_cstr(sql));
    buf_clear(sql);
    buf_printf(sql, "INSERT OR REPLACE INTO %s VALUES (", source->name);
    for (uint16_t c = 0; c < source->schema.columns_n; c++)
        buf_puts(sql, c == 0 ? "?" : ",?");
    buf_char(sql, ')');
    requery->puts[i] = prepare(requery, buf_cstr(sql));
    buf_clear(sql);
    buf_printf(sql, "DELETE FROM %s WHERE ", source->name);
    put_key(sql, &source->schema, " AND ", " = ?");
    requery->deletes[i] = prepare(requery, buf_cstr(sql));
}

struct requery *requery_new(const struct plan *plan, const char *select)
{
    static const char *const schemas[] = {"acme", "shop", "tpch", "nexmark"};
    struct requery *requery = err_calloc(1, sizeof(*requery));
    char attach[64];

    requery->plan = plan;
    /* NOLINTBEGIN(bugprone-sizeof-expression): arrays of pointers are wanted */
    requery->puts = err_calloc(plan->sources_n, sizeof(sqlite3_stmt *));
    requery->deletes = err_calloc(plan->sources_n, sizeof(sqlite3_stmt *));
    /* NOLINTEND(bugprone-sizeof-expression) */
    check(requery, sqlite3_open(":memory:", &requery->db));
    for (size_t i = 0; i < sizeof(schemas) / sizeof(*schemas); i++) {
        snprintf(attach, sizeof(attach), "ATTACH ':memory:' AS %s", schemas[i]);
        execute(requery, attach);
    }
    for (uint32_t i = 0; i < plan->sources_n; i++)
        if (plan->sources[i].node != UINT32_MAX)
            make_table(requery, i);
    requery->query = prepare(requery, select);
    return requery;
}

struct requery *requery_free(struct requery *requery)
{
    if (requery == NULL)
        return NULL;
    for (uint32_t i = 0; i < requery->plan->sources_n; i++) {
        sqlite3_finalize(requery->puts[i]);
        sqlite3_finalize(requery->deletes[i]);
    }
    sqlite3_finalize(requery->query);
    sqlite3_close(requery->db);
    free(requery->puts);
    free(requery->deletes);
    buf_done(&requery->text);
    free(requery);
    return NULL;
}

/* Dates and times as text, which sorts as they do; numerics as doubles. */
static void bind(struct requery *requery, sqlite3_stmt *statement, int at, struct type type,
                 struct value value)
{
    struct buf *text = &requery->text;

    buf_clear(text);
    if (value.null) {
        check(requery, sqlite3_bind_null(statement, at));
        return;
    }
    switch (type.id) {
    case TYPE_INT2:
    case TYPE_INT4:
    case TYPE_INT8:
    case TYPE_BOOL:
        check(requery, sqlite3_bind_int64(statement, at, value.slot));
        return;
    default:
        text_print(text, type, value);
    }
    if (type.id == TYPE_NUMERIC)
        check(requery, sqlite3_bind_double(statement, at, strtod(buf_cstr(text), NULL)));
    else
        check(requery,
              sqlite3_bind_text(statement, at, text->at, (int)text->len, SQLITE_TRANSIENT));
}

static void run(struct requery *requery, sqlite3_stmt *statement)
{
    check(requery, sqlite3_step(statement));
    check(requery, sqlite3_reset(statement));
}

void requery_apply(struct requery *requery, const struct engine_event *events, uint32_t n)
{
    execute(requery, "BEGIN");
    for (uint32_t i = 0; i < n; i++) {
        const struct engine_event *event = &events[i];
        const struct schema *schema = &requery->plan->sources[event->source].schema;
        sqlite3_stmt *statement =
            event->op == 'd' ? requery->deletes[event->source] : requery->puts[event->source];

        for (uint16_t c = 0; event->op != 'd' && c < schema->columns_n; c++)
            bind(requery, statement, c + 1, schema->columns[c].type,
                 row_value(event->after, c, schema->columns[c].type.id));
        for (uint16_t k = 0; event->op == 'd' && k < schema->key_n; k++) {
            struct type type = schema->columns[schema->key[k]].type;

            bind(requery, statement, k + 1, type, row_value(event->key, schema->key[k], type.id));
        }
        run(requery, statement);
    }
    execute(requery, "COMMIT");
}

uint64_t requery_run(struct requery *requery)
{
    uint64_t rows = 0;
    int status;

    while ((status = sqlite3_step(requery->query)) == SQLITE_ROW)
        rows++;
    check(requery, status);
    check(requery, sqlite3_reset(requery->query));
    return rows;
}
