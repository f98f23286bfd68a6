/*
 * Filling a SQLite table from a CSV file before a run: the table is made anew under its declared
 * DDL, and what a column is declared as decides what becomes of "007". All or nothing: other
 * readers of the database see the old table or the new one. An unquoted empty field is NULL. Lines
 * that can't be used go to a callback with the reason; the rest is loaded.
 */
#ifndef SLUICE_SQL_ROWS_LOAD_H
#define SLUICE_SQL_ROWS_LOAD_H

#include "source.h"

/*
 * Who is told of lines that were left out; what `each` gets is alive during the call. Nobody is when
 * the file's content is `known`: its lines were told before.
 */
struct load_dead {
    uint64_t known;
    bool (*each)(void *arg, int64_t line, struct str text, const struct err *reason,
                 struct err *reterr);
    void *arg;
};

/* How many rows were loaded, how many left out, and a hash of the file's bytes. */
struct loaded {
    int64_t rows, dead;
    uint64_t content;
};

/* Loads --load-csv. ERR_STOP when the file, its header or the DDL can't be used. */
WARN_UNUSED bool load_csv(struct source *source, const struct rows_options *options,
                          const struct load_dead *dead, struct loaded *ret, struct err *reterr);

/* The table being filled, in SQLite. */
struct load_table;

/* Begins a transaction, drops the table, runs the DDL and prepares for rows of these columns. */
WARN_UNUSED bool load_table_begin(struct source *source, const char *table, const char *ddl,
                                  const struct str *columns, size_t columns_n,
                                  struct load_table **ret, struct err *reterr);

/* Adds a row: a value a column. ERR_DEAD_LETTER when a constraint refuses it. */
WARN_UNUSED bool load_table_row(struct load_table *table, const struct source_value *values,
                                struct err *reterr);

/* Commits. */
WARN_UNUSED bool load_table_commit(struct load_table *table, struct err *reterr);

/* Frees, rolling back what was not committed. NULL is fine. Returns NULL. */
struct load_table *load_table_free(struct load_table *table);

#endif
