/*
 * What a report is and how it is shown, apart from the database: names to files, rows to a table
 * for a person. Pure but for reading the folder.
 */
#ifndef SLUICE_REPORT_REPORT_H
#define SLUICE_REPORT_REPORT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* A report: its name is the file's name without ".sql"; the text is one SELECT. */
struct report {
    const char *name, *sql;
};

/*
 * Reads FOLDER/NAME.sql, or with NAME "all" every *.sql of the folder, sorted by name. In the
 * arena. ERR_STOP (EX_NOINPUT) when there is none, naming those that are there.
 */
WARN_UNUSED bool report_load(const char *folder, const char *name, struct arena *arena,
                             struct report **ret, size_t *ret_n, struct err *reterr);

/* A result as text cells, row by row, the headings first; a cell with at NULL is NULL. `right[c]`:
 * the column is a number. */
struct report_table {
    const struct str *cells;
    const bool *right;
    size_t rows, columns; /* rows: the headings' row included */
};

/* Appends the table as psql draws it, the row count beneath. Width is counted in characters, not
 * bytes. */
void report_draw(struct buf *out, const struct report_table *table);

/* Appends "<name>_result_<YYYYmmdd_HHMMSS>.csv" for a moment in local time. */
void report_export_name(struct buf *out, const char *name, int64_t unix_us);

#endif
