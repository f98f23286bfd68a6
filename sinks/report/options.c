#include "options.h"

#include <stddef.h>

const char report_service[] = "report";

static const char *const of_names[] = {"rows", "records", NULL};

#define FIELD(member) offsetof(struct report_options, member)

static const struct option rows[] = {
    {"query", OPTION_STRING, FIELD(query), .value_name = "NAME",
     .help = "the report to show, or all; it may stand bare: sluice-report top_dates"},
    {"reports", OPTION_STRING, FIELD(folder), "schemas/acme/reports", .value_name = "FOLDER",
     .help = "where the reports are, one NAME.sql each"},
    {"parameter", OPTION_LIST, FIELD(parameters), .value_name = "NAME=VALUE",
     .help = "what a report that declares parameters is asked with"},
    {"format", OPTION_CHOICE, FIELD(format), .fallback = "table", .choices = format_names,
     .value_name = "FORMAT",
     .help = "how it is written; document: the one value of the one row as it is"},
    {"out", OPTION_STRING, FIELD(out), .value_name = "PLACE",
     .help = "a file, or s3://BUCKET/KEY, instead of the terminal; {name}, {time} and {ext} are "
             "replaced"},
    {"export", OPTION_BOOL, FIELD(export),
     .help = "short for --out='<export-dir>/{name}_result_{time}.{ext}', as CSV unless --format "
             "says another"},
    {"export-dir", OPTION_STRING, FIELD(out_dir), ".", .value_name = "FOLDER",
     .help = "where exports are written"},
    {"every", OPTION_DURATION, FIELD(every_ms), .min = 100, .max = INT64_C(31536000000),
     .value_name = "DURATION", .help = "again and again, so long after the last beginning"},
    {"cron", OPTION_STRING, FIELD(cron), .value_name = "EXPRESSION",
     .help = "at the times of a cron expression in UTC, as in \"0 2 * * *\""},
    {"summary-file", OPTION_STRING, FIELD(summary_file), .value_name = "FILE",
     .help = "write each run's summary there as JSON; a line of text on stderr is always"},
    {0}};

static const struct option serving[] = {
    {"serve", OPTION_STRING, FIELD(serve), .value_name = "[HOST:]PORT",
     .help = "answer GET instead: each report at /reports/NAME and at the path that it declares, "
             "with its parameters as ?name=value, as JSON, CSV, XML or a table"},
    {"serve-username", OPTION_STRING, FIELD(serve_username), .value_name = "NAME",
     .help = "ask for a login, by Basic authentication; without it whoever reaches the port may "
             "read the reports"},
    {"serve-password", OPTION_SECRET, FIELD(serve_password), .value_name = "FILE",
     .help = "file with its password"},
    {"serve-rows", OPTION_INT, FIELD(serve_rows), "10000", .min = 1, .max = 10000000,
     .value_name = "N", .help = "an answer of more rows is refused"},
    {"serve-timeout", OPTION_DURATION, FIELD(serve_timeout_ms), "5s", .min = 10, .max = 3600000,
     .value_name = "DURATION", .help = "longest time that a report may take to answer"},
    {0}};

static const struct option quality[] = {
    {"quality", OPTION_STRING, FIELD(quality), .value_name = "TOPIC",
     .help = "report on a topic's columns instead: nulls, completeness, empty texts, different "
             "values, duplicates"},
    {"quality-of", OPTION_CHOICE, FIELD(quality_of), .fallback = "rows", .choices = of_names,
     .value_name = "WHAT",
     .help = "rows: the last record of each key, deleted ones left out; records: all that came"},
    {"quality-memory", OPTION_SIZE, FIELD(quality_bytes), .fallback = "64MiB", .min = 1 << 20,
     .max = INT64_C(1) << 36, .value_name = "SIZE",
     .help =
         "beyond it different values are estimated (0.8 %), and a topic's keys are gone through "
         "in parts"},
    {"files", OPTION_STRING, FIELD(files), .value_name = "TOPIC",
     .help = "report on the files that sluice-objects has read into this topic instead: state, "
             "size, SHA-256, rows; as a document: the one file's metadata, each --parameter first"},
    {0}};

void report_option_set(struct report_options *options, struct report_option_tables *tables,
                       struct option_set *ret)
{
    struct option_group *groups = tables->groups;

    s3_rows_without_bucket(tables->s3_rows);
    groups[0] = (struct option_group){"Report", rows, options};
    groups[1] = (struct option_group){"Serving", serving, options};
    groups[2] = (struct option_group){"Topics", quality, options};
    groups[3] = (struct option_group){"PostgreSQL", postgres_options, &options->postgres};
    groups[4] = (struct option_group){"S3", tables->s3_rows, &options->s3};
    groups[5] = (struct option_group){"Mail", smtp_options, &options->smtp};
    groups[6] = (struct option_group){"Kafka", kafka_options, &options->kafka};
    groups[7] = (struct option_group){"Schema registry", registry_options, &options->registry};
    groups[8] = (struct option_group){"Service", service_options, &options->service};
    groups[9] = (struct option_group){0};
    *ret = (struct option_set){
        .service = report_service,
        .summary = "shows or exports views, and the quality of topics, for a person",
        .usage = "[NAME|all] [options]",
        .groups = groups,
        .bare = "query"};
}

/* Of the login either all or nothing is given. */
static bool check_login(const struct report_options *options, struct err *reterr)
{
    bool named = options->serve_username != NULL, secret = options->serve_password != NULL;

    if (named != secret || (named && options->serve == NULL))
        return err_stop(reterr, EX_USAGE,
                        "--serve-username and --serve-password-file belong together, and to "
                        "--serve");
    return !named ||
           (options->serve_username[0] != '\0' && strchr(options->serve_username, ':') == NULL) ||
           err_stop(reterr, EX_USAGE,
                    "--serve-username %s: a user's name has no colon in it and "
                    "is not empty",
                    options->serve_username);
}

static bool check_one_thing(const struct report_options *options, struct err *reterr)
{
    int things = (options->query != NULL) + (options->quality != NULL) + (options->files != NULL) +
                 (options->serve != NULL);

    if (things == 0)
        return err_stop(reterr, EX_USAGE,
                        "--query is required (or SLUICE_REPORT_QUERY): a report's name or all; or "
                        "--quality TOPIC, --files TOPIC or --serve HOST:PORT");
    if (things > 1)
        return err_stop(reterr, EX_USAGE, "--query, --quality, --files and --serve: one of them");
    if (options->serve != NULL &&
        (options->every_ms > 0 || options->cron != NULL || options->out != NULL ||
         options->export || options->parameters.n > 0 || options->summary_file != NULL ||
         options->smtp.to.n > 0))
        return err_stop(reterr, EX_USAGE,
                        "--serve answers whoever asks: no --every, --cron, --out, --export, "
                        "--parameter, --summary-file or --mail-to beside it");
    return true;
}

/* Files and attachments are CSV unless another format was asked for. */
static bool place_export(struct report_options *options, struct err *reterr)
{
    struct buf place CLEANUP(buf) = {0};

    if ((options->export || options->smtp.to.n > 0) && options->format == FORMAT_TABLE)
        options->format = FORMAT_CSV;
    if (!options->export)
        return true;
    if (options->out != NULL)
        return err_stop(reterr, EX_USAGE, "--export and --out: one of them");
    buf_printf(&place, "%s/{name}_result_{time}.{ext}", options->out_dir);
    options->out = err_strdup(buf_cstr(&place));
    return true;
}

bool report_options_complete(struct report_options *options, struct err *reterr)
{
    bool once = options->every_ms == 0 && options->cron == NULL;

    if (!check_one_thing(options, reterr) || !check_login(options, reterr) ||
        !schedule_make(once, options->every_ms, options->cron, &options->schedule, reterr))
        return false;
    options->lasting = !once || options->serve != NULL;
    return place_export(options, reterr) && smtp_check(&options->smtp, reterr);
}
