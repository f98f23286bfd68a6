/*
 * A result in the forms it is shown or exported in: table as psql draws it, CSV as PostgreSQL's COPY
 * writes it, a JSON array with one row a line, XML, or a document (the one value there is). Rows
 * come in parts, so that no result need be in memory whole. Pure.
 */
#ifndef SLUICE_REPORT_FORMAT_H
#define SLUICE_REPORT_FORMAT_H

#include "base/buf.h"
#include "base/err.h"

enum report_format { FORMAT_TABLE, FORMAT_CSV, FORMAT_JSON, FORMAT_XML, FORMAT_DOCUMENT };

extern const char *const format_names[]; /* in that order, ended by NULL */

enum column_kind { COLUMN_TEXT, COLUMN_NUMBER, COLUMN_BOOLEAN, COLUMN_JSON };

struct heading {
    const char *name;
    enum column_kind kind;
};

/* Rows as PostgreSQL's text forms, row by row; `at` NULL is NULL. */
struct part {
    const struct heading *columns;
    size_t columns_n;
    const struct str *cells;
    size_t rows;
};

/* Use zeroed but for the first three. */
struct format {
    enum report_format kind;
    const char *name; /* of the report */
    struct buf *out;
    uint64_t rows;
    bool begun;     /* the first part came */
    size_t *widths; /* of a table's columns, by its first part */
};

/* Appends a part; the first must come, though it had no rows. ERR_STOP (EX_DATAERR): a document of
 * more than one value. */
WARN_UNUSED bool format_part(struct format *format, const struct part *part, struct err *reterr);

/* Appends what stands behind the last part, and frees. ERR_STOP (EX_DATAERR): a document of none. */
WARN_UNUSED bool format_end(struct format *format, struct err *reterr);

/* Frees after an error. */
void format_done(struct format *format);

/* "csv"; a table and a document have "txt" and "json". */
const char *format_extension(enum report_format kind);

/* The media type with its charset. */
const char *format_media_type(enum report_format kind);

/* A moment as a report's text has it, in UTC: 2026-01-02T03:04:05Z. */
void format_moment(char into[32], int64_t unix_us);

#endif
