#include "options.h"
#include "progress.h"
#include <stddef.h>

const char cdc_service[] = "postgres-cdc";

static const char *const decimal_modes[] = {"string", "precise", "double", NULL};
static const char *const time_modes[] = {"adaptive", "adaptive_time_microseconds", "connect", NULL};
static const char *const snapshot_modes[] = {"initial", "never", NULL};

#define FIELD(member) offsetof(struct cdc_options, member)

static const struct option rows[] = {
    {"topic-prefix", OPTION_STRING, FIELD(prefix), .required = true, .value_name = "NAME",
     .help = "topics are called NAME.<schema>.<table>"},
    {"slot", OPTION_STRING, FIELD(slot), .value_name = "NAME",
     .help = "replication slot, created when it does not exist (default: sluice_<topic prefix>)"},
    {"publication", OPTION_STRING, FIELD(publication), .value_name = "NAME",
     .help = "publication, created over --tables when it does not exist (default: sluice_<topic "
             "prefix>)"},
    {"tables", OPTION_LIST, FIELD(tables), .value_name = "SCHEMA.TABLE",
     .help = "tables to capture (default: all that the publication publishes)"},
    {"snapshot-mode", OPTION_CHOICE, FIELD(snapshot_mode), .fallback = "initial",
     .choices = snapshot_modes, .value_name = "MODE",
     .help = "whether the first start copies the rows that are there"},
    {"value-format", OPTION_CHOICE, FIELD(value_format), .fallback = "json",
     .choices = value_format_names, .value_name = "FORMAT",
     .help = "what keys and values are; avro needs --schema-registry-url"},
    {"decimal-handling-mode", OPTION_CHOICE, FIELD(decimal), .fallback = "string",
     .choices = decimal_modes, .value_name = "MODE",
     .help = "how numeric is written, as Debezium's decimal.handling.mode"},
    {"time-precision-mode", OPTION_CHOICE, FIELD(time), .fallback = "adaptive",
     .choices = time_modes, .value_name = "MODE",
     .help = "how times are written, as Debezium's time.precision.mode"},
    {"tombstones-on-delete", OPTION_BOOL, FIELD(tombstones), .fallback = "true",
     .help = "write a tombstone behind each delete, as Debezium's tombstones.on.delete"},
    {0}};

static const struct option rhythm[] = {
    {"commit-interval", OPTION_DURATION, FIELD(commit_interval_ms), .fallback = "200ms", .min = 1,
     .max = 10000, .value_name = "DURATION",
     .help = "a Kafka transaction ends after this time, or as soon as the input runs dry"},
    {"commit-records", OPTION_INT, FIELD(commit_records), .fallback = "20000", .min = 1,
     .max = 1000000, .value_name = "N", .help = "or after so many records"},
    {"commit-size", OPTION_SIZE, FIELD(commit_bytes), .fallback = "8MiB", .min = 1024,
     .max = 1 << 30, .value_name = "SIZE", .help = "or after so many bytes"},
    {"idle-advance", OPTION_DURATION, FIELD(idle_advance_ms), .fallback = "10s", .min = 100,
     .max = 3600000, .value_name = "DURATION",
     .help = "how often an idle source's slot is moved on, so that its WAL can be removed"},
    {0}};

void cdc_option_set(struct cdc_options *options, struct option_group *groups,
                    struct option_set *ret)
{
    groups[0] = (struct option_group){"Capture", rows, options};
    groups[1] = (struct option_group){"Rhythm", rhythm, options};
    groups[2] = (struct option_group){"PostgreSQL", postgres_options, &options->postgres};
    groups[3] = (struct option_group){"Kafka", kafka_options, &options->kafka};
    groups[4] = (struct option_group){"Schema registry", registry_options, &options->registry};
    groups[5] = (struct option_group){"Service", service_options, &options->service};
    groups[6] = (struct option_group){0};
    *ret = (struct option_set){
        .service = cdc_service,
        .summary = "writes the changes of a PostgreSQL database to Kafka, one topic a table",
        .usage = "--topic-prefix NAME [options]",
        .groups = groups};
}

/* "sluice_" and the prefix in the characters that a slot's name may have. */
static char *default_name(const char *prefix)
{
    struct buf name CLEANUP(buf) = {0};

    buf_puts(&name, "sluice_");
    for (const char *c = prefix; *c != '\0' && name.len < PROGRESS_SLOT_MAX; c++) {
        bool upper = *c >= 'A' && *c <= 'Z';
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9');

        buf_char(&name, upper ? (char)(*c - 'A' + 'a') : plain ? *c : '_');
    }
    return err_strdup(buf_cstr(&name));
}

static char *joined(const char *before, const char *prefix, const char *after)
{
    struct buf name CLEANUP(buf) = {0};

    buf_printf(&name, "%s%s%s", before, prefix, after);
    return err_strdup(buf_cstr(&name));
}

/* SCHEMA.TABLE; whether there is such a table the database says. */
static bool is_qualified(const char *table)
{
    const char *dot = strchr(table, '.');

    return dot != NULL && dot != table && dot[1] != '\0';
}

bool cdc_options_complete(struct cdc_options *options, struct err *reterr)
{
    static const char topic_characters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    static const char slot_characters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

    if (options->prefix[strspn(options->prefix, topic_characters)] != '\0' ||
        options->prefix[0] == '\0' || strlen(options->prefix) > 150)
        return err_stop(reterr, EX_USAGE,
                        "--topic-prefix: \"%s\" is not 1 to 150 letters, digits, '.', '_', '-'",
                        options->prefix);
    if (options->slot == NULL)
        options->slot = default_name(options->prefix);
    if (options->publication == NULL)
        options->publication = default_name(options->prefix);
    if (options->slot[strspn(options->slot, slot_characters)] != '\0' || options->slot[0] == '\0' ||
        strlen(options->slot) > PROGRESS_SLOT_MAX)
        return err_stop(reterr, EX_USAGE,
                        "--slot: \"%s\" is not 1 to %d lower case letters, digits, '_'",
                        options->slot, PROGRESS_SLOT_MAX);
    for (size_t i = 0; i < options->tables.n; i++)
        if (!is_qualified(options->tables.items[i]))
            return err_stop(reterr, EX_USAGE, "--tables: \"%s\" is not SCHEMA.TABLE",
                            options->tables.items[i]);
    options->progress_topic = joined("_sluice.", options->prefix, ".progress");
    options->transactional_id = joined(options->prefix, "-", cdc_service);
    return true;
}

void cdc_options_done(struct cdc_options *options)
{
    free(options->progress_topic);
    free(options->transactional_id);
}
