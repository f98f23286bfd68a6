#include "local/local.h"

#include "base/err.h"
#include "ops/state.h"
#include "ops/store_memory.h"
#include "ops/table.h"
#include "record/json.h"
#include "state/state.h"
#include "task/inputs.h"
#include <errno.h>
#include <stdlib.h>

enum { BATCH_EVENTS = 15000, BATCH_BYTES = 64 << 20, OVERLAY_BYTES = 256 << 20 };
#define DISK_BYTES_MAX (INT64_C(1) << 38)

/* An ordered map of bytes, in memory or in a file without a name. */
struct place {
    struct store_memory *memory;
    struct state *state;
    struct store *store; /* of one of them */
};

struct local {
    const struct plan *plan;
    struct local_listener listener;
    struct place engine_place, views; /* views: 4-byte view number, key -> row */
    struct engine *engine;
    struct inputs *inputs;
    struct arena *arena;         /* of one step */
    struct engine_event *events; /* of the next step */
    uint32_t events_n;
    struct buf key;
    uint64_t position; /* of the last change, over all sources */
};

/* ---- places ---- */

static bool open_on_disk(struct place *place, struct err *reterr)
{
    const char *folder = getenv("TMPDIR");
    bool emptied;
    char path[4096];

    snprintf(path, sizeof(path), "%s/sluice-local-XXXXXX", folder == NULL ? "/tmp" : folder);
    if (mkdtemp(path) == NULL)
        return err_stop(reterr, EX_CANTCREAT, "cannot make a folder %s: %s", path, strerror(errno));
    const struct state_config config = {.directory = path,
                                        .map_bytes = DISK_BYTES_MAX,
                                        .overlay_bytes = OVERLAY_BYTES,
                                        .nameless = true};
    if (!state_open(&config, &place->state, &emptied, reterr))
        return false;
    place->store = state_store(place->state);
    return true;
}

static bool place_open(struct place *place, bool on_disk, struct err *reterr)
{
    if (on_disk)
        return open_on_disk(place, reterr);
    place->memory = store_memory_new();
    place->store = &place->memory->store;
    return true;
}

static bool place_commit(struct place *place, struct err *reterr)
{
    static const struct state_mark nowhere;

    if (place->state != NULL)
        return state_apply(place->state, &nowhere, reterr);
    store_memory_commit(place->memory);
    return true;
}

static void place_close(struct place *place)
{
    state_close(place->state, false);
    store_memory_free(place->memory);
}

/* ---- the run ---- */

static void view_key(struct local *local, uint32_t view, const struct row *key_row)
{
    buf_clear(&local->key);
    buf_be(&local->key, view, 4);
    key_append_key(&local->key, &local->plan->views[view].schema, key_row);
    store_key_bound(&local->key);
}

static bool keep(struct local *local, const struct engine_output *output, struct err *reterr)
{
    for (uint32_t i = 0; i < output->changes_n; i++) {
        const struct engine_change *change = &output->changes[i];

        view_key(local, change->view, change->key_row);
        store_put(local->views.store, buf_str(&local->key),
                  change->row == NULL ? STR_NONE : row_str(change->row));
    }
    for (uint32_t i = 0; i < output->quarantines_n; i++)
        local->listener.withheld(local->listener.context, &output->quarantines[i]);
    return place_commit(&local->engine_place, reterr) && place_commit(&local->views, reterr);
}

static bool start(struct local *local, bool on_disk, struct err *reterr)
{
    struct engine_output output;

    return place_open(&local->engine_place, on_disk, reterr) &&
           place_open(&local->views, on_disk, reterr) &&
           engine_new(local->plan, local->engine_place.store, &local->engine, reterr) &&
           engine_first_step(local->engine, local->arena, &output, reterr) &&
           keep(local, &output, reterr);
}

bool local_new(const struct local_config *config, struct local **ret, struct err *reterr)
{
    struct local *local = err_calloc(1, sizeof(*local));
    CLEANUP(free) int32_t *partitions = err_calloc(config->plan->sources_n, sizeof(*partitions));

    local->plan = config->plan;
    local->listener = config->listener;
    local->inputs = inputs_new(local->plan, partitions, NULL);
    local->arena = arena_new(BATCH_BYTES);
    local->events = err_calloc(BATCH_EVENTS, sizeof(*local->events));
    if (!start(local, config->on_disk, reterr)) {
        local_free(local);
        return false;
    }
    arena_reset(local->arena);
    *ret = local;
    return true;
}

struct local *local_free(struct local *local)
{
    if (local == NULL)
        return NULL;
    engine_free(local->engine);
    inputs_free(local->inputs);
    place_close(&local->engine_place);
    place_close(&local->views);
    arena_free(local->arena);
    buf_done(&local->key);
    free(local->events);
    free(local);
    return NULL;
}

struct arena *local_arena(struct local *local)
{
    return local->arena;
}

uint64_t local_take_warnings(struct local *local, uint32_t source, uint16_t rule)
{
    return engine_take_warnings(local->engine, source, rule);
}

bool local_step(struct local *local, struct err *reterr)
{
    struct engine_output output;

    if (!engine_step(local->engine, local->events, local->events_n, local->arena, &output,
                     reterr) ||
        !keep(local, &output, reterr))
        return false;
    local->events_n = 0;
    arena_reset(local->arena);
    return true;
}

/* Takes what was decoded; a step when the batch is full. */
static bool take(struct local *local, const struct input_result *result, struct err *reterr)
{
    if (result->outcome == INPUT_FAILED) {
        *reterr = result->reason;
        return false;
    }
    if (result->outcome == INPUT_REJECTED || result->outcome == INPUT_CONTRACT)
        local->listener.rejected(local->listener.context, result->event.source, result->rule,
                                 &result->reason);
    if (result->outcome == INPUT_EVENT || result->outcome == INPUT_CONTRACT)
        local->events[local->events_n++] = result->event;
    return (local->events_n < BATCH_EVENTS && !arena_full(local->arena)) ||
           local_step(local, reterr);
}

/* ---- lines ---- */

/* Tells an envelope, which has "op", from a row, and finds the object that holds the key: of an
 * envelope its "after", else its "before"; the decoder takes the key columns and skips the rest. */
static bool look_at(struct local *local, struct str line, struct input_record *record,
                    struct err *reterr)
{
    struct json_cursor cursor = json_open(line);
    struct json_value value;
    struct str name, before = STR_NONE, after = STR_NONE;
    bool first = true, more = true;

    if (!json_object_begin(&cursor, reterr))
        return false;
    while (json_object_next(&cursor, local->arena, &first, &more, &name, reterr) && more) {
        if (!json_read(&cursor, &value, reterr))
            return false;
        if (str_eq(name, STR("op")))
            record->enveloped = true;
        if (value.kind == JSON_OBJECT && str_eq(name, STR("after")))
            after = value.raw;
        if (value.kind == JSON_OBJECT && str_eq(name, STR("before")))
            before = value.raw;
    }
    record->key = !record->enveloped ? line : after.at != NULL ? after : before;
    return !more;
}

bool local_take_line(struct local *local, uint32_t source, struct str line, struct err *reterr)
{
    struct input_record record = {.source = source, .position = {++local->position, 0}};
    struct input_result result;

    record.offset = (int64_t)local->position;
    line = arena_copy(local->arena, line);
    if (!look_at(local, line, &record, reterr))
        return false;
    record.value = record.enveloped ? line : inputs_envelope(local->arena, line, 'c');
    record.enveloped = true;
    inputs_decode_record(local->inputs, local->engine, &record, local->arena, &result);
    return take(local, &result, reterr);
}

/* ---- rows ---- */

bool local_take_row(struct local *local, uint32_t source, const struct row *row, bool gone,
                    struct err *reterr)
{
    struct input_row input = {.source = source,
                              .row = row,
                              .gone = gone,
                              .position = {++local->position, 0},
                              .offset = (int64_t)local->position};
    struct input_result result;

    inputs_take_row(local->inputs, local->engine, &input, local->arena, &result);
    return take(local, &result, reterr);
}

bool local_truncate(struct local *local, uint32_t source, struct err *reterr)
{
    const struct input_result result = {
        .outcome = INPUT_EVENT,
        .event = {.source = source, .op = 't', .position = {++local->position, 0}}};

    return take(local, &result, reterr);
}

/* ---- the views ---- */

void local_walk_begin(struct local_walk *walk, uint32_t view)
{
    for (int i = 0; i < 4; i++)
        walk->prefix[i] = (char)(unsigned char)(view >> (24 - 8 * i));
    walk->cursor = store_scan((struct str){walk->prefix, sizeof(walk->prefix)}, false);
}

bool local_walk_next(struct local *local, struct local_walk *walk, struct arena *arena,
                     const struct row **ret_row, struct err *reterr)
{
    bool more = false;

    if (!store_next(local->views.store, &walk->cursor, &more, reterr))
        return false;
    *ret_row = more ? state_row(arena, walk->cursor.value) : NULL;
    return true;
}

bool local_rows(struct local *local, uint32_t view, struct arena *arena,
                const struct row *const **ret_rows, uint32_t *ret_n, struct err *reterr)
{
    const struct row **rows = NULL, *row = NULL;
    struct local_walk walk;
    uint32_t n = 0, cap = 0;

    local_walk_begin(&walk, view);
    for (;;) {
        if (!local_walk_next(local, &walk, arena, &row, reterr))
            return false;
        if (row == NULL)
            break;
        rows = array_grow(arena, rows, n, &cap, sizeof(void *));
        rows[n++] = row_copy(arena, row);
    }
    *ret_rows = rows;
    *ret_n = n;
    return true;
}
