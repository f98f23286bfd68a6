#include "source_sqlite.h"
#include "declared.h"
#include "statement.h"

enum { BUSY_MS = 5000 };

static struct sqlite *own(struct source *source)
{
    return (struct sqlite *)source;
}

bool sqlite_fail(sqlite3 *db, const char *doing, struct err *reterr)
{
    const char *text = sqlite3_errmsg(db),
               *file = db == NULL ? NULL : sqlite3_db_filename(db, NULL);

    if (file == NULL || *file == '\0')
        file = ":memory:";
    switch (sqlite3_errcode(db) & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_IOERR:
        return err_set(reterr, ERR_RETRY, "SQLite %s: %s: %s", file, doing, text);
    case SQLITE_CANTOPEN:
        return err_stop(reterr, EX_NOINPUT, "SQLite %s: %s: %s", file, doing, text);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return err_stop(reterr, EX_DATAERR, "SQLite %s: %s: %s", file, doing, text);
    case SQLITE_FULL:
        return err_stop(reterr, EX_CANTCREAT, "SQLite %s: %s: %s", file, doing, text);
    default:
        return err_stop(reterr, EX_CONFIG, "SQLite %s: %s: %s", file, doing, text);
    }
}

static bool run(struct source *source, const char *sql, struct err *reterr)
{
    return sqlite3_exec(own(source)->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
           sqlite_fail(own(source)->db, sql, reterr);
}

/* The first read takes the snapshot. */
static bool begin(struct source *source, struct source_moment *ret, struct err *reterr)
{
    if (!run(source, "BEGIN", reterr) || !run(source, "SELECT 1 FROM sqlite_schema", reterr))
        return false;
    *ret = (struct source_moment){.has_horizon = false};
    return true;
}

static bool end(struct source *source, struct err *reterr)
{
    return run(source, "COMMIT", reterr);
}

static int bind_one(sqlite3_stmt *statement, int at, const struct source_value *value)
{
    char number[64];

    snprintf(number, sizeof(number), "%.*s", STR_ARG(value->text));
    switch (value->class) {
    case SOURCE_NULL:
        return sqlite3_bind_null(statement, at);
    case SOURCE_INTEGER:
        return sqlite3_bind_int64(statement, at, strtoll(number, NULL, 10));
    case SOURCE_REAL:
        return sqlite3_bind_double(statement, at, strtod(number, NULL));
    case SOURCE_TEXT:
    case SOURCE_BLOB:
        break;
    }
    return sqlite3_bind_text(statement, at, value->text.len == 0 ? "" : value->text.at,
                             (int)value->text.len, SQLITE_TRANSIENT);
}

/* $1 is a parameter's name to SQLite. */
static bool bind(struct source *source, sqlite3_stmt *statement, const struct source_query *query,
                 struct err *reterr)
{
    for (size_t i = 0; i < query->params_n; i++) {
        char name[24];

        snprintf(name, sizeof(name), "$%zu", i + 1);
        int at = sqlite3_bind_parameter_index(statement, name);
        if (at > 0 && bind_one(statement, at, &query->params[i]) != SQLITE_OK)
            return sqlite_fail(own(source)->db, "binding a parameter", reterr);
    }
    return true;
}

static bool prepare(struct source *source, const struct source_query *query, sqlite3_stmt **ret,
                    struct err *reterr)
{
    const char *rest = NULL;

    if (sqlite3_prepare_v2(own(source)->db, query->sql, -1, ret, &rest) != SQLITE_OK)
        return sqlite_fail(own(source)->db, "the query", reterr);
    if (*ret == NULL || *rest != '\0' || !sqlite3_stmt_readonly(*ret))
        return err_stop(reterr, EX_CONFIG, "SQLite: the query is not one SELECT");
    return bind(source, *ret, query, reterr);
}

static bool describe(struct source *source, const struct source_query *query, struct arena *arena,
                     struct source_columns *ret, struct err *reterr)
{
    sqlite3_stmt *statement CLEANUP(statement) = NULL;

    if (!prepare(source, query, &statement, reterr))
        return false;
    size_t n = (size_t)sqlite3_column_count(statement);
    struct debezium_column *columns = arena_zalloc(arena, (n + 1) * sizeof(*columns));
    for (size_t i = 0; i < n; i++) {
        columns[i].name = arena_copy(arena, str_of(sqlite3_column_name(statement, (int)i))).at;
        declared_type(sqlite3_column_decltype(statement, (int)i), &columns[i].type_oid,
                      &columns[i].typmod);
    }
    *ret = (struct source_columns){columns, (uint16_t)n};
    return true;
}

static bool primary_key(struct source *source, const char *table, struct arena *arena,
                        struct source_key *ret, struct err *reterr)
{
    const char *dot = strchr(table, '.');
    struct str schema = dot == NULL ? STR("main") : str_between(table, dot);
    const struct source_value params[] = {{SOURCE_TEXT, str_of(dot == NULL ? table : dot + 1)},
                                          {SOURCE_TEXT, schema}};
    const struct source_query query = {
        .sql = "SELECT name FROM pragma_table_info($1, $2) WHERE pk > 0 ORDER BY pk",
        .params = params,
        .params_n = 2};
    sqlite3_stmt *statement CLEANUP(statement) = NULL;
    const char **names = arena_alloc(arena, STATEMENT_COLUMNS_MAX * sizeof(*names));
    size_t n = 0;

    if (!prepare(source, &query, &statement, reterr))
        return false;
    while (sqlite3_step(statement) == SQLITE_ROW) {
        if (n == STATEMENT_COLUMNS_MAX)
            return err_stop(reterr, EX_CONFIG, "SQLite: the key of \"%s\" has too many columns",
                            table);
        names[n++] = arena_copy(arena, str_of((const char *)sqlite3_column_text(statement, 0))).at;
    }
    *ret = (struct source_key){names, n};
    return true;
}

static void hex(struct buf *out, const unsigned char *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";

    buf_puts(out, "\\x");
    for (size_t i = 0; i < len; i++) {
        buf_char(out, digits[bytes[i] >> 4]);
        buf_char(out, digits[bytes[i] & 15]);
    }
}

/* The value in text form; views of `text` or of the statement's row. */
static struct source_value value_of(sqlite3_stmt *statement, int i, struct buf *text)
{
    buf_clear(text);
    switch (sqlite3_column_type(statement, i)) {
    case SQLITE_INTEGER:
        buf_i64(text, sqlite3_column_int64(statement, i));
        return (struct source_value){SOURCE_INTEGER, buf_str(text)};
    case SQLITE_FLOAT:
        declared_real(text, sqlite3_column_double(statement, i));
        return (struct source_value){SOURCE_REAL, buf_str(text)};
    case SQLITE_TEXT: {
        const char *at = (const char *)sqlite3_column_text(statement, i);
        return (struct source_value){SOURCE_TEXT, {at, (size_t)sqlite3_column_bytes(statement, i)}};
    }
    case SQLITE_BLOB: {
        const void *at = sqlite3_column_blob(statement, i);
        hex(text, at, (size_t)sqlite3_column_bytes(statement, i));
        return (struct source_value){SOURCE_BLOB, buf_str(text)};
    }
    default:
        return (struct source_value){SOURCE_NULL, STR_NONE};
    }
}

static void make_texts(struct sqlite *sqlite, size_t n)
{
    if (n <= sqlite->texts_n)
        return;
    sqlite->texts = err_realloc(sqlite->texts, n * sizeof(*sqlite->texts));
    memset(sqlite->texts + sqlite->texts_n, 0, (n - sqlite->texts_n) * sizeof(*sqlite->texts));
    sqlite->texts_n = n;
}

static bool fetch(struct source *source, const struct source_query *query, source_row_fn *each,
                  void *arg, int64_t *ret_rows, struct err *reterr)
{
    sqlite3_stmt *statement CLEANUP(statement) = NULL;
    int64_t rows = 0;
    int outcome;

    if (!prepare(source, query, &statement, reterr))
        return false;
    size_t n = (size_t)sqlite3_column_count(statement);
    struct source_value *values CLEANUP(free) = err_calloc(n + 1, sizeof(*values));
    make_texts(own(source), n);
    while ((outcome = sqlite3_step(statement)) == SQLITE_ROW) {
        for (size_t i = 0; i < n; i++)
            values[i] = value_of(statement, (int)i, &own(source)->texts[i]);
        rows++;
        if (!each(arg, values, (uint16_t)n, reterr))
            return false;
    }
    if (outcome != SQLITE_DONE)
        return sqlite_fail(own(source)->db, "reading", reterr);
    *ret_rows = rows;
    return true;
}

static void close_sqlite(struct source *source)
{
    struct sqlite *sqlite = own(source);

    for (size_t i = 0; i < sqlite->texts_n; i++)
        buf_done(&sqlite->texts[i]);
    free(sqlite->texts);
    sqlite3_close(sqlite->db);
    free(sqlite);
}

bool source_sqlite_open(const struct rows_options *options, struct source **ret, struct err *reterr)
{
    static const struct source_kind kind = {.name = "sqlite",
                                            .begin = begin,
                                            .describe = describe,
                                            .primary_key = primary_key,
                                            .fetch = fetch,
                                            .end = end,
                                            .close = close_sqlite};
    int flags =
        options->csv != NULL ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    struct sqlite *sqlite = err_calloc(1, sizeof(*sqlite));

    sqlite->source.kind = &kind;
    if (sqlite3_open_v2(options->sqlite, &sqlite->db, flags, NULL) != SQLITE_OK) {
        if (sqlite->db == NULL)
            err_no_memory(0);
        sqlite_fail(sqlite->db, options->sqlite, reterr);
        close_sqlite(&sqlite->source);
        return false;
    }
    sqlite3_busy_timeout(sqlite->db, BUSY_MS);
    *ret = &sqlite->source;
    return true;
}
