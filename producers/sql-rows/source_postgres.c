#include "source.h"
#include "statement.h"

enum { PARAMS_MAX = 64, FETCH_ROWS = 5000, ROW_MAX = 1664 };

struct postgres {
    struct source source; /* first */
    struct pg *pg;
};

static struct pg *handle(struct source *source)
{
    return ((struct postgres *)source)->pg;
}

static void cleanup_result(struct pg_result **result)
{
    pg_result_free(*result);
}

/* An SQL mistake in the user's statement is his to mend. */
static bool fail(struct err *reterr)
{
    if (reterr->kind == ERR_DEAD_LETTER)
        reterr->kind = ERR_STOP;
    if (reterr->kind == ERR_STOP && reterr->exit_status == EX_SOFTWARE)
        reterr->exit_status = EX_CONFIG;
    return false;
}

static bool begin(struct source *source, struct source_moment *ret, struct err *reterr)
{
    struct pg_result *result CLEANUP(result) = NULL;

    if (!pg_script(handle(source), "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", reterr) ||
        !pg_query(handle(source),
                  "SELECT pg_snapshot_xmin(s)::text, pg_snapshot_xmax(s)::text, current_database()"
                  "  FROM pg_current_snapshot() AS s",
                  NULL, 0, &result, reterr))
        return fail(reterr);
    *ret = (struct source_moment){.has_horizon = true,
                                  .horizon = strtoull(pg_field(result, 0, 0).at, NULL, 10),
                                  .next_xid = strtoull(pg_field(result, 0, 1).at, NULL, 10)};
    snprintf(ret->database, sizeof(ret->database), "%.*s", STR_ARG(pg_field(result, 0, 2)));
    return true;
}

static bool end(struct source *source, struct err *reterr)
{
    return pg_script(handle(source), "COMMIT", reterr) || fail(reterr);
}

/* The parameters as terminated texts; they live in the arena. */
static const char *const *texts(const struct source_query *query, struct arena *arena)
{
    const char **values = arena_alloc(arena, (query->params_n + 1) * sizeof(*values));

    for (size_t i = 0; i < query->params_n; i++)
        values[i] = query->params[i].class == SOURCE_NULL
                        ? NULL
                        : arena_copy(arena, query->params[i].text).at;
    return values;
}

static bool ask(struct source *source, const char *sql, const struct source_query *query,
                struct pg_result **ret, struct err *reterr)
{
    struct arena *arena CLEANUP(arena) = arena_new(1 << 16);

    return pg_query(handle(source), sql, texts(query, arena), (int)query->params_n, ret, reterr) ||
           fail(reterr);
}

static bool describe(struct source *source, const struct source_query *query, struct arena *arena,
                     struct source_columns *ret, struct err *reterr)
{
    struct pg_result *result CLEANUP(result) = NULL;
    struct buf sql CLEANUP(buf) = {0};

    buf_printf(&sql, "SELECT * FROM (%s) AS described LIMIT 0", query->sql);
    if (!ask(source, buf_cstr(&sql), query, &result, reterr))
        return false;
    size_t n = (size_t)pg_columns(result);
    struct debezium_column *columns = arena_zalloc(arena, (n + 1) * sizeof(*columns));
    for (size_t i = 0; i < n; i++) {
        columns[i].name = arena_copy(arena, str_of(pg_column_name(result, (int)i))).at;
        columns[i].type_oid = pg_column_type(result, (int)i, &columns[i].typmod);
    }
    *ret = (struct source_columns){columns, (uint16_t)n};
    return true;
}

static bool primary_key(struct source *source, const char *table, struct arena *arena,
                        struct source_key *ret, struct err *reterr)
{
    struct pg_result *result CLEANUP(result) = NULL;
    struct buf name CLEANUP(buf) = {0};

    statement_identifier(&name, table, true);
    const char *const params[] = {buf_cstr(&name)};
    if (!pg_query(handle(source),
                  "SELECT a.attname FROM pg_index i"
                  " CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, at)"
                  " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum"
                  " WHERE i.indrelid = $1::regclass AND i.indisprimary AND k.at <= i.indnkeyatts"
                  " ORDER BY k.at",
                  params, 1, &result, reterr))
        return fail(reterr);
    size_t n = (size_t)pg_rows(result);
    const char **names = arena_alloc(arena, (n + 1) * sizeof(*names));
    for (size_t i = 0; i < n; i++)
        names[i] = arena_copy(arena, pg_field(result, (int)i, 0)).at;
    *ret = (struct source_key){names, n};
    return true;
}

static bool hand_out(const struct pg_result *result, source_row_fn *each, void *arg,
                     struct err *reterr)
{
    struct source_value values[ROW_MAX];
    int n = pg_columns(result);

    for (int row = 0; row < pg_rows(result); row++) {
        for (int i = 0; i < n && i < ROW_MAX; i++) {
            struct str text = pg_field(result, row, i);

            values[i] = (struct source_value){text.at == NULL ? SOURCE_NULL : SOURCE_TEXT, text};
        }
        if (!each(arg, values, (uint16_t)n, reterr))
            return false;
    }
    return true;
}

/* By a cursor, so that no more than some thousand rows are held at once. */
static bool fetch_whole(struct source *source, const struct source_query *query,
                        source_row_fn *each, void *arg, int64_t *ret_rows, struct err *reterr)
{
    struct buf sql CLEANUP(buf) = {0};
    int64_t rows = 0;
    int n;

    buf_printf(&sql, "DECLARE sluice_rows NO SCROLL CURSOR FOR %s", query->sql);
    if (!ask(source, buf_cstr(&sql), query, NULL, reterr))
        return false;
    buf_clear(&sql);
    buf_printf(&sql, "FETCH FORWARD %d FROM sluice_rows", FETCH_ROWS);
    do {
        struct pg_result *result CLEANUP(result) = NULL;

        if (!pg_query(handle(source), buf_cstr(&sql), NULL, 0, &result, reterr))
            return fail(reterr);
        n = pg_rows(result);
        rows += n;
        if (!hand_out(result, each, arg, reterr))
            return false;
    } while (n == FETCH_ROWS);
    *ret_rows = rows;
    return pg_script(handle(source), "CLOSE sluice_rows", reterr) || fail(reterr);
}

static bool fetch(struct source *source, const struct source_query *query, source_row_fn *each,
                  void *arg, int64_t *ret_rows, struct err *reterr)
{
    struct pg_result *result CLEANUP(result) = NULL;

    if (query->whole)
        return fetch_whole(source, query, each, arg, ret_rows, reterr);
    if (!ask(source, query->sql, query, &result, reterr))
        return false;
    *ret_rows = pg_rows(result);
    return hand_out(result, each, arg, reterr);
}

static void close_postgres(struct source *source)
{
    pg_close(handle(source));
    free(source);
}

bool source_postgres_open(const struct rows_options *options, struct source **ret,
                          struct err *reterr)
{
    static const struct source_kind kind = {.name = "postgresql",
                                            .begin = begin,
                                            .describe = describe,
                                            .primary_key = primary_key,
                                            .fetch = fetch,
                                            .end = end,
                                            .close = close_postgres};
    struct pg *pg = NULL;

    if (!pg_connect(&options->postgres, "sluice-sql-rows", PG_ORDINARY, &pg, reterr))
        return false;
    struct postgres *postgres = err_calloc(1, sizeof(*postgres));
    postgres->source.kind = &kind;
    postgres->pg = pg;
    *ret = &postgres->source;
    return true;
}
