#include "load.h"
#include "source_sqlite.h"
#include "statement.h"

struct load_table {
    sqlite3 *db;
    sqlite3_stmt *insert;
    size_t columns_n;
    bool open; /* a transaction is */
};

static bool run(sqlite3 *db, const char *sql, const char *doing, struct err *reterr)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK || sqlite_fail(db, doing, reterr);
}

static bool make(sqlite3 *db, const char *table, const char *ddl, struct err *reterr)
{
    struct buf drop CLEANUP(buf) = {0};

    buf_puts(&drop, "DROP TABLE IF EXISTS ");
    statement_identifier(&drop, table, false);
    return run(db, buf_cstr(&drop), "--into", reterr) && run(db, ddl, "--ddl", reterr);
}

static bool prepare_insert(struct load_table *table, const char *name, const struct str *columns,
                           struct err *reterr)
{
    struct buf sql CLEANUP(buf) = {0};

    buf_puts(&sql, "INSERT INTO ");
    statement_identifier(&sql, name, false);
    buf_puts(&sql, " (");
    for (size_t i = 0; i < table->columns_n; i++) {
        struct buf column CLEANUP(buf) = {0};

        buf_put(&column, columns[i]);
        buf_puts(&sql, i == 0 ? "" : ", ");
        statement_identifier(&sql, buf_cstr(&column), false);
    }
    buf_puts(&sql, ") VALUES (");
    for (size_t i = 0; i < table->columns_n; i++)
        buf_puts(&sql, i == 0 ? "?" : ", ?");
    buf_char(&sql, ')');
    return sqlite3_prepare_v2(table->db, buf_cstr(&sql), -1, &table->insert, NULL) == SQLITE_OK ||
           sqlite_fail(table->db, "--load-csv: the header and the table don't fit", reterr);
}

/* NOLINTNEXTLINE(readability-function-size): seven parameters say it best */
bool load_table_begin(struct source *source, const char *name, const char *ddl,
                      const struct str *columns, size_t columns_n, struct load_table **ret,
                      struct err *reterr)
{
    struct load_table *table = err_calloc(1, sizeof(*table));

    table->db = ((struct sqlite *)source)->db;
    table->columns_n = columns_n;
    table->open = run(table->db, "BEGIN IMMEDIATE", "--load-csv", reterr);
    if (!table->open || !make(table->db, name, ddl, reterr) ||
        !prepare_insert(table, name, columns, reterr)) {
        load_table_free(table);
        return false;
    }
    *ret = table;
    return true;
}

bool load_table_row(struct load_table *table, const struct source_value *values, struct err *reterr)
{
    for (size_t i = 0; i < table->columns_n; i++) {
        const struct source_value *value = &values[i];
        int status = value->class == SOURCE_NULL
                         ? sqlite3_bind_null(table->insert, (int)i + 1)
                         : sqlite3_bind_text(table->insert, (int)i + 1,
                                             value->text.len == 0 ? "" : value->text.at,
                                             (int)value->text.len, SQLITE_STATIC);
        if (status != SQLITE_OK)
            return sqlite_fail(table->db, "--load-csv", reterr);
    }
    int status = sqlite3_step(table->insert);
    if (status != SQLITE_DONE) {
        bool refused = (status & 0xFF) == SQLITE_CONSTRAINT || (status & 0xFF) == SQLITE_MISMATCH;

        if (refused)
            err_sql(reterr, ERR_DEAD_LETTER, "23000", "%s", sqlite3_errmsg(table->db));
        else
            sqlite_fail(table->db, "--load-csv", reterr);
    }
    sqlite3_reset(table->insert);
    return status == SQLITE_DONE;
}

bool load_table_commit(struct load_table *table, struct err *reterr)
{
    sqlite3_finalize(table->insert);
    table->insert = NULL;
    if (!run(table->db, "COMMIT", "--load-csv", reterr))
        return false;
    table->open = false;
    return true;
}

struct load_table *load_table_free(struct load_table *table)
{
    if (table == NULL)
        return NULL;
    sqlite3_finalize(table->insert);
    if (table->open)
        sqlite3_exec(table->db, "ROLLBACK", NULL, NULL, NULL);
    free(table);
    return NULL;
}
