#include "run.h"

#include "base/clock.h"
#include "base/log.h"
#include "files.h"
#include "mail.h"
#include "output.h"
#include "query.h"
#include "service/account.h"
#include "topic.h"
#include <errno.h>

enum { ARENA_BYTES = 4 << 20 };

DEFINE_CLEANUP(pg, struct pg *, pg_close);
DEFINE_CLEANUP(quality, struct quality *, quality_free);

struct run {
    const struct report_options *options;
    struct service *service;
    struct account account;
    struct mail mail; /* with --mail-to */
    int64_t began_us;
    bool several;
};

static void cleanup_run(struct run *run)
{
    mail_done(&run->mail);
}

/* A report on its way to its place and into the mail. */
struct writing {
    struct run *run;
    struct format format;
    struct buf text, place;
    struct output *output; /* NULL: it is mailed alone */
};

static void cleanup_writing(struct writing *writing)
{
    format_done(&writing->format);
    output_close(writing->output);
    buf_done(&writing->text);
    buf_done(&writing->place);
}

static bool is_mailed(const struct run *run)
{
    return run->options->smtp.to.n > 0;
}

/* An attachment is called as the file is that it lies in as well. */
static bool open_mail(struct writing *writing, const char *name, struct err *reterr)
{
    struct buf file CLEANUP(buf) = {0};
    const char *slash = writing->place.len > 0 ? strrchr(buf_cstr(&writing->place), '/') : NULL;

    if (writing->place.len == 0)
        buf_printf(&file, "%s.%s", name, format_extension(writing->format.kind));
    else
        buf_puts(&file, slash == NULL ? buf_cstr(&writing->place) : slash + 1);
    return mail_begin(&writing->run->mail, name, buf_cstr(&file),
                      format_media_type(writing->format.kind), reterr);
}

static bool open_place(struct writing *writing, const char *name, struct err *reterr)
{
    const struct report_options *options = writing->run->options;
    enum report_format kind = (enum report_format)options->format;
    bool mailed = is_mailed(writing->run);

    writing->format = (struct format){.kind = kind, .name = name, .out = &writing->text};
    if (options->out != NULL)
        report_place(&writing->place, options->out, name, format_extension(kind),
                     writing->run->began_us);
    if (mailed && !open_mail(writing, name, reterr))
        return false;
    if (mailed && options->out == NULL)
        return true;
    if (options->out == NULL && writing->run->several)
        buf_printf(&writing->text, "%s\n", name);
    return output_open(options->out == NULL ? NULL : buf_cstr(&writing->place),
                       format_media_type(kind), &options->s3, &writing->output, reterr);
}

/* What was formatted goes where it is wanted. */
static bool pass_on(struct writing *writing, struct err *reterr)
{
    struct run *run = writing->run;

    if (is_mailed(run) && !mail_add(&run->mail, buf_str(&writing->text), reterr))
        return false;
    if (writing->output != NULL)
        return output_write(writing->output, &writing->text, reterr);
    buf_clear(&writing->text);
    return true;
}

static bool on_part(void *arg, const struct part *part, struct err *reterr)
{
    struct writing *writing = arg;

    return format_part(&writing->format, part, reterr) && pass_on(writing, reterr);
}

static bool finish(struct writing *writing, struct err *reterr)
{
    struct account *account = &writing->run->account;
    uint64_t rows = writing->format.rows;

    if (!format_end(&writing->format, reterr))
        return false;
    if (writing->run->several && writing->output != NULL && writing->place.len == 0)
        buf_char(&writing->text, '\n');
    if (!pass_on(writing, reterr) ||
        (writing->output != NULL && !output_finish(writing->output, reterr)))
        return false;
    if (is_mailed(writing->run))
        mail_end(&writing->run->mail, rows);
    if (writing->place.len > 0)
        printf("%s\n", buf_cstr(&writing->place));
    account_count(account, "report", "reports", 1);
    account_count(account, "report", "rows", (int64_t)rows);
    return fflush(stdout) == 0 ||
           err_stop(reterr, EX_CANTCREAT, "cannot write to standard output: %s", strerror(errno));
}

/* ---- reports ---- */

static bool bind(const struct report_options *options, const struct report *report,
                 const char **values, struct err *reterr)
{
    for (size_t i = 0; i < report->parameters_n; i++) {
        const char *name = report->parameters[i].name, *value = NULL;

        for (size_t given = 0; given < options->parameters.n; given++) {
            const char *item = options->parameters.items[given];

            if (strncmp(item, name, strlen(name)) == 0 && item[strlen(name)] == '=')
                value = item + strlen(name) + 1;
        }
        if (!report_bind(report, i, value, values, reterr)) {
            reterr->kind = ERR_STOP;
            reterr->exit_status = EX_USAGE;
            return err_prefix(reterr, "report %s, --parameter", report->name);
        }
    }
    return true;
}

static bool show(struct run *run, struct pg *pg, const struct report *report, struct err *reterr)
{
    struct writing writing CLEANUP(writing) = {.run = run};
    const char *values[REPORT_PARAMETERS_MAX];
    const struct query query = {report, values, on_part, &writing};

    return bind(run->options, report, values, reterr) &&
           open_place(&writing, report->name, reterr) && query_run(pg, &query, reterr) &&
           finish(&writing, reterr);
}

/* Shows all that were asked for: one that fails does not keep the others away. */
static bool show_each(struct run *run, struct pg *pg, const struct report *reports, size_t n,
                      struct err *reterr)
{
    int first_status = EX_OK;
    size_t failed = 0;

    for (size_t i = 0; i < n; i++) {
        size_t mailed = run->mail.n;
        bool ok = show(run, pg, &reports[i], reterr);

        account_stage(&run->account, "reports", clock_mono_ms());
        if (ok)
            continue;
        if (n == 1 || reterr->kind == ERR_RETRY) /* the server is gone, for the others too */
            return false;
        log_err(LOG_ERROR, "report", reterr);
        if (run->mail.n > mailed)
            mail_fail(&run->mail, reterr->text);
        account_count(&run->account, "report", "failed", 1);
        if (failed++ == 0)
            first_status = reterr->exit_status;
    }
    return failed == 0 || err_stop(reterr, first_status, "%zu of %zu reports failed", failed, n);
}

static bool show_reports(struct run *run, struct err *reterr)
{
    const struct report_options *options = run->options;
    CLEANUP(arena) struct arena *arena = arena_new(ARENA_BYTES);
    CLEANUP(pg) struct pg *pg = NULL;
    struct report *reports = NULL;
    size_t n = 0;

    if (!report_load(options->folder, options->query, arena, &reports, &n, reterr))
        return false;
    run->several = n > 1;
    if (n > 1 && (options->out == NULL ? options->format != FORMAT_TABLE && !is_mailed(run)
                                       : strstr(options->out, "{name}") == NULL))
        return err_stop(reterr, EX_USAGE,
                        "--query=all: of several reports only tables go to one place; give --out "
                        "with {name} in it");
    if (!pg_connect(&options->postgres, "sluice-report", PG_ORDINARY, &pg, reterr))
        return false;
    account_stage(&run->account, "connect", clock_mono_ms());
    return show_each(run, pg, reports, n, reterr);
}

/* ---- quality ---- */

static bool show_quality(struct run *run, struct err *reterr)
{
    const struct report_options *options = run->options;
    CLEANUP(quality) struct quality *quality = quality_new((size_t)options->quality_bytes / 2);
    CLEANUP(arena) struct arena *arena = arena_new(ARENA_BYTES);
    struct writing writing CLEANUP(writing) = {.run = run};
    struct topic_counts counts;

    bool ok = topic_quality(options, quality, &counts, reterr);
    account_stage(&run->account, "read", clock_mono_ms());
    account_count(&run->account, "topic", "records", counts.records);
    account_count(&run->account, "topic", "rows", (int64_t)quality_rows(quality));
    account_count(&run->account, "topic", "undecodable", counts.undecodable);
    account_count(&run->account, "topic", "parts", counts.parts);
    if (!ok || !open_place(&writing, options->quality, reterr))
        return false;
    struct part part = options->format == FORMAT_DOCUMENT
                           ? quality_document(quality, run->began_us, arena)
                           : quality_result(quality, arena);
    ok = on_part(&writing, &part, reterr) && finish(&writing, reterr);
    account_stage(&run->account, "write", clock_mono_ms());
    return ok;
}

/* ---- files ---- */

static bool show_files(struct run *run, struct err *reterr)
{
    CLEANUP(arena) struct arena *arena = arena_new(ARENA_BYTES);
    struct writing writing CLEANUP(writing) = {.run = run};
    struct part part;

    bool ok = files_read(run->options, arena, &part, reterr);
    account_stage(&run->account, "read", clock_mono_ms());
    return ok && open_place(&writing, run->options->files, reterr) &&
           on_part(&writing, &part, reterr) && finish(&writing, reterr);
}

/* ---- the mail ---- */

/* Sends what is whole, also of a run in which another report failed. */
static bool send_mail(struct run *run, struct err *reterr)
{
    size_t whole = mail_whole(&run->mail);

    if (whole == 0)
        return true;
    bool ok = mail_send(&run->mail, &run->options->smtp, run->service, reterr);
    account_stage(&run->account, "mail", clock_mono_ms());
    account_count(&run->account, "mail", "attachments", ok ? (int64_t)whole : 0);
    account_count(&run->account, "mail", "recipients", ok ? (int64_t)run->options->smtp.to.n : 0);
    return ok;
}

/* All of a run but its account. */
static bool show_all(struct run *run, struct err *reterr)
{
    struct err why = {0};
    bool ok = run->options->quality != NULL ? show_quality(run, reterr)
              : run->options->files != NULL ? show_files(run, reterr)
                                            : show_reports(run, reterr);

    if (send_mail(run, ok ? reterr : &why))
        return ok;
    if (!ok)
        log_err(LOG_ERROR, "mail", &why);
    return false;
}

/* ---- the account ---- */

static bool write_summary(const struct run *run, struct err *reterr)
{
    struct buf json CLEANUP(buf) = {0};
    CLEANUP(file) FILE *file = fopen(run->options->summary_file, "we");

    account_json(&json, &run->account);
    buf_char(&json, '\n');
    if (file == NULL || fwrite(json.at, 1, json.len, file) != json.len || fflush(file) != 0)
        return err_stop(reterr, EX_CANTCREAT, "--summary-file: cannot write %s",
                        run->options->summary_file);
    return true;
}

bool run_once(const struct report_options *options, struct service *service, struct err *reterr)
{
    struct run run CLEANUP(run) = {
        .options = options, .service = service, .began_us = clock_wall_us()};
    struct buf text CLEANUP(buf) = {0};

    account_begin(&run.account, report_service,
                  options->quality != NULL ? options->quality
                  : options->files != NULL ? options->files
                                           : options->query,
                  run.began_us, clock_mono_ms());
    bool ok = show_all(&run, reterr);
    account_end(&run.account, false, ok ? NULL : reterr->text, clock_mono_ms());
    fflush(stdout);
    account_text(&text, &run.account);
    if (ok)
        fprintf(stderr, "report: %s\n", buf_cstr(&text));
    struct err unwritten;
    bool written = options->summary_file == NULL || write_summary(&run, ok ? reterr : &unwritten);
    return ok && written;
}
