#include "view_store.h"

#include "base/buf.h"
#include <sqlite3.h>

enum statement { GET_BY, PUT, REMOVE, TOUCH, CHANGED, SETTLE, ROWS, STATEMENTS };

struct view_store {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
};

static const char setup[] =
    "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-8192;"
    "PRAGMA temp_store=FILE; PRAGMA locking_mode=EXCLUSIVE;"
    "CREATE TABLE rows(topic INTEGER, key BLOB, by BLOB, part INTEGER, pos INTEGER, value BLOB);"
    "CREATE UNIQUE INDEX rows_key ON rows(topic, key);"
    "CREATE INDEX rows_by ON rows(topic, by, part, pos);"
    "CREATE TABLE changed(topic INTEGER, by BLOB, PRIMARY KEY(topic, by)) WITHOUT ROWID;"
    "BEGIN;";

static bool failed(const struct view_store *store, struct err *reterr)
{
    bool full = sqlite3_errcode(store->db) == SQLITE_FULL ||
                (sqlite3_errcode(store->db) & 0xFF) == SQLITE_IOERR;

    return err_stop(reterr, full ? EX_CANTCREAT : EX_SOFTWARE,
                    "the rows for the snapshot can't be kept in a temporary file%s: %s",
                    full ? " (SQLITE_TMPDIR, TMPDIR)" : "", sqlite3_errmsg(store->db));
}

/* "json_extract(value, '$."after"."day"'), ": quotes doubled for SQL; a member's own quotes can't
 * be said. */
static void order_terms(struct buf *out, const struct option_list *order_by, const char *row_from)
{
    for (size_t i = 0; order_by != NULL && i < order_by->n; i++) {
        buf_puts(out, "json_extract(CAST(value AS TEXT), '$");
        if (row_from != NULL)
            buf_printf(out, ".\"%s\"", row_from);
        buf_puts(out, ".\"");
        for (const char *at = order_by->items[i]; *at != '\0'; at++)
            buf_printf(out, *at == '\'' ? "''" : "%c", *at);
        buf_puts(out, "\"'), ");
    }
}

static bool prepare(struct view_store *store, enum statement which, const char *sql,
                    struct err *reterr)
{
    return sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
                              &store->statements[which], NULL) == SQLITE_OK ||
           failed(store, reterr);
}

static bool prepare_all(struct view_store *store, const struct option_list *order_by,
                        const char *row_from, struct err *reterr)
{
    CLEANUP(buf) struct buf rows = {0};

    buf_puts(&rows, "SELECT part, pos, key, value FROM rows WHERE topic=?1 AND by=?2 ORDER BY ");
    order_terms(&rows, order_by, row_from);
    buf_puts(&rows, "part, pos");
    return prepare(store, GET_BY, "SELECT by FROM rows WHERE topic=?1 AND key=?2", reterr) &&
           prepare(store, PUT,
                   "INSERT INTO rows VALUES(?1,?2,?3,?4,?5,?6) ON CONFLICT(topic, key) DO UPDATE "
                   "SET by=excluded.by, part=excluded.part, pos=excluded.pos, value=excluded.value",
                   reterr) &&
           prepare(store, REMOVE, "DELETE FROM rows WHERE topic=?1 AND key=?2", reterr) &&
           prepare(store, TOUCH, "INSERT OR IGNORE INTO changed VALUES(?1,?2)", reterr) &&
           prepare(store, CHANGED,
                   "SELECT by, (SELECT count(*) FROM rows r WHERE r.topic=c.topic AND r.by=c.by) "
                   "FROM changed c WHERE topic=?1 ORDER BY by",
                   reterr) &&
           prepare(store, SETTLE, "DELETE FROM changed WHERE topic=?1", reterr) &&
           prepare(store, ROWS, buf_cstr(&rows), reterr);
}

bool view_store_open(const struct option_list *order_by, const char *row_from,
                     struct view_store **ret, struct err *reterr)
{
    struct view_store *store = err_calloc(1, sizeof(*store));

    if (sqlite3_open("", &store->db) != SQLITE_OK ||
        sqlite3_exec(store->db, setup, NULL, NULL, NULL) != SQLITE_OK) {
        failed(store, reterr);
        view_store_close(store);
        return false;
    }
    if (!prepare_all(store, order_by, row_from, reterr)) {
        view_store_close(store);
        return false;
    }
    *ret = store;
    return true;
}

struct view_store *view_store_close(struct view_store *store)
{
    if (store == NULL)
        return NULL;
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(store->statements[i]);
    sqlite3_close(store->db);
    free(store);
    return NULL;
}

static void bind_blob(sqlite3_stmt *statement, int at, struct str bytes)
{
    sqlite3_bind_blob64(statement, at, bytes.at == NULL ? "" : bytes.at, bytes.len, SQLITE_STATIC);
}

static struct str blob(sqlite3_stmt *statement, int column)
{
    const void *at = sqlite3_column_blob(statement, column);

    return (struct str){at == NULL ? "" : at, (size_t)sqlite3_column_bytes(statement, column)};
}

/* The statement with its first two parameters, ready to be run. */
static sqlite3_stmt *bound(struct view_store *store, enum statement which, int topic,
                           struct str second)
{
    sqlite3_stmt *statement = store->statements[which];

    sqlite3_reset(statement);
    sqlite3_bind_int(statement, 1, topic);
    if (sqlite3_bind_parameter_count(statement) > 1)
        bind_blob(statement, 2, second);
    return statement;
}

static bool run(struct view_store *store, sqlite3_stmt *statement, struct err *reterr)
{
    bool well = sqlite3_step(statement) == SQLITE_DONE || failed(store, reterr);

    sqlite3_reset(statement);
    return well;
}

bool view_store_touch(struct view_store *store, int topic, struct str by, struct err *reterr)
{
    return run(store, bound(store, TOUCH, topic, by), reterr);
}

/* The part of the key's present row has changed, if it has one. */
static bool touch_former(struct view_store *store, int topic, struct str key, struct err *reterr)
{
    sqlite3_stmt *statement = bound(store, GET_BY, topic, key);
    int step = sqlite3_step(statement);
    bool well = step == SQLITE_ROW ? view_store_touch(store, topic, blob(statement, 0), reterr)
                                   : step == SQLITE_DONE || failed(store, reterr);

    sqlite3_reset(statement);
    return well;
}

bool view_store_put(struct view_store *store, const struct view_row *row, struct err *reterr)
{
    if (!touch_former(store, row->topic, row->key, reterr) ||
        !view_store_touch(store, row->topic, row->by, reterr))
        return false;
    sqlite3_stmt *statement = bound(store, PUT, row->topic, row->key);
    bind_blob(statement, 3, row->by);
    sqlite3_bind_int(statement, 4, row->partition);
    sqlite3_bind_int64(statement, 5, row->offset);
    bind_blob(statement, 6, row->value);
    return run(store, statement, reterr);
}

bool view_store_remove(struct view_store *store, int topic, struct str key, struct err *reterr)
{
    return touch_former(store, topic, key, reterr) &&
           run(store, bound(store, REMOVE, topic, key), reterr);
}

bool view_store_changed(struct view_store *store, int topic,
                        bool (*each)(void *arg, struct str by, int64_t rows, struct err *reterr),
                        void *arg, struct err *reterr)
{
    sqlite3_stmt *statement = bound(store, CHANGED, topic, STR_NONE);
    int step = 0;
    bool well = true;

    while (well && (step = sqlite3_step(statement)) == SQLITE_ROW)
        well = each(arg, blob(statement, 0), sqlite3_column_int64(statement, 1), reterr);
    well = well && (step == SQLITE_DONE || failed(store, reterr));
    sqlite3_reset(statement);
    return well;
}

bool view_store_settle(struct view_store *store, int topic, struct err *reterr)
{
    return run(store, bound(store, SETTLE, topic, STR_NONE), reterr);
}

bool view_store_rows(struct view_store *store, int topic, struct str by,
                     bool (*each)(void *arg, const struct view_row *row, struct err *reterr),
                     void *arg, struct err *reterr)
{
    sqlite3_stmt *statement = bound(store, ROWS, topic, by);
    int step = 0;
    bool well = true;

    while (well && (step = sqlite3_step(statement)) == SQLITE_ROW) {
        const struct view_row row = {.topic = topic,
                                     .partition = sqlite3_column_int(statement, 0),
                                     .offset = sqlite3_column_int64(statement, 1),
                                     .key = blob(statement, 2),
                                     .value = blob(statement, 3),
                                     .by = by};
        well = each(arg, &row, reterr);
    }
    well = well && (step == SQLITE_DONE || failed(store, reterr));
    sqlite3_reset(statement);
    return well;
}
