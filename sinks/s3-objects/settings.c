#include "settings.h"

#define AT(field) offsetof(struct settings, field)

enum { BYTES_MIN = 1024, BYTES_MAX = 512 * 1024 * 1024, DAY_MS = 24 * 3600 * 1000 };

static const char *const layouts[] = {"append", "snapshot", NULL};
static const char *const actions[] = {"write", "versions", "read", "restore", NULL};

const struct option settings_options[] = {
    {.name = "topics",
     .kind = OPTION_LIST,
     .offset = AT(topics),
     .required = true,
     .value_name = "TOPIC,...",
     .help = "topics to write; one that does not exist yet is waited for"},
    {.name = "pipeline",
     .kind = OPTION_STRING,
     .offset = AT(pipeline),
     .required = true,
     .value_name = "NAME",
     .help = "pipeline the topics belong to; names group, control topic and dead letters"},
    {.name = "group",
     .kind = OPTION_STRING,
     .offset = AT(group),
     .value_name = "GROUP",
     .help = "consumer group; without it PIPELINE-s3-objects"},
    {.name = "member-id",
     .kind = OPTION_STRING,
     .offset = AT(member_id),
     .value_name = "ID",
     .help = "static member id of this instance, which keeps its place over a restart"},
    {.name = "format",
     .kind = OPTION_LIST,
     .offset = AT(format_names),
     .fallback = "json",
     .value_name = "FORMAT,...",
     .help = "formats of the objects, csv, json, ndjson, parquet or xml; with several each window "
             "gives one object of each"},
    {.name = "key-template",
     .kind = OPTION_STRING,
     .offset = AT(key_template),
     .value_name = "TEXT",
     .help = "keys of the objects, with {topic}, {table}, {ext} and, append: {partition}, {start}, "
             "{end}, snapshot: {by}, {sha256}, {version}; without it " KEY_TEMPLATE_APPEND
             " or " KEY_TEMPLATE_SNAPSHOT},
    {.name = "layout",
     .kind = OPTION_CHOICE,
     .offset = AT(layout),
     .fallback = "append",
     .choices = layouts,
     .value_name = "append|snapshot",
     .help = "every record in one object of many, or the whole view, replaced when it has changed"},
    {.name = "partition-by",
     .kind = OPTION_STRING,
     .offset = AT(partition_by),
     .value_name = "COLUMN",
     .help = "snapshot: an object for each value of this column"},
    {.name = "order-by",
     .kind = OPTION_LIST,
     .offset = AT(order_by),
     .value_name = "COLUMN,...",
     .help = "snapshot: order of the rows; without it that of the topic"},
    {.name = "keep-versions",
     .kind = OPTION_INT,
     .offset = AT(keep_versions),
     .fallback = "1",
     .min = 1,
     .max = 10000,
     .value_name = "N",
     .help = "snapshot: versions that stay readable, the present one included"},
    {.name = "part-size",
     .kind = OPTION_SIZE,
     .offset = AT(part_bytes),
     .fallback = "8MiB",
     .min = 5242880,
     .max = BYTES_MAX,
     .value_name = "SIZE",
     .help = "a larger object is put in parts of this size,"},
    {.name = "parallel-parts",
     .kind = OPTION_INT,
     .offset = AT(parallel_parts),
     .fallback = "3",
     .min = 1,
     .max = PARALLEL_PARTS_MAX,
     .value_name = "N",
     .help = "so many at once, which is also what stands in memory"},
    {.name = "once",
     .kind = OPTION_BOOL,
     .offset = AT(once),
     .fallback = "false",
     .help = "leave when all is written that the topics held at the start"},
    {.name = "action",
     .kind = OPTION_CHOICE,
     .offset = AT(action),
     .fallback = "write",
     .choices = actions,
     .value_name = "write|versions|read|restore",
     .help = "snapshot: write, or list the versions, or print or bring back the one of --version"},
    {.name = "version",
     .kind = OPTION_INT,
     .offset = AT(version),
     .fallback = "0",
     .min = 0,
     .max = INT32_MAX,
     .value_name = "N",
     .help = "version to read (0: the present one) or to restore"},
    {.name = "rotate-records",
     .kind = OPTION_INT,
     .offset = AT(limits.records),
     .fallback = "10000",
     .min = 1,
     .max = 10000000,
     .value_name = "N",
     .help = "an object ends after so many records,"},
    {.name = "rotate-bytes",
     .kind = OPTION_SIZE,
     .offset = AT(limits.bytes),
     .fallback = "4MiB",
     .min = BYTES_MIN,
     .max = BYTES_MAX,
     .value_name = "SIZE",
     .help = "or after so many bytes of records,"},
    {.name = "rotate-interval",
     .kind = OPTION_DURATION,
     .offset = AT(limits.interval_ms),
     .fallback = "60s",
     .min = 10,
     .max = DAY_MS,
     .value_name = "DURATION",
     .help = "or so long after its first record"},
    {.name = "buffer-size",
     .kind = OPTION_SIZE,
     .offset = AT(buffer_bytes),
     .fallback = "16MiB",
     .min = BYTES_MIN,
     .max = INT64_C(8) * BYTES_MAX,
     .value_name = "SIZE",
     .help = "most bytes of records held for all partitions; beyond, the largest window is "
             "written early"},
    {0}};

static bool choose_formats(struct settings *settings, struct err *reterr)
{
    size_t n = 0;
    char known[256] = "";

    for (size_t f = 0; object_formats[f] != NULL; f++) {
        size_t used = strlen(known);

        snprintf(known + used, sizeof(known) - used, "%s%s", f == 0 ? "" : ", ",
                 object_formats[f]->name);
    }
    for (size_t i = 0; i < settings->format_names.n; i++)
        if (object_format_find(settings->format_names.items[i]) == NULL)
            return err_stop(reterr, EX_USAGE, "--format: there is no format \"%s\", only %s",
                            settings->format_names.items[i], known);
    for (size_t f = 0; object_formats[f] != NULL && n < FORMATS_MAX; f++)
        for (size_t i = 0; i < settings->format_names.n; i++)
            if (strcmp(settings->format_names.items[i], object_formats[f]->name) == 0) {
                settings->formats[n++] = object_formats[f];
                break;
            }
    return n > 0 || err_stop(reterr, EX_USAGE, "--format: it must name one of %s", known);
}

static bool check_topics(const struct option_list *topics, struct err *reterr)
{
    for (size_t i = 0; i < topics->n; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(topics->items[i], topics->items[j]) == 0)
                return err_stop(reterr, EX_USAGE, "--topics: %s stands there twice",
                                topics->items[i]);
    return true;
}

static char *joined(const char *before, const char *name, const char *after)
{
    CLEANUP(buf) struct buf text = {0};

    buf_printf(&text, "%s%s%s", before, name, after);
    return err_strdup(buf_cstr(&text));
}

/* No two objects may have one key. */
static bool choose_snapshot_template(struct settings *settings, struct err *reterr)
{
    static const char *const known[] = {"topic", "table", "by", "sha256", "version", "ext", NULL};
    const char *needed[] = {NULL, NULL, NULL, NULL};
    const char *given = settings->key_template;
    size_t n = 0;

    settings->template = given == NULL ? KEY_TEMPLATE_SNAPSHOT : given;
    bool immutable = key_template_has(settings->template, "sha256") ||
                     key_template_has(settings->template, "version");
    if (settings->formats[1] != NULL)
        needed[n++] = "ext";
    if (settings->partition_by != NULL && !key_template_has(settings->template, "sha256"))
        needed[n++] = "by";
    if (settings->topics.n > 1 && !key_template_has(settings->template, "table"))
        needed[n++] = "topic";
    if (settings->keep_versions > 1 && !immutable)
        return err_stop(reterr, EX_USAGE,
                        "--keep-versions %lld: the objects of several versions need names of their "
                        "own: {sha256} or {version} in --key-template",
                        (long long)settings->keep_versions);
    return key_template_check(settings->template, known, needed, reterr);
}

static bool check_layout(const struct settings *settings, struct err *reterr)
{
    if (settings->layout == LAYOUT_SNAPSHOT)
        return settings->action != ACTION_RESTORE || settings->version > 0 ||
               err_stop(reterr, EX_USAGE, "--action restore: give --version N");
    if (settings->partition_by != NULL || settings->order_by.n > 0 ||
        settings->keep_versions != 1 || settings->action != ACTION_WRITE)
        return err_stop(reterr, EX_USAGE,
                        "--partition-by, --order-by, --keep-versions and --action belong to "
                        "--layout snapshot");
    return true;
}

static bool choose_template(struct settings *settings, struct err *reterr)
{
    if (settings->layout == LAYOUT_SNAPSHOT)
        return choose_snapshot_template(settings, reterr);
    static const char *const known[] = {"topic", "table", "partition", "start", "end", "ext", NULL};
    const char *needed[] = {"partition", "start", "end", NULL, NULL, NULL};
    const char *given = settings->key_template;
    size_t n = 3;

    settings->template = given == NULL ? KEY_TEMPLATE_APPEND : given;
    if (settings->formats[1] != NULL)
        needed[n++] = "ext";
    if (settings->topics.n > 1 && !key_template_has(settings->template, "table"))
        needed[n++] = "topic";
    return key_template_check(settings->template, known, needed, reterr);
}

static bool make_shapes(struct settings *settings, struct err *reterr)
{
    CLEANUP(buf) struct buf chosen = {0};

    settings->arena = arena_new(0);
    settings->rows.envelope = settings->layout == LAYOUT_APPEND;
    if (!shape_options_build(&settings->rows, &settings->topics, settings->formats, settings->arena,
                             &settings->shapes, reterr))
        return false;
    for (size_t i = 0; i < settings->topics.n; i++) {
        size_t before = chosen.len;

        object_shape_describe(&chosen, &settings->shapes[i]);
        if (chosen.len > before)
            buf_char(&chosen, '\n');
    }
    if (settings->key_template != NULL)
        buf_printf(&chosen, "keys %s\n", settings->template);
    plan_configuration(settings->s3.bucket, settings->formats, buf_str(&chosen), settings->cfg);
    return true;
}

bool settings_complete(struct settings *settings, struct err *reterr)
{
    if (!choose_formats(settings, reterr) || !check_topics(&settings->topics, reterr) ||
        !check_layout(settings, reterr) || !choose_template(settings, reterr) ||
        !make_shapes(settings, reterr))
        return false;
    settings->own_group = joined("", settings->pipeline, "-" SERVICE_NAME);
    settings->group_id = settings->group != NULL ? settings->group : settings->own_group;
    settings->control_topic = joined("_sluice.", settings->pipeline, "-" SERVICE_NAME ".tasks");
    settings->dead_letter_topic = joined("", settings->pipeline, ".dead-letters");
    settings->transactional_id = joined("", settings->group_id, "-0");
    return true;
}

void settings_done(struct settings *settings)
{
    arena_free(settings->arena);
    free(settings->own_group);
    free(settings->control_topic);
    free(settings->dead_letter_topic);
    free(settings->transactional_id);
}
