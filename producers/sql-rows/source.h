/*
 * A database that is asked for rows, whatever its kind: what it must be able to do. Values come as
 * PostgreSQL's text whatever the database; a statement's parameters are $1, $2 ... and go as
 * values, never into the text. Not here: which statements are asked (statement.h).
 */
#ifndef SLUICE_SQL_ROWS_SOURCE_H
#define SLUICE_SQL_ROWS_SOURCE_H

#include "base/arena.h"
#include "options.h"
#include "record/debezium.h"

/*
 * How a value lay in the source. PostgreSQL's are all of the column's type (TEXT here); SQLite's
 * have a class of their own, which a comparison must keep.
 */
enum source_class { SOURCE_NULL, SOURCE_TEXT, SOURCE_INTEGER, SOURCE_REAL, SOURCE_BLOB };

/* A value in text form; `text` is empty for SOURCE_NULL. */
struct source_value {
    enum source_class class;
    struct str text;
};

/* A statement with its parameters. */
struct source_query {
    const char *sql;
    const struct source_value *params;
    size_t params_n;
    bool whole; /* no LIMIT stands in it: the answer must not be held in memory at once */
};

/* What the answer's columns are called and declared as; alive as long as the arena they are in. */
struct source_columns {
    struct debezium_column *columns;
    uint16_t n;
};

/* The names of a table's key, in key order; n 0: it has none. */
struct source_key {
    const char **names;
    size_t n;
};

/* The state of the database that one run sees. */
struct source_moment {
    bool has_horizon;
    uint64_t horizon, next_xid; /* every transaction below the horizon has ended */
    char database[64];          /* PostgreSQL's */
};

/* One row of the answer, alive during the call; false ends the reading with *reterr. */
typedef bool source_row_fn(void *arg, const struct source_value *values, uint16_t n,
                           struct err *reterr);

struct source;

/* The kinds of databases. Every function but close may fail ERR_RETRY (the database is away: close
 * and open again) or ERR_STOP. */
struct source_kind {
    const char *name;
    /* Begins a run: until `end` all that is asked sees one state of the database. */
    bool (*begin)(struct source *source, struct source_moment *ret, struct err *reterr);
    /* The columns that the statement would give; nothing is read. */
    bool (*describe)(struct source *source, const struct source_query *query, struct arena *arena,
                     struct source_columns *ret, struct err *reterr);
    /* The columns of a table's primary key in key order, into the arena. */
    bool (*primary_key)(struct source *source, const char *table, struct arena *arena,
                        struct source_key *ret, struct err *reterr);
    /* Runs the statement and hands every row to `each`; *ret_rows: how many. */
    bool (*fetch)(struct source *source, const struct source_query *query, source_row_fn *each,
                  void *arg, int64_t *ret_rows, struct err *reterr);
    /* Ends the run. */
    bool (*end)(struct source *source, struct err *reterr);
    void (*close)(struct source *source);
};

/* What every source begins with. */
struct source {
    const struct source_kind *kind;
};

/* Opens the PostgreSQL of the options. Free with source_close. */
WARN_UNUSED bool source_postgres_open(const struct rows_options *options, struct source **ret,
                                      struct err *reterr);

/* Opens the SQLite database of the options, ":memory:" included. Free with source_close. */
WARN_UNUSED bool source_sqlite_open(const struct rows_options *options, struct source **ret,
                                    struct err *reterr);

/* NULL is fine. Returns NULL. */
static inline struct source *source_close(struct source *source)
{
    if (source != NULL)
        source->kind->close(source);
    return NULL;
}

DEFINE_CLEANUP(source, struct source *, source_close);

#endif
