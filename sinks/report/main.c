/* sluice-report: prints or exports a view for a person at a terminal. See README.md. */
#include "base/clock.h"
#include "base/log.h"
#include "postgres/connection.h"
#include "report.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

struct options {
    char *query;   /* a report's name, or "all" */
    char *folder;  /* of the reports */
    char *out_dir; /* for exports */
    bool export;
    struct postgres_config postgres;
};

static const struct option rows[] = {
    {"query", OPTION_STRING, offsetof(struct options, query), NULL, 0, 0, NULL, true, "NAME",
     "the report to show, or all; it may stand bare: sluice-report top_dates"},
    {"reports", OPTION_STRING, offsetof(struct options, folder), "schemas/acme/reports", 0, 0, NULL,
     false, "FOLDER", "where the reports are, one NAME.sql each"},
    {"export", OPTION_BOOL, offsetof(struct options, export), NULL, 0, 0, NULL, false, NULL,
     "write <query>_result_<YYYYmmdd_HHMMSS>.csv instead of a table"},
    {"export-dir", OPTION_STRING, offsetof(struct options, out_dir), ".", 0, 0, NULL, false,
     "FOLDER", "where exports are written"},
    {0},
};

DEFINE_CLEANUP(pg, struct pg *, pg_close);
DEFINE_CLEANUP(pg_result, struct pg_result *, pg_result_free);

/* A column of digits stands to the right, as psql sets it. */
static bool is_number_column(const struct pg_result *result, int column)
{
    for (int row = 0; row < pg_rows(result); row++) {
        struct str text = pg_field(result, row, column);

        for (size_t i = 0; i < text.len; i++)
            if (strchr("0123456789.-+eE", text.at[i]) == NULL)
                return false;
    }
    return true;
}

static void draw(struct buf *out, const struct pg_result *result)
{
    size_t columns = (size_t)pg_columns(result), n = (size_t)pg_rows(result) + 1;
    CLEANUP(free) struct str *cells = err_calloc(n * columns, sizeof(*cells));
    CLEANUP(free) bool *right = err_calloc(columns, sizeof(*right));

    for (size_t column = 0; column < columns; column++) {
        cells[column] = str_of(pg_column_name(result, (int)column));
        right[column] = is_number_column(result, (int)column);
        for (size_t row = 1; row < n; row++)
            cells[row * columns + column] = pg_field(result, (int)row - 1, (int)column);
    }
    report_draw(out, &(struct report_table){cells, right, n, columns});
}

/* What is printed must arrive: a full disk behind a redirection is an error like any other. */
static bool say_all(struct err *reterr)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    return err_stop(reterr, EX_CANTCREAT, "cannot write to standard output: %s", strerror(errno));
}

static bool show(struct pg *pg, const struct report *report, bool title, struct err *reterr)
{
    CLEANUP(pg_result) struct pg_result *result = NULL;
    CLEANUP(buf) struct buf out = {0};

    if (!pg_query(pg, report->sql, NULL, 0, &result, reterr))
        return err_prefix(reterr, "report %s", report->name);
    if (title)
        buf_printf(&out, "%s\n", report->name);
    draw(&out, result);
    if (title)
        buf_char(&out, '\n');
    fwrite(out.at, 1, out.len, stdout);
    return say_all(reterr);
}

static bool can_not_write(const char *path, struct err *reterr)
{
    return err_stop(reterr, EX_CANTCREAT, "--export-dir: cannot write %s: %s", path,
                    strerror(errno));
}

/* The server itself writes the CSV, so that it is psql's to the byte. */
static bool copy_rows(struct pg *pg, const struct report *report, const char *path, FILE *file,
                      struct err *reterr)
{
    CLEANUP(buf) struct buf sql = {0};
    struct str line;
    bool more = true;

    buf_printf(&sql, "COPY (%s) TO STDOUT WITH (FORMAT csv, HEADER)", report->sql);
    if (!pg_copy_begin(pg, buf_cstr(&sql), reterr))
        return err_prefix(reterr, "report %s", report->name);
    while (pg_copy_row(pg, &line, &more, reterr)) {
        if (!more)
            return true;
        fwrite(line.at, 1, line.len, file);
        if (fputc('\n', file) == EOF)
            return can_not_write(path, reterr);
    }
    return err_prefix(reterr, "report %s", report->name);
}

/* Fills the file; one that is there for a part only is taken away again. */
static bool export_to(struct pg *pg, const struct report *report, const char *path,
                      struct err *reterr)
{
    FILE *file = fopen(path, "we");

    if (file == NULL)
        return can_not_write(path, reterr);
    bool ok = copy_rows(pg, report, path, file, reterr);
    if (fclose(file) != 0 && ok)
        ok = can_not_write(path, reterr);
    if (!ok)
        unlink(path);
    return ok;
}

static bool export(struct pg *pg, const struct report *report, const char *folder,
                   struct err *reterr)
{
    CLEANUP(buf) struct buf path = {0};

    buf_printf(&path, "%s/", folder);
    report_export_name(&path, report->name, clock_wall_us());
    if (!export_to(pg, report, buf_cstr(&path), reterr))
        return false;
    printf("%s\n", buf_cstr(&path));
    return say_all(reterr);
}

/* Shows or exports all that were asked for: one that fails does not keep the others away. */
static bool each_report(const struct options *options, struct pg *pg, const struct report *reports,
                        size_t n, struct err *reterr)
{
    int first_status = EX_OK;
    size_t failed = 0;

    for (size_t i = 0; i < n; i++) {
        if (options->export ? export(pg, &reports[i], options->out_dir, reterr)
                            : show(pg, &reports[i], n > 1, reterr))
            continue;
        if (n == 1 || reterr->kind == ERR_RETRY) /* the server is gone, for the others too */
            return false;
        log_err(LOG_ERROR, "report", reterr);
        if (failed++ == 0)
            first_status = reterr->exit_status;
    }
    return failed == 0 || err_stop(reterr, first_status, "%zu of %zu reports failed", failed, n);
}

static bool run(const struct options *options, struct err *reterr)
{
    CLEANUP(arena) struct arena *arena = arena_new(4 << 20);
    CLEANUP(pg) struct pg *pg = NULL;
    struct report *reports = NULL;
    size_t n = 0;

    if (!report_load(options->folder, options->query, arena, &reports, &n, reterr) ||
        !pg_connect(&options->postgres, "sluice-report", PG_ORDINARY, &pg, reterr) ||
        !pg_script(pg, "SET default_transaction_read_only = on", reterr))
        return false;
    return each_report(options, pg, reports, n, reterr);
}

int main(int argc, char **argv)
{
    struct options options = {0};
    struct option_group groups[] = {
        {"Report", rows, &options}, {"PostgreSQL", postgres_options, &options.postgres}, {0}};
    const struct option_set set = {"report", "prints or exports a view for a person at a terminal",
                                   "[NAME|all] [options]", groups, "query"};
    enum options_outcome outcome;
    struct err err;

    log_configure("report", LOG_LOGFMT, LOG_INFO);
    bool ok = options_parse(&set, argc, argv, &outcome, &err) &&
              (outcome == OPTIONS_DONE || run(&options, &err));
    if (!ok)
        log_err(LOG_ERROR, "report", &err);
    options_done(&set);
    return ok ? 0 : err.exit_status;
}
