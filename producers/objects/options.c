#include "options.h"
#include "base/buf.h"
#include "raw_key.h"
#include <stddef.h>

const char objects_service[] = "objects";

static const char *const contents_names[] = {"whole", "each", "added", NULL};
static const char *const format_names[] = {"auto", "csv", "json", "ndjson", "xml", NULL};

#define YEAR_MS INT64_C(31536000000)
#define FIELD(member) offsetof(struct objects_options, member)

static const struct option rows[] = {
    {"topic", OPTION_STRING, FIELD(topic), .required = true, .value_name = "TOPIC",
     .help = "bronze topic that the changes are written to"},
    {"input", OPTION_STRING, FIELD(input), .required = true, .value_name = "PLACE",
     .help = "a file, a folder, a pattern (\"in/*.csv\"), an http(s) URL, s3://BUCKET/PREFIX, or - "
             "for the standard input"},
    {"contents", OPTION_CHOICE, FIELD(contents), .fallback = "whole", .choices = contents_names,
     .value_name = "WHAT",
     .help =
         "what objects mean: together the whole content, each the whole content of its time, or "
         "something added"},
    {"format", OPTION_CHOICE, FIELD(format), .fallback = "auto", .choices = format_names,
     .value_name = "FORMAT",
     .help =
         "of the objects; auto goes by their names (.csv, .json, .ndjson, .jsonl, .xml, each also "
         "with .gz or .zip behind)"},
    {"value-format", OPTION_CHOICE, FIELD(value_format), .fallback = "json",
     .choices = value_format_names, .value_name = "FORMAT",
     .help = "what keys and values are; avro needs --schema-registry-url, and for JSON and XML "
             "--columns"},
    {"key", OPTION_LIST, FIELD(key), .value_name = "COLUMN",
     .help =
         "columns that tell rows apart; [NAME=]A.B lifts a nested JSON member to a column; _file "
         "and _line are an object's name and the row's line (default: these two)"},
    {0}};

static const struct option telling[] = {
    {"notifications-topic", OPTION_STRING, FIELD(notifications_topic), .value_name = "TOPIC",
     .help =
         "S3 event notifications (AWS, MinIO) as Kafka records: what they tell of under --input "
         "is read at once; --every or --cron lists all of it now and then"},
    {0}};

static const struct option reading[] = {
    {"columns", OPTION_STRING, FIELD(columns), .value_name = "'NAME TYPE, ...'",
     .help =
         "PostgreSQL types, as in \"tenure integer, charge numeric(10,2)\"; other columns of CSV "
         "are text, other members of JSON and XML go to the dead letters"},
    {"null-text", OPTION_STRING, FIELD(null_text), .value_name = "TEXT",
     .help =
         "a CSV field with this text is NULL; an empty one of another type than text always is"},
    {"delimiter", OPTION_STRING, FIELD(delimiter), .fallback = ",", .value_name = "CHARACTER",
     .help = "between CSV fields; \\t is a tab"},
    {"header", OPTION_BOOL, FIELD(header), .fallback = "true",
     .help = "the first CSV record names the columns; else --columns names all in order"},
    {"root", OPTION_STRING, FIELD(root), .value_name = "A.B",
     .help = "where in a JSON document the array of rows lies (default: it is the document; .: "
             "the document is that or one row)"},
    {"record-element", OPTION_STRING, FIELD(record_element), .value_name = "NAME",
     .help = "the XML element that is a row"},
    {"record-size", OPTION_SIZE, FIELD(record_bytes), .fallback = "1MiB", .min = 64, .max = 1 << 26,
     .value_name = "SIZE", .help = "a longer record goes to the dead letters"},
    {0}};

static const struct option rhythm[] = {
    {"once", OPTION_BOOL, FIELD(once), .fallback = "false", .help = "read once, then leave"},
    {"every", OPTION_DURATION, FIELD(every_ms), .min = 10, .max = YEAR_MS, .value_name = "DURATION",
     .help = "read again and again, so long after the last beginning"},
    {"cron", OPTION_STRING, FIELD(cron), .value_name = "EXPRESSION",
     .help = "read at the times of a cron expression in UTC, as in \"0 2 * * *\""},
    {"give-up-after", OPTION_DURATION, FIELD(give_up_ms), .fallback = "2m", .min = 0,
     .max = 86400000, .value_name = "DURATION",
     .help = "with --once: how long a run that gets nowhere is tried again before it ends with 69"},
    {"tombstones-on-delete", OPTION_BOOL, FIELD(tombstones), .fallback = "true",
     .help = "write a tombstone behind each delete, as Debezium's tombstones.on.delete"},
    {"dead-letters", OPTION_STRING, FIELD(dead_letters), .value_name = "TOPIC",
     .help = "where unusable rows go (default: the topic's name up to its first dot, and "
             "\".dead-letters\")"},
    {"raw-bucket", OPTION_STRING, FIELD(raw_bucket), .value_name = "BUCKET",
     .help = "keep each object that is read, as it came, in this S3 bucket"},
    {"raw-key", OPTION_STRING, FIELD(raw_key), .fallback = "{topic}/{date}/{sha256}/{name}",
     .value_name = "TEMPLATE",
     .help =
         "its key there; {date} is the day it was read in UTC; without {sha256} another content "
         "replaces the earlier one"},
    {"state-dir", OPTION_STRING, FIELD(state_dir), .fallback = "/var/lib/sluice/objects",
     .value_name = "FOLDER",
     .help = "what was seen of each key, and downloads; restored from the topic when lost"},
    {"state-size", OPTION_SIZE, FIELD(state_bytes), .fallback = "16GiB", .min = 1 << 20,
     .max = INT64_C(1) << 46, .value_name = "SIZE", .help = "most bytes it may grow to"},
    {"commit-interval", OPTION_DURATION, FIELD(commit_interval_ms), .fallback = "1s", .min = 1,
     .max = 10000, .value_name = "DURATION",
     .help = "a Kafka transaction ends after this time, or at the end of an object"},
    {"commit-records", OPTION_INT, FIELD(commit_records), .fallback = "20000", .min = 1,
     .max = 1000000, .value_name = "N", .help = "or after so many records"},
    {"commit-size", OPTION_SIZE, FIELD(commit_bytes), .fallback = "8MiB", .min = 1024,
     .max = 1 << 30, .value_name = "SIZE", .help = "or after so many bytes"},
    {0}};

static const struct option sharing[] = {
    {"state-table", OPTION_STRING, FIELD(state_table), .value_name = "[SCHEMA.]TABLE",
     .help =
         "share the objects with other instances by this table, which has the state of each; it "
         "is made when it is not there; needs --contents added, and files or S3"},
    {"lease", OPTION_DURATION, FIELD(lease_ms), .fallback = "1m", .min = 100, .max = 86400000,
     .value_name = "DURATION",
     .help = "an object whose worker gives no sign for so long is another one's"},
    {0}};

void objects_option_set(struct objects_options *options, struct objects_option_tables *tables,
                        struct option_set *ret)
{
    struct option_group *groups = tables->groups;

    s3_rows_without_bucket(tables->s3_rows);
    groups[0] = (struct option_group){"Objects", rows, options};
    groups[1] = (struct option_group){"Reading", reading, options};
    groups[2] = (struct option_group){"Rhythm", rhythm, options};
    groups[3] = (struct option_group){"Notifications", telling, options};
    groups[4] = (struct option_group){"Sharing", sharing, options};
    groups[5] = (struct option_group){"PostgreSQL", postgres_options, &options->postgres};
    groups[6] = (struct option_group){"URLs", fetch_options, &options->fetch};
    groups[7] = (struct option_group){"S3", tables->s3_rows, &options->s3};
    groups[8] = (struct option_group){"Kafka", kafka_options, &options->kafka};
    groups[9] = (struct option_group){"Schema registry", registry_options, &options->registry};
    groups[10] = (struct option_group){"Service", service_options, &options->service};
    groups[OBJECTS_GROUPS] = (struct option_group){0};
    *ret = (struct option_set){
        .service = objects_service,
        .summary = "writes the changes of files, HTTP resources and S3 objects to Kafka",
        .usage = "--topic TOPIC --input PLACE [options]",
        .groups = groups};
}

static char *joined(struct str before, const char *middle, struct str after)
{
    struct buf name CLEANUP(buf) = {0};

    buf_put(&name, before);
    buf_puts(&name, middle);
    buf_put(&name, after);
    return err_strdup(buf_cstr(&name));
}

static bool check_topic(const char *option, const char *topic, struct err *reterr)
{
    static const char characters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

    if (topic[0] != '\0' && topic[strspn(topic, characters)] == '\0' && strlen(topic) <= 200)
        return true;
    return err_stop(reterr, EX_USAGE, "--%s: \"%s\" is not 1 to 200 letters, digits, '.', '_', '-'",
                    option, topic);
}

static bool check_sharing(const struct objects_options *options, struct err *reterr)
{
    bool url = strncmp(options->input, "http://", 7) == 0 ||
               strncmp(options->input, "https://", 8) == 0 || strcmp(options->input, "-") == 0;

    if (options->state_table == NULL)
        return true;
    if (options->contents != CONTENTS_ADDED)
        return err_stop(reterr, EX_USAGE,
                        "--state-table needs --contents added: who reads a part of the objects "
                        "can't know what is in none of them");
    return !url || err_stop(reterr, EX_USAGE, "--state-table needs files or S3 as --input");
}

/* When to list. Notifications alone do: then it is done at a start, and hardly ever again. */
static bool make_schedule(struct objects_options *options, struct err *reterr)
{
    bool notices = options->notifications_topic != NULL;
    bool none = !options->once && options->every_ms == 0 && options->cron == NULL;

    if (notices && options->state_table != NULL)
        return err_stop(reterr, EX_USAGE,
                        "--notifications-topic: workers with --state-table list the objects");
    if (notices && strncmp(options->input, "s3://", 5) != 0)
        return err_stop(reterr, EX_USAGE,
                        "--notifications-topic needs s3://BUCKET/PREFIX as --input");
    if (notices && none)
        options->every_ms = YEAR_MS;
    return schedule_make(options->once, options->every_ms, options->cron, &options->schedule,
                         reterr);
}

bool objects_options_complete(struct objects_options *options, struct err *reterr)
{
    if (!check_topic("topic", options->topic, reterr) || !make_schedule(options, reterr))
        return false;
    if (strcmp(options->delimiter, "\\t") == 0)
        options->delimiter[0] = '\t', options->delimiter[1] = '\0';
    if (strlen(options->delimiter) != 1 || strchr("\"\r\n", options->delimiter[0]) != NULL)
        return err_stop(reterr, EX_USAGE, "--delimiter: not one character");
    if (!options->header && options->columns == NULL)
        return err_stop(reterr, EX_USAGE, "--header=false needs --columns to name the columns");
    if (options->dead_letters == NULL) {
        const char *dot = strchrnul(options->topic, '.');

        options->dead_letters = joined(str_between(options->topic, dot), ".dead-letters", STR(""));
    }
    bool shared = options->state_table != NULL;
    options->progress_topic =
        joined(STR("_sluice."), options->topic, shared ? STR(".objects") : STR(".progress"));
    options->other_progress_topic =
        joined(STR("_sluice."), options->topic, shared ? STR(".progress") : STR(".objects"));
    options->transactional_id = joined(str_of(options->topic), "-", str_of(objects_service));
    return check_topic("dead-letters", options->dead_letters, reterr) &&
           check_sharing(options, reterr) && raw_key_check(options->raw_key, reterr);
}

void objects_options_done(struct objects_options *options)
{
    free(options->progress_topic);
    free(options->other_progress_topic);
    free(options->transactional_id);
}
