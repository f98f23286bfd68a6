#include "task/inputs.h"

#include "base/err.h"
#include "record/debezium.h"
#include "task/metadata.h"
#include <assert.h>
#include <stdlib.h>

enum { ARENA_BYTES = 1 << 20 };

struct inputs {
    const struct plan *plan;
    struct registry *registry;
    struct debezium_decoder **decoders; /* by source; NULL when no view reads it */
    struct kafka_offset *offsets;
    uint32_t *sources; /* by offset entry */
    size_t n;
    struct arena *arena;        /* as long as the inputs live */
    struct row_builder builder; /* of rows with columns of metadata */
};

static bool is_read(const struct plan_source *source)
{
    return source->node != UINT32_MAX;
}

struct inputs *inputs_new(const struct plan *plan, const int32_t *partitions,
                          struct registry *registry)
{
    struct inputs *inputs = err_calloc(1, sizeof(*inputs));
    size_t n = 0;

    for (uint32_t i = 0; i < plan->sources_n; i++)
        n += is_read(&plan->sources[i]) ? (size_t)partitions[i] : 0;
    inputs->plan = plan;
    inputs->registry = registry;
    inputs->arena = arena_new(ARENA_BYTES);
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers is wanted */
    inputs->decoders = err_calloc(plan->sources_n, sizeof(struct debezium_decoder *));
    inputs->offsets = err_calloc(n, sizeof(*inputs->offsets));
    inputs->sources = err_calloc(n, sizeof(*inputs->sources));
    for (uint32_t i = 0; i < plan->sources_n; i++) {
        const struct plan_source *source = &plan->sources[i];

        if (!is_read(source))
            continue;
        inputs->decoders[i] = debezium_decoder_new(metadata_decoded(inputs->arena, source),
                                                   source->versions || source->trusted);
        for (int32_t partition = 0; partition < partitions[i]; partition++) {
            inputs->sources[inputs->n] = i;
            inputs->offsets[inputs->n++] = (struct kafka_offset){source->topic, partition, 0};
        }
    }
    assert(inputs->n == n);
    return inputs;
}

struct inputs *inputs_free(struct inputs *inputs)
{
    if (inputs == NULL)
        return NULL;
    for (uint32_t i = 0; i < inputs->plan->sources_n; i++)
        debezium_decoder_free(inputs->decoders[i]);
    row_builder_done(&inputs->builder);
    arena_free(inputs->arena);
    free(inputs->decoders);
    free(inputs->offsets);
    free(inputs->sources);
    free(inputs);
    return NULL;
}

const struct kafka_offset *inputs_offsets(const struct inputs *inputs, size_t *ret_n)
{
    *ret_n = inputs->n;
    return inputs->offsets;
}

bool inputs_seek(struct inputs *inputs, struct str topic, int32_t partition, int64_t next)
{
    for (size_t i = 0; i < inputs->n; i++) {
        if (inputs->offsets[i].partition == partition &&
            str_eq_c(topic, inputs->offsets[i].topic)) {
            inputs->offsets[i].offset = next;
            return true;
        }
    }
    return false;
}

static void reject(struct input_result *ret, const char *rule)
{
    ret->outcome = INPUT_REJECTED;
    ret->rule = rule;
}

/* Takes Avro's clothes off. False: rejected, or failed. */
static bool to_json(struct inputs *inputs, struct str record, const char *rule, struct arena *arena,
                    struct str *ret_json, struct input_result *ret)
{
    if (registry_json(inputs->registry, record, arena, ret_json, &ret->reason))
        return true;
    if (ret->reason.kind == ERR_DEAD_LETTER)
        reject(ret, rule);
    else
        ret->outcome = INPUT_FAILED;
    return false;
}

/* The key as a row of the source; a record without one can't be told from another. */
static bool read_key(struct inputs *inputs, uint32_t source, struct str key, struct arena *arena,
                     struct input_result *ret)
{
    if (key.at == NULL) {
        err_set(&ret->reason, ERR_DEAD_LETTER, "the record has no key");
        reject(ret, "key");
        return false;
    }
    if (!debezium_decode_key(inputs->decoders[source], key, arena, &ret->event.key, &ret->reason)) {
        reject(ret, "key");
        return false;
    }
    if (key_has_null(&inputs->plan->sources[source].schema, ret->event.key)) {
        err_sql(&ret->reason, ERR_DEAD_LETTER, "23502", "a key column is null");
        reject(ret, "key");
        return false;
    }
    return true;
}

/* A row that breaks its contract becomes the deletion of its key. */
static void check_contract(struct engine *engine, struct arena *arena, struct input_result *ret)
{
    const struct plan_rule *rule = NULL;

    engine_check(engine, ret->event.source, ret->event.after, arena, &rule, &ret->reason);
    if (rule == NULL)
        return;
    ret->outcome = INPUT_CONTRACT;
    ret->rule = rule->name;
    ret->event.op = 'd';
    ret->event.after = NULL;
}

/* Its records are rows alone, not envelopes. */
static bool is_row(const struct plan_source *source)
{
    return source->format == PLAN_FORMAT_JSON || source->format == PLAN_FORMAT_AVRO;
}

struct str inputs_envelope(struct arena *arena, struct str row, char op)
{
    static const char head[] = "{\"before\":null,\"after\":", tail[] = ",\"op\":\"_\"}";
    size_t len = sizeof(head) - 1 + row.len + sizeof(tail) - 1;
    char *whole = arena_alloc(arena, len + 1);

    memcpy(whole, head, sizeof(head) - 1);
    memcpy(whole + sizeof(head) - 1, row.at, row.len);
    memcpy(whole + sizeof(head) - 1 + row.len, tail, sizeof(tail));
    whole[len - 3] = op;
    return (struct str){whole, len};
}

/* A row alone is the row as it is now. */
static bool decode_value(struct inputs *inputs, const struct input_record *record,
                         struct arena *arena, struct debezium_event *ret, struct err *reterr)
{
    struct str value = record->value;

    if (!record->enveloped && is_row(&inputs->plan->sources[record->source]))
        value = inputs_envelope(arena, value, 'u');
    return debezium_decode(inputs->decoders[record->source], value, arena, ret, reterr);
}

static const struct row *filled(struct inputs *inputs, const struct input_record *record,
                                const struct debezium_event *event, const struct row *row,
                                struct arena *arena)
{
    const struct record_facts facts = {event->op, event->commit_unix_us, record->position,
                                       record->partition, record->offset};

    return metadata_fill(&inputs->plan->sources[record->source], &facts, row, &inputs->builder,
                         arena);
}

/* A tombstone's row is its key: the version's own key is of the record's place, not of the row. */
static bool row_of_key(struct inputs *inputs, const struct input_record *record,
                       struct arena *arena, const struct row **ret, struct err *reterr)
{
    struct debezium_event event;

    if (!debezium_decode(inputs->decoders[record->source], inputs_envelope(arena, record->key, 'c'),
                         arena, &event, reterr))
        return false;
    *ret = event.after;
    return true;
}

/* The record as a row of its own, which nothing replaces. */
static void take_version(struct inputs *inputs, struct engine *engine,
                         const struct input_record *record, const struct debezium_event *event,
                         struct arena *arena, struct input_result *ret)
{
    const struct row *row = event->op == 'd' ? event->before : event->after;

    if (event->op == 't') {
        ret->outcome = INPUT_SKIPPED; /* no row has changed to another */
        return;
    }
    if (row == NULL && event->op == 'd' && record->key.at != NULL &&
        !row_of_key(inputs, record, arena, &row, &ret->reason)) {
        reject(ret, "key");
        return;
    }
    if (row == NULL) {
        err_set(&ret->reason, ERR_DEAD_LETTER, "an event with op \"%c\" has no row", event->op);
        reject(ret, "decode");
        return;
    }
    ret->event.op = 'c';
    ret->event.key = ret->event.after = filled(inputs, record, event, row, arena);
    check_contract(engine, arena, ret);
}

/* The row of the record's key as it is from here on. */
static void take_row(struct inputs *inputs, struct engine *engine,
                     const struct input_record *record, const struct debezium_event *event,
                     struct arena *arena, struct input_result *ret)
{
    if (event->op == 't' || !read_key(inputs, record->source, record->key, arena, ret))
        return;
    if (event->op == 'd')
        return;
    if (event->after == NULL) {
        err_set(&ret->reason, ERR_DEAD_LETTER, "an event with op \"%c\" has no after", event->op);
        reject(ret, "decode");
        return;
    }
    ret->event.after = filled(inputs, record, event, event->after, arena);
    check_contract(engine, arena, ret);
}

/* ---- trusted sources ---- */

/* A column that can't be NULL is: the table's replica identity is not full. */
static bool is_partial(const struct schema *schema, const struct row *row)
{
    for (uint16_t i = 0; i < schema->columns_n; i++)
        if (schema->columns[i].not_null && row_is_null(row, i))
            return true;
    return false;
}

/* Why the change can't be taken as it comes; NULL: it can. */
static const char *unusable(const struct plan_source *source, const struct debezium_event *event)
{
    if (event->op == 't')
        return "the table was truncated";
    if ((event->op == 'u' || event->op == 'd') &&
        (event->before == NULL || is_partial(&source->schema, event->before)))
        return "its before is not whole, the table needs REPLICA IDENTITY FULL";
    return NULL;
}

static void take_before(const struct plan_source *source, const struct debezium_event *event,
                        struct input_result *ret)
{
    const char *why = unusable(source, event);

    if (ret->outcome != INPUT_EVENT)
        return;
    if (why != NULL) {
        err_set(&ret->reason, ERR_DEAD_LETTER, "%s", why);
        reject(ret, "before");
    }
    ret->event.before = event->op == 'u' || event->op == 'd' ? event->before : NULL;
    ret->event.snapshot_lsn = event->op == 'r' ? event->lsn : 0;
}

/* What can't be used would be missing for ever: the task ends. */
static void stop_at(const struct plan_source *source, const struct input_record *record,
                    struct input_result *ret)
{
    struct err reason = ret->reason;

    if (!source->trusted || (ret->outcome != INPUT_REJECTED && ret->outcome != INPUT_CONTRACT))
        return;
    ret->outcome = INPUT_FAILED;
    err_stop(&ret->reason, EX_DATAERR,
             "source %s says before 'trusted', but the record at %s/%d, offset %lld can't be used "
             "(%s): take the option away and run with --rebuild",
             source->name, source->topic, (int)record->partition, (long long)record->offset,
             reason.text);
}

static void decode_record(struct inputs *inputs, struct engine *engine,
                          const struct input_record *record, struct arena *arena,
                          struct input_result *ret)
{
    const struct plan_source *source = &inputs->plan->sources[record->source];
    struct debezium_event event = {.op = 'd'};
    struct input_record plain = *record;

    *ret = (struct input_result){.outcome = INPUT_EVENT,
                                 .event = {.source = record->source, .position = record->position}};
    if (record->value.at == NULL && !is_row(source)) {
        ret->outcome = INPUT_SKIPPED;
        return;
    }
    if (!to_json(inputs, record->value, "decode", arena, &plain.value, ret) ||
        !to_json(inputs, record->key, "key", arena, &plain.key, ret))
        return;
    if (plain.value.at != NULL && !decode_value(inputs, &plain, arena, &event, &ret->reason)) {
        reject(ret, "decode");
        return;
    }
    if (event.commit_unix_us == 0)
        event.commit_unix_us = record->commit_unix_us;
    ret->event.op = event.op;
    ret->commit_unix_us = event.commit_unix_us;
    (source->versions ? take_version : take_row)(inputs, engine, &plain, &event, arena, ret);
    if (source->trusted)
        take_before(source, &event, ret);
}

void inputs_decode_record(struct inputs *inputs, struct engine *engine,
                          const struct input_record *record, struct arena *arena,
                          struct input_result *ret)
{
    decode_record(inputs, engine, record, arena, ret);
    stop_at(&inputs->plan->sources[record->source], record, ret);
}

static bool tells_nothing(const struct plan_source *source, const struct row *row)
{
    for (uint16_t i = 0; source->metadata != NULL && i < source->schema.columns_n; i++)
        if (source->metadata[i] != METADATA_NONE && !row_is_null(row, i))
            return false;
    return true;
}

void inputs_take_row(struct inputs *inputs, struct engine *engine, const struct input_row *row,
                     struct arena *arena, struct input_result *ret)
{
    const struct plan_source *source = &inputs->plan->sources[row->source];
    const struct record_facts facts = {
        .op = row->gone ? 'd' : 'c', .position = row->position, .offset = row->offset};
    const struct row *whole = row->row;

    if (!row->gone && tells_nothing(source, whole))
        whole = metadata_fill(source, &facts, whole, &inputs->builder, arena);
    *ret = (struct input_result){
        .outcome = INPUT_EVENT,
        .event = {row->source, facts.op, row->gone ? NULL : whole, whole, row->position}};
    if (key_has_null(&source->schema, whole)) {
        err_sql(&ret->reason, ERR_DEAD_LETTER, "23502", "a key column is null");
        reject(ret, "key");
    } else if (!row->gone) {
        check_contract(engine, arena, ret);
    }
}

bool inputs_position(const struct kafka_message *message, struct position *ret, struct err *reterr)
{
    struct str header;

    if (kafka_message_header(message, POSITION_HEADER, &header))
        return position_parse(header, ret, reterr);
    *ret = (struct position){(uint64_t)message->offset + 1, 0};
    return true;
}

/* As the record's header says; 0: it says none. */
static int64_t header_commit_us(const struct kafka_message *message)
{
    struct str header;
    int64_t unix_us = 0;

    if (!kafka_message_header(message, COMMIT_TIME_HEADER, &header) ||
        !str_integer(header, &unix_us) || unix_us < 0)
        return 0;
    return unix_us;
}

void inputs_decode(struct inputs *inputs, struct engine *engine,
                   const struct kafka_message *message, struct arena *arena,
                   struct input_result *ret)
{
    struct input_record record = {.source = inputs->sources[message->assigned_index],
                                  .key = message->key,
                                  .value = message->value,
                                  .partition = inputs->offsets[message->assigned_index].partition,
                                  .offset = message->offset,
                                  .commit_unix_us = header_commit_us(message)};

    assert(message->assigned_index < inputs->n);
    inputs->offsets[message->assigned_index].offset = message->offset + 1;
    if (!inputs_position(message, &record.position, &ret->reason)) {
        reject(ret, POSITION_HEADER);
        stop_at(&inputs->plan->sources[record.source], &record, ret);
        return;
    }
    inputs_decode_record(inputs, engine, &record, arena, ret);
}
