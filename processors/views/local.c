#include "local.h"

#include "base/err.h"
#include "ops/engine.h"
#include "ops/store_memory.h"
#include "record/json.h"
#include "task/inputs.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

DEFINE_CLEANUP(engine, struct engine *, engine_free);
DEFINE_CLEANUP(inputs, struct inputs *, inputs_free);
DEFINE_CLEANUP(store_memory, struct store_memory *, store_memory_free);
DEFINE_CLEANUP(overlay, struct overlay *, overlay_free);

/* One run over files. `views` holds the present rows: 4-byte view number, key JSON -> row JSON. */
struct local {
    const struct plan *plan;
    struct engine *engine;
    struct inputs *inputs;
    struct overlay *views;
    struct arena *arena;
    struct buf key, value;
    uint64_t line; /* over all files: the position of a line */
};

static void view_key(struct local *local, uint32_t view, const struct row *key_row)
{
    buf_clear(&local->key);
    buf_be(&local->key, view, 4);
    key_append_key(&local->key, &local->plan->views[view].schema, key_row);
}

static void keep_changes(struct local *local, const struct engine_output *output)
{
    for (uint32_t i = 0; i < output->changes_n; i++) {
        const struct engine_change *change = &output->changes[i];

        view_key(local, change->view, change->key_row);
        buf_clear(&local->value);
        if (change->row != NULL)
            json_write_row(&local->value, &local->plan->views[change->view].schema, change->row);
        overlay_put(local->views, buf_str(&local->key),
                    change->row == NULL ? STR_NONE : buf_str(&local->value));
    }
    for (uint32_t i = 0; i < output->quarantines_n; i++)
        if (!output->quarantines[i].gone)
            fprintf(stderr, "withheld: %s (%s)\n", output->quarantines[i].reason.text,
                    output->quarantines[i].reason.sqlstate);
}

/* A bare row becomes an envelope that creates it; an object with "op" is one already. */
static bool to_envelope(struct local *local, struct str line, bool *ret_bare, struct err *reterr)
{
    struct json_cursor cursor = json_open(line);
    struct json_value value;
    struct str name;
    bool first = true, more = true;

    *ret_bare = true;
    if (!json_object_begin(&cursor, reterr))
        return false;
    while (json_object_next(&cursor, local->arena, &first, &more, &name, reterr)) {
        if (!more)
            break;
        if (!json_read(&cursor, &value, reterr))
            return false;
        if (str_eq(name, STR("op")))
            *ret_bare = false;
    }
    if (more)
        return false;
    buf_clear(&local->value);
    if (*ret_bare)
        buf_puts(&local->value, "{\"before\":null,\"after\":");
    buf_put(&local->value, line);
    if (*ret_bare)
        buf_puts(&local->value, ",\"op\":\"c\"}");
    return true;
}

/* The key object of a line: of its "after", else its "before", else the line itself; the decoder
 * takes the key columns and skips the rest. */
static bool line_key(struct local *local, struct str line, bool bare, struct str *ret,
                     struct err *reterr)
{
    struct json_cursor cursor = json_open(line);
    struct json_value value;
    struct str name;
    bool first = true, more = true;

    *ret = line;
    if (bare)
        return true;
    if (!json_object_begin(&cursor, reterr))
        return false;
    while (json_object_next(&cursor, local->arena, &first, &more, &name, reterr) && more) {
        if (!json_read(&cursor, &value, reterr))
            return false;
        if (value.kind == JSON_OBJECT &&
            (str_eq(name, STR("before")) || str_eq(name, STR("after"))))
            *ret = value.raw;
    }
    return !more;
}

static bool take_line(struct local *local, uint32_t source, struct str line, struct err *reterr)
{
    struct input_result result;
    struct engine_output output;
    struct input_record record = {.source = source,
                                  .position = {++local->line, 0},
                                  .offset = (int64_t)local->line,
                                  .enveloped = true};
    bool bare = false;

    arena_reset(local->arena);
    if (!to_envelope(local, line, &bare, reterr) ||
        !line_key(local, line, bare, &record.key, reterr))
        return false;
    record.value = arena_copy(local->arena, buf_str(&local->value));
    inputs_decode_record(local->inputs, local->engine, &record, local->arena, &result);
    if (result.outcome == INPUT_REJECTED || result.outcome == INPUT_CONTRACT)
        fprintf(stderr, "left out by rule \"%s\": %s\n", result.rule, result.reason.text);
    if (result.outcome == INPUT_REJECTED)
        return true;
    if (!engine_step(local->engine, &result.event, 1, local->arena, &output, reterr))
        return false;
    keep_changes(local, &output);
    return true;
}

/* A source without a file has no rows; a folder that is not there is a mistake. */
static bool take_file(struct local *local, uint32_t source, const char *folder, struct err *reterr)
{
    const char *name = local->plan->sources[source].name;
    const char *dot = strrchr(name, '.');
    char path[4096];
    CLEANUP(free) char *line = NULL;
    size_t cap = 0;
    ssize_t length = 0;

    snprintf(path, sizeof(path), "%s/%s.jsonl", folder, dot == NULL ? name : dot + 1);
    CLEANUP(file) FILE *file = fopen(path, "re");
    if (file == NULL && errno == ENOENT)
        return true;
    if (file == NULL)
        return err_stop(reterr, EX_NOINPUT, "cannot read %s: %s", path, strerror(errno));
    for (unsigned long number = 1; (length = getline(&line, &cap, file)) >= 0; number++) {
        while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
            length--;
        if (length > 0 && !take_line(local, source, (struct str){line, (size_t)length}, reterr)) {
            err_prefix(reterr, "%s:%lu", path, number);
            reterr->kind = ERR_STOP;
            return false;
        }
    }
    return true;
}

static void print_views(const struct local *local, FILE *out)
{
    uint32_t heading = UINT32_MAX;

    for (const struct overlay_entry *entry = overlay_seek(local->views, STR_NONE, false);
         entry != NULL; entry = overlay_next(local->views, entry)) {
        uint32_t view = (uint32_t)be_get(entry->key.at, 4);

        if (entry->value.at == NULL)
            continue;
        if (view != heading)
            fprintf(out, "-- %s\n", local->plan->views[view].name);
        heading = view;
        fprintf(out, "%.*s\n", STR_ARG(entry->value));
    }
}

static void print_warnings(struct local *local)
{
    for (uint32_t s = 0; s < local->plan->sources_n; s++) {
        const struct plan_source *source = &local->plan->sources[s];

        for (uint16_t r = 0; r < source->rules_n; r++) {
            uint64_t rows = engine_take_warnings(local->engine, s, r);

            if (rows > 0)
                fprintf(stderr, "warned by rule \"%s\": %llu rows of %s\n", source->rules[r].name,
                        (unsigned long long)rows, source->name);
        }
    }
}

static bool run(struct local *local, const char *folder, FILE *out, struct err *reterr)
{
    struct engine_output output;

    if (access(folder, R_OK | X_OK) != 0)
        return err_stop(reterr, EX_NOINPUT, "--local: cannot read the folder %s: %s", folder,
                        strerror(errno));
    if (!engine_first_step(local->engine, local->arena, &output, reterr))
        return false;
    keep_changes(local, &output);
    for (uint32_t i = 0; i < local->plan->sources_n; i++)
        if (local->plan->sources[i].node != UINT32_MAX && !take_file(local, i, folder, reterr))
            return false;
    print_warnings(local);
    print_views(local, out);
    return true;
}

bool views_local(const struct plan *plan, const char *folder, FILE *out, struct err *reterr)
{
    CLEANUP(store_memory) struct store_memory *memory = store_memory_new();
    CLEANUP(engine) struct engine *engine = NULL;
    CLEANUP(free) int32_t *partitions = err_calloc(plan->sources_n, sizeof(*partitions));
    CLEANUP(inputs) struct inputs *inputs = inputs_new(plan, partitions, NULL);
    CLEANUP(overlay) struct overlay *views = overlay_new(1 << 30);
    CLEANUP(arena) struct arena *arena = arena_new(64 << 20);

    if (!engine_new(plan, &memory->store, &engine, reterr))
        return false;
    struct local local = {
        .plan = plan, .engine = engine, .inputs = inputs, .views = views, .arena = arena};
    bool ok = run(&local, folder, out, reterr);
    buf_done(&local.key);
    buf_done(&local.value);
    return ok;
}
