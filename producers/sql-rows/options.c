#include "options.h"
#include <stddef.h>

const char rows_service[] = "sql-rows";

static const char *const modes[] = {"full", "incremental", NULL};
static const char *const formats[] = {"debezium", "json", NULL};
static const char *const emits[] = {"auto", "changes", "all", NULL};
static const char *const lates[] = {"auto", "horizon", "overlap", "ignore", NULL};

enum { QUERY_MAX = 1 << 20, NAME_MAX_LEN = 150 };

#define FIELD(member) offsetof(struct rows_options, member)

static const struct option source_rows[] = {
    {"sqlite", OPTION_STRING, FIELD(sqlite), .value_name = "FILE",
     .help = "read this SQLite database, or \":memory:\" (default: PostgreSQL, by --postgres-url)"},
    {"table", OPTION_STRING, FIELD(table), .value_name = "[SCHEMA.]TABLE",
     .help = "read this table whole"},
    {"query", OPTION_STRING, FIELD(query), .value_name = "SQL",
     .help = "read what this SELECT gives; :as_of and :NAME are parameters in it"},
    {"query-file", OPTION_STRING, FIELD(query_file), .value_name = "FILE",
     .help = "read what the SELECT in this file gives"},
    {"parameter", OPTION_LIST, FIELD(parameters), .value_name = "NAME=VALUE",
     .help = "a value for :NAME in the query"},
    {"as-of", OPTION_STRING, FIELD(as_of), .value_name = "TIME",
     .help = "the value of :as_of, a date or a time in UTC (default: when the run begins)"},
    {"key-columns", OPTION_LIST, FIELD(key_columns), .value_name = "COLUMN",
     .help = "columns of the message key, unique in what is read (default: the table's primary "
             "key)"},
    {"load-csv", OPTION_STRING, FIELD(csv), .value_name = "FILE",
     .help = "before each run fill --into from this CSV file with a header"},
    {"into", OPTION_STRING, FIELD(into), .value_name = "TABLE",
     .help = "the SQLite table that --load-csv makes anew"},
    {"ddl", OPTION_STRING, FIELD(ddl), .value_name = "FILE",
     .help = "the SQL that creates --into, with its declared types"},
    {0}};

static const struct option extraction[] = {
    {"mode", OPTION_CHOICE, FIELD(mode), .fallback = "full", .choices = modes, .value_name = "MODE",
     .help = "whether a run reads every row, or those behind the last position"},
    {"timestamp-column", OPTION_STRING, FIELD(timestamp_column), .value_name = "COLUMN",
     .help = "incremental: a column that each change of a row sets to a later time"},
    {"id-column", OPTION_STRING, FIELD(id_column), .value_name = "COLUMN",
     .help = "incremental: a column that grows with each row; orders rows of one time"},
    {"late-commits", OPTION_CHOICE, FIELD(late), .fallback = "auto", .choices = lates,
     .value_name = "HOW",
     .help = "incremental: how rows are found that were committed after younger ones: by "
             "PostgreSQL's transaction horizon (needs --table), by reading --overlap again, or not "
             "at all; auto takes --overlap when given, else the horizon"},
    {"overlap", OPTION_DURATION, FIELD(overlap_ms), .fallback = "0s", .min = 0,
     .max = INT64_C(31536000000), .value_name = "DURATION",
     .help = "incremental: how far before the last time is read again"},
    {"detect-deletes", OPTION_BOOL, FIELD(detect_deletes), .fallback = "false",
     .help = "compare all keys at each run; what is gone is written as a delete"},
    {"page-rows", OPTION_INT, FIELD(page_rows), .fallback = "5000", .min = 1, .max = 1000000,
     .value_name = "N", .help = "rows asked for at a time"},
    {"resync", OPTION_BOOL, FIELD(resync), .fallback = "false",
     .help = "forget the stored position once: read every row and write those that differ"},
    {0}};

static const struct option rhythm[] = {
    {"once", OPTION_BOOL, FIELD(once), .fallback = "false", .help = "one run, then end"},
    {"every", OPTION_DURATION, FIELD(every_ms), .fallback = "0s", .min = 0,
     .max = INT64_C(31536000000), .value_name = "DURATION", .help = "a run this often"},
    {"cron", OPTION_STRING, FIELD(cron), .value_name = "EXPRESSION",
     .help = "a run at these times (UTC), as \"0 1 * * *\"; one that was missed is made up for at "
             "the start"},
    {"give-up-after", OPTION_DURATION, FIELD(give_up_ms), .fallback = "2m", .min = 0,
     .max = 86400000, .value_name = "DURATION",
     .help = "how long a run that fails is tried again before the process ends with 69"},
    {"commit-records", OPTION_INT, FIELD(commit_records), .fallback = "20000", .min = 1,
     .max = 1000000, .value_name = "N",
     .help = "a Kafka transaction ends after so many records (not with --emit=all)"},
    {"commit-size", OPTION_SIZE, FIELD(commit_bytes), .fallback = "8MiB", .min = 1024,
     .max = 1 << 30, .value_name = "SIZE", .help = "or after so many bytes"},
    {0}};

static const struct option output[] = {
    {"topic-prefix", OPTION_STRING, FIELD(prefix), .required = true, .value_name = "NAME",
     .help = "topics are called NAME.<schema>.<table>"},
    {"topic", OPTION_STRING, FIELD(topic), .value_name = "NAME",
     .help = "the topic (default: <topic prefix>.<table>; a query needs one)"},
    {"format", OPTION_CHOICE, FIELD(format), .fallback = "debezium", .choices = formats,
     .value_name = "FORMAT", .help = "Debezium's envelope, or the row as a plain JSON object"},
    {"value-format", OPTION_CHOICE, FIELD(value_format), .fallback = "json",
     .choices = value_format_names, .value_name = "FORMAT",
     .help = "what keys and values are; avro needs --schema-registry-url"},
    {"emit", OPTION_CHOICE, FIELD(emit), .fallback = "auto", .choices = emits, .value_name = "WHAT",
     .help = "rows that differ from what was last written under their key, or every row that a run "
             "reads, in one transaction; auto: changes where there is a key"},
    {"tombstones-on-delete", OPTION_BOOL, FIELD(tombstones), .fallback = "true",
     .help = "write a tombstone behind each delete"},
    {"dead-letter-topic", OPTION_STRING, FIELD(dead_letter_topic), .value_name = "NAME",
     .help = "rows and lines that can't be used (default: <topic prefix>.dead-letters)"},
    {"state-dir", OPTION_STRING, FIELD(state_dir), .fallback = "/var/lib/sluice/sql-rows",
     .value_name = "DIR",
     .help = "where the last content of each key is kept; lost, it is made anew from the topic"},
    {"state-size", OPTION_SIZE, FIELD(state_bytes), .fallback = "16GiB", .min = 1 << 20,
     .max = INT64_C(1) << 44, .value_name = "SIZE",
     .help = "most bytes it may grow to (address space, not memory)"},
    {"pipeline", OPTION_STRING, FIELD(pipeline), .value_name = "NAME",
     .help = "\"pipeline\" in a run's summary (default: the topic prefix)"},
    {"summary-count", OPTION_STRING, FIELD(count_name), .fallback = "rows_processed",
     .value_name = "NAME", .help = "what a run's summary calls the number of records written"},
    {0}};

void rows_option_set(struct rows_options *options, struct option_group *groups,
                     struct option_set *ret)
{
    groups[0] = (struct option_group){"Source", source_rows, options};
    groups[1] = (struct option_group){"Extraction", extraction, options};
    groups[2] = (struct option_group){"Rhythm", rhythm, options};
    groups[3] = (struct option_group){"Output", output, options};
    groups[4] = (struct option_group){"PostgreSQL", postgres_options, &options->postgres};
    groups[5] = (struct option_group){"Kafka", kafka_options, &options->kafka};
    groups[6] = (struct option_group){"Schema registry", registry_options, &options->registry};
    groups[7] = (struct option_group){"Service", service_options, &options->service};
    groups[ROWS_GROUPS] = (struct option_group){0};
    *ret = (struct option_set){
        .service = rows_service,
        .summary =
            "writes the rows of a table or query of PostgreSQL or SQLite to Kafka, in full or "
            "what is new",
        .usage = "--topic-prefix NAME --table TABLE --once [options]",
        .groups = groups};
}

static char *joined(const char *before, const char *middle, const char *after)
{
    struct buf name CLEANUP(buf) = {0};

    buf_printf(&name, "%s%s%s", before, middle, after);
    return err_strdup(buf_cstr(&name));
}

static bool check_topic_name(const char *flag, const char *name, struct err *reterr)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

    return (name[0] != '\0' && name[strspn(name, plain)] == '\0' && strlen(name) <= NAME_MAX_LEN) ||
           err_stop(reterr, EX_USAGE, "--%s: \"%s\" is not 1 to %d letters, digits, '.', '_', '-'",
                    flag, name, NAME_MAX_LEN);
}

const char *rows_parameter_value(const char *parameter, size_t *ret_name_len)
{
    const char *equals = strchr(parameter, '=');

    *ret_name_len = equals == NULL ? 0 : (size_t)(equals - parameter);
    return equals == NULL ? NULL : equals + 1;
}

static bool is_name(const char *at, size_t len)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    static const char other[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

    return len > 0 && strchr(first, *at) != NULL && strspn(at, other) == len;
}

static bool check_parameters(const struct rows_options *options, struct err *reterr)
{
    for (size_t i = 0; i < options->parameters.n; i++) {
        const char *item = options->parameters.items[i];
        size_t len = 0;

        if (rows_parameter_value(item, &len) == NULL || !is_name(item, len) ||
            (len == 5 && strncmp(item, "as_of", 5) == 0))
            return err_stop(reterr, EX_USAGE, "--parameter: \"%s\" is not NAME=VALUE", item);
    }
    return true;
}

/* The query as one SELECT without its last semicolon. */
static bool read_query(struct rows_options *options, struct err *reterr)
{
    int given = (options->table != NULL) + (options->query != NULL) + (options->query_file != NULL);

    if (given != 1)
        return err_stop(reterr, EX_USAGE, "one of --table, --query and --query-file is needed");
    if (options->table != NULL)
        return true;
    if (options->query != NULL)
        options->query_text = err_strdup(options->query);
    else if (!options_read_file(options->query_file, QUERY_MAX, &options->query_text, reterr))
        return err_prefix(reterr, "--query-file");
    for (size_t len = strlen(options->query_text);
         len > 0 && strchr("; \t\r\n", options->query_text[len - 1]) != NULL; len--)
        options->query_text[len - 1] = '\0';
    return options->query_text[0] != '\0' || err_stop(reterr, EX_USAGE, "--query: it is empty");
}

static bool check_load(const struct rows_options *options, struct err *reterr)
{
    int given = (options->csv != NULL) + (options->into != NULL) + (options->ddl != NULL);

    if (given != 0 && given != 3)
        return err_stop(reterr, EX_USAGE, "--load-csv, --into and --ddl belong together");
    if (given != 0 && options->sqlite == NULL)
        return err_stop(reterr, EX_USAGE, "--load-csv fills a SQLite database: --sqlite is needed");
    return true;
}

/* What the way of finding late commits needs. */
static bool choose_late(struct rows_options *options, struct err *reterr)
{
    bool can_horizon = options->sqlite == NULL && options->table != NULL;

    if (options->late == ROWS_LATE_DEFAULT)
        options->late = options->overlap_ms > 0 ? ROWS_LATE_OVERLAP
                        : can_horizon           ? ROWS_LATE_HORIZON
                                                : ROWS_LATE_DEFAULT;
    if (options->late == ROWS_LATE_DEFAULT)
        return err_stop(reterr, EX_USAGE,
                        "a row that is committed after a younger one would be lost: give --overlap "
                        "a duration, or --late-commits=ignore when that can't happen");
    if (options->late == ROWS_LATE_HORIZON && !can_horizon)
        return err_stop(reterr, EX_USAGE,
                        "--late-commits=horizon needs --table in PostgreSQL; give --overlap");
    if (options->late == ROWS_LATE_OVERLAP &&
        (options->timestamp_column == NULL || options->overlap_ms == 0))
        return err_stop(reterr, EX_USAGE,
                        "--late-commits=overlap needs --timestamp-column and --overlap");
    return true;
}

static bool check_mode(struct rows_options *options, struct err *reterr)
{
    if (options->mode == ROWS_FULL) {
        if (options->timestamp_column != NULL || options->id_column != NULL)
            return err_stop(reterr, EX_USAGE,
                            "--timestamp-column and --id-column need --mode=incremental");
        return true;
    }
    if (options->timestamp_column == NULL && options->id_column == NULL)
        return err_stop(reterr, EX_USAGE,
                        "--mode=incremental needs --timestamp-column, --id-column or both");
    if (options->emit == ROWS_EMIT_ALL)
        return err_stop(reterr, EX_USAGE, "--emit=all needs --mode=full");
    return choose_late(options, reterr);
}

static bool choose_topic(struct rows_options *options, struct err *reterr)
{
    struct buf name CLEANUP(buf) = {0}, schema CLEANUP(buf) = {0};

    if (options->topic == NULL && options->table == NULL)
        return err_stop(reterr, EX_USAGE, "--topic is needed: a query has no name");
    if (options->topic == NULL) {
        const char *dot = strchr(options->table, '.');

        if (dot == NULL)
            buf_puts(&schema, options->sqlite == NULL ? "public" : "main");
        else
            buf_put(&schema, str_between(options->table, dot));
        debezium_topic(&name, options->prefix, buf_cstr(&schema),
                       dot == NULL ? options->table : dot + 1);
        options->topic = err_strdup(buf_cstr(&name));
    }
    if (options->dead_letter_topic == NULL)
        options->dead_letter_topic = joined("", options->prefix, ".dead-letters");
    if (options->pipeline == NULL)
        options->pipeline = err_strdup(options->prefix);
    options->progress_topic = joined("_sluice.", options->prefix, ".progress");
    options->transactional_id = joined(options->topic, "-", rows_service);
    return check_topic_name("topic", options->topic, reterr) &&
           check_topic_name("dead-letter-topic", options->dead_letter_topic, reterr);
}

bool rows_options_complete(struct rows_options *options, struct err *reterr)
{
    return check_topic_name("topic-prefix", options->prefix, reterr) &&
           read_query(options, reterr) && check_parameters(options, reterr) &&
           check_load(options, reterr) && check_mode(options, reterr) &&
           choose_topic(options, reterr);
}

void rows_options_done(struct rows_options *options)
{
    free(options->progress_topic);
    free(options->transactional_id);
    free(options->query_text);
}
