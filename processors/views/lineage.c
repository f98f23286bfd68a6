#include "lineage.h"

#include "base/err.h"
#include "kafka/progress.h"
#include "task/inputs.h"
#include "witness.h"

enum { RECORD_BYTES = 16 << 20 };

DEFINE_CLEANUP(admin, struct kafka_admin *, kafka_admin_close);
DEFINE_CLEANUP(registry, struct registry *, registry_close);
DEFINE_CLEANUP(inputs, struct inputs *, inputs_free);
DEFINE_CLEANUP(witness, struct witness *, witness_free);

struct reading {
    const struct plan *plan;
    struct registry *registry; /* NULL: all is JSON */
    struct inputs *inputs;
    struct witness *witness;
    struct arena *arena; /* of one record */
    uint32_t source;
    uint64_t left_out; /* records that can't be read */
};

static bool find_view(const struct plan *plan, const char *name, uint32_t *ret, struct err *reterr)
{
    for (uint32_t i = 0; i < plan->views_n; i++) {
        if (strcmp(plan->views[i].name, name) == 0) {
            *ret = i;
            return true;
        }
    }
    return err_stop(reterr, EX_USAGE, "--lineage: the pipeline has no view \"%s\"; give one as %s",
                    name, plan->views_n > 0 ? plan->views[0].name : "schema.name");
}

/* The key without the blanks between its words. */
static struct str compact(struct arena *arena, const char *text)
{
    char *copy = arena_alloc(arena, strlen(text) + 1), *to = copy;
    bool quoted = false;

    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"' && (at == text || at[-1] != '\\'))
            quoted = !quoted;
        if (quoted || (*at != ' ' && *at != '\t' && *at != '\n'))
            *to++ = *at;
    }
    *to = '\0';
    return str_of(copy);
}

/* What comes of a record whose key and value are JSON. */
static bool take_json(struct reading *reading, const struct input_record *record,
                      struct err *reterr)
{
    const struct witness_record from = {record->source, record->partition, record->offset,
                                        record->key, record->value};
    struct input_result result;

    inputs_decode_record(reading->inputs, witness_engine(reading->witness), record, reading->arena,
                         &result);
    if (result.outcome == INPUT_SKIPPED)
        return true;
    if (result.outcome != INPUT_EVENT)
        reading->left_out++;
    return result.outcome == INPUT_REJECTED ||
           witness_add(reading->witness, &result.event, &from, reterr);
}

static bool take(void *arg, const struct kafka_message *message, struct err *reterr)
{
    struct reading *reading = arg;
    struct input_record record = {
        .source = reading->source, .partition = message->partition, .offset = message->offset};
    struct err reason;

    arena_reset(reading->arena);
    if (inputs_position(message, &record.position, &reason) &&
        registry_json(reading->registry, message->key, reading->arena, &record.key, &reason) &&
        registry_json(reading->registry, message->value, reading->arena, &record.value, &reason))
        return take_json(reading, &record, reterr);
    if (reason.kind != ERR_DEAD_LETTER) {
        *reterr = reason;
        return false;
    }
    reading->left_out++;
    return true;
}

static bool read_source(struct reading *reading, const struct views_options *options,
                        struct kafka_admin *admin, struct err *reterr)
{
    const char *topic = reading->plan->sources[reading->source].topic;
    const struct kafka_reading from_kafka = {&options->kafka, "views-lineage", admin, take,
                                             reading};
    int32_t partitions = 0;

    if (!kafka_partitions(admin, topic, &partitions, reterr))
        return false;
    for (int32_t partition = 0; partition < partitions; partition++) {
        const struct kafka_offset start = {topic, partition, 0};
        int64_t next = 0;

        if (!kafka_read_to_end(&from_kafka, &start, &next, reterr))
            return false;
    }
    return true;
}

static void print_record(const struct plan *plan, const struct witness_record *record, FILE *out)
{
    const struct plan_source *source = &plan->sources[record->source];

    fprintf(out, "{\"source\":\"%s\",\"topic\":\"%s\",\"partition\":%d,\"offset\":%lld,\"key\":",
            source->name, source->topic, (int)record->partition, (long long)record->offset);
    if (record->key.at == NULL)
        fputs("null", out);
    fwrite(record->key.at, 1, record->key.len, out);
    fputs(",\"value\":", out);
    fwrite(record->value.at, 1, record->value.len, out);
    fputs("}\n", out);
}

static bool find(struct reading *reading, FILE *out, struct err *reterr)
{
    const struct witness_record *records = NULL;
    uint32_t n = 0, of = 0;

    if (!witness_find(reading->witness, &records, &n, &of, reterr))
        return false;
    for (uint32_t i = 0; i < n; i++)
        print_record(reading->plan, &records[i], out);
    fprintf(stderr, "%u of %u source rows are behind it", n, of);
    if (reading->left_out > 0)
        fprintf(stderr, "; %llu records can't be read or break their contract",
                (unsigned long long)reading->left_out);
    fputc('\n', stderr);
    return true;
}

bool views_lineage(const struct views_options *options, const struct plan *plan, FILE *out,
                   struct err *reterr)
{
    CLEANUP(admin) struct kafka_admin *admin = NULL;
    CLEANUP(free) int32_t *partitions = err_calloc(plan->sources_n + 1, sizeof(*partitions));
    CLEANUP(registry)
    struct registry *registry =
        options->registry.url == NULL ? NULL : registry_open(&options->registry);
    CLEANUP(inputs) struct inputs *inputs = inputs_new(plan, partitions, NULL);
    CLEANUP(witness) struct witness *witness = NULL;
    CLEANUP(arena) struct arena *arena = arena_new(RECORD_BYTES);
    CLEANUP(arena) struct arena *key_arena = arena_new(RECORD_BYTES);
    uint32_t view = 0;

    if (options->lineage_key == NULL)
        return err_stop(reterr, EX_USAGE,
                        "--lineage-key is required with --lineage: the row's key as JSON, as on "
                        "the view's topic");
    if (!find_view(plan, options->lineage, &view, reterr) ||
        !witness_new(plan, view, compact(key_arena, options->lineage_key), &witness, reterr) ||
        !kafka_admin_open(&options->kafka, "views-lineage", &admin, reterr))
        return false;
    struct reading reading = {
        .plan = plan, .registry = registry, .inputs = inputs, .witness = witness, .arena = arena};
    for (uint32_t i = 0; i < plan->sources_n; i++) {
        reading.source = i;
        if (plan->sources[i].node != UINT32_MAX && !read_source(&reading, options, admin, reterr))
            return false;
    }
    return find(&reading, out, reterr);
}
