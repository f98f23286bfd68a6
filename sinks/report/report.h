/*
 * What a report is, apart from the database: files of a folder, each one SELECT with a name, and
 * what it may be asked with. Pure but for reading the folder.
 *
 * A file may say in its comments where it is served and what its parameters are:
 *
 *   -- GET /analytics/orders/top
 *   -- $1 status text = open, open|pending
 *   -- $2 limit integer = 3, 1..1000
 */
#ifndef SLUICE_REPORT_REPORT_H
#define SLUICE_REPORT_REPORT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum { REPORT_PARAMETERS_MAX = 8, REPORT_VALUE_BYTES_MAX = 256 };

/* "$N NAME TYPE = DEFAULT, MIN..MAX" or "... = DEFAULT, ONE|OTHER"; N is its place. */
struct report_parameter {
    const char *name;
    const char *fallback; /* NULL: it must be given */
    const char *choices;  /* of a text, between bars; NULL: any */
    bool is_integer;
    int64_t min, max;
};

/* A report: its name is the file's name without ".sql"; the text is one SELECT. */
struct report {
    const char *name, *sql;
    const char *path; /* where it is served beside /reports/NAME, or NULL */
    struct report_parameter parameters[REPORT_PARAMETERS_MAX];
    size_t parameters_n;
};

/*
 * Reads FOLDER/NAME.sql, or with NAME "all" every *.sql of the folder, sorted by name. In the
 * arena. ERR_STOP (EX_NOINPUT) when there is none, naming those that are there.
 */
WARN_UNUSED bool report_load(const char *folder, const char *name, struct arena *arena,
                             struct report **ret, size_t *ret_n, struct err *reterr);

/* Fills path and parameters from the comments of report->sql, in the arena. ERR_STOP (EX_DATAERR)
 * naming the line that makes no sense. */
WARN_UNUSED bool report_declare(struct report *report, struct arena *arena, struct err *reterr);

/*
 * Puts `value` (NULL: what it falls back to) into values[at], checked. ERR_DEAD_LETTER, whose text
 * is for whoever asks, when it is missing, too long, none of the choices, no whole number or out of its range.
 */
WARN_UNUSED bool report_bind(const struct report *report, size_t at, const char *value,
                             const char **values, struct err *reterr);

/*
 * Appends a place with {name}, {time} (YYYYmmdd_HHMMSS in local time) and {ext} replaced. A brace
 * that begins none of these stays.
 */
void report_place(struct buf *out, const char *pattern, const char *name, const char *extension,
                  int64_t unix_us);

#endif
