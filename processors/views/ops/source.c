#include "ops/op.h"

/*
 * Brings each key's changes of the step into line: the stored row is read once, the newest event
 * wins, the difference is emitted and written once. A trusted source stores no rows: the first
 * event of a key says what was there.
 */
struct source {
    uint64_t rows, truncates, snapshot; /* fingerprints */
    const struct plan_source *trusted;  /* NULL: it is not */
};

/* A key in the present step. */
struct held {
    struct position position;       /* of `now` */
    const struct row *before, *now; /* NULL: not there */
    bool touched;                   /* an event was not stale */
};

struct keys {
    struct table table;
    struct held *held;
    uint32_t cap;
    struct position truncated; /* events at or below it are stale */
    bool flushed;              /* within the step: its output may have rows twice */
};

static const char ROWS_NOTE[] = "fp(rows) | key -> position, row; fp(truncate) -> position; of a "
                                "trusted source fp(snapshot) -> lsn alone";

static void source_start(struct op *op, struct arena *arena)
{
    struct source *source = arena_alloc(arena, sizeof(*source));

    source->rows = state_fingerprint(op->node->fingerprint, "source rows");
    source->truncates = state_fingerprint(op->node->fingerprint, "source truncate");
    source->snapshot = state_fingerprint(op->node->fingerprint, "source snapshot");
    source->trusted = op->source->trusted ? op->source : NULL;
    op->own = source;
}

static void take_held(struct arena *arena, struct str value, struct held *held)
{
    memcpy(&held->position, value.at, sizeof(held->position));
    held->before = held->now = state_row(
        arena, (struct str){value.at + sizeof(held->position), value.len - sizeof(held->position)});
}

/* The key's stored row, at its first touch in the step. */
static bool read_held(struct step *step, struct held *held, struct err *reterr)
{
    struct str value;

    if (!store_get(step->store, buf_str(step->key), &value, reterr))
        return false;
    if (value.at != NULL)
        take_held(step->arena, value, held);
    return true;
}

/* The key's place in the step. */
static bool find_held(const struct op *op, struct step *step, struct keys *keys,
                      const struct row *row, struct held **ret, struct err *reterr)
{
    const struct source *source = op->own;
    bool fresh;

    buf_clear(step->value);
    key_append_key(step->value, &op->node->schema, row);
    state_key_begin(step->key, source->rows);
    state_key_part(step->key, buf_str(step->value));
    uint32_t i = table_enter(&keys->table, step->arena, buf_str(step->key), &fresh);
    keys->held = array_grow(step->arena, keys->held, i, &keys->cap, sizeof(*keys->held));
    struct held *held = &keys->held[i];
    *ret = held;
    if (!fresh)
        return true;
    *held = (struct held){.position = {0, 0}};
    return source->trusted != NULL || read_held(step, held, reterr);
}

/* ---- a trusted source ---- */

static bool distrust(const struct source *source, const char *why, struct err *reterr)
{
    return err_stop(reterr, EX_DATAERR,
                    "source %s says before 'trusted', but %s: take the option away and run with "
                    "--rebuild",
                    source->trusted->name, why);
}

/* The rows of one snapshot alone are first rows. */
static bool check_snapshot(const struct source *source, struct step *step, uint64_t lsn,
                           struct err *reterr)
{
    struct str stored;

    if (lsn == 0)
        return true;
    state_key_begin(step->key, source->snapshot);
    if (!store_get(step->store, buf_str(step->key), &stored, reterr))
        return false;
    if (stored.at == NULL)
        store_put(step->store, buf_str(step->key), (struct str){(const char *)&lsn, sizeof(lsn)});
    else if (stored.len != sizeof(lsn) || memcmp(stored.at, &lsn, sizeof(lsn)) != 0)
        return distrust(source, "its topic holds a second snapshot", reterr);
    return true;
}

static bool same_row(const struct row *a, const struct row *b)
{
    return a == NULL || b == NULL ? a == b : row_same(a, b);
}

static bool apply_trusted(const struct op *op, struct step *step, struct keys *keys,
                          const struct engine_event *event, struct err *reterr)
{
    struct held *held;

    if (!find_held(op, step, keys, event->op == 'd' ? event->key : event->after, &held, reterr))
        return false;
    if (!held->touched)
        held->before = held->now = event->before;
    else if (!same_row(held->now, event->before))
        return distrust(op->own, "a record's \"before\" is not what the record before it left",
                        reterr);
    held->now = event->op == 'd' ? NULL : event->after;
    held->touched = true;
    return event->op != 'r' || check_snapshot(op->own, step, event->snapshot_lsn, reterr);
}

/* ---- a source that stores its rows ---- */

static bool apply_event(const struct op *op, struct step *step, struct keys *keys,
                        const struct engine_event *event, struct err *reterr)
{
    const struct row *row = event->op == 'd' ? event->key : event->after;
    struct held *held;

    if (!find_held(op, step, keys, row, &held, reterr))
        return false;
    if (position_cmp(event->position, keys->truncated) <= 0 ||
        (held->now != NULL && position_cmp(event->position, held->position) <= 0)) {
        step->events_stale++;
        return true;
    }
    held->now = event->op == 'd' ? NULL : row;
    held->position = event->position;
    held->touched = true;
    return true;
}

static void write_held(const struct source *source, struct step *step, struct str key,
                       const struct held *held)
{
    if (source->trusted != NULL)
        return;

    if (held->now == NULL) {
        if (held->before != NULL)
            store_delete(step->store, key);
        return;
    }
    buf_clear(step->value);
    buf_append(step->value, &held->position, sizeof(held->position));
    buf_append(step->value, held->now, held->now->len);
    store_put(step->store, key, buf_str(step->value));
}

/* Emits and writes what the keys have become, and forgets them. */
static void flush(struct op *op, struct step *step, struct keys *keys)
{
    for (uint32_t i = 0; i < keys->table.n; i++) {
        const struct held *held = &keys->held[i];

        if (!held->touched)
            continue;
        if (held->before != NULL)
            batch_add(&op->out, step->arena, held->before, -1);
        if (held->now != NULL)
            op_emit(op, step, held->now, 1);
        write_held(op->own, step, keys->table.keys[i].bytes, held);
    }
    keys->table = (struct table){0};
    keys->held = NULL;
    keys->cap = 0;
}

static bool read_truncated(const struct op *op, struct step *step, struct position *ret,
                           struct err *reterr)
{
    const struct source *source = op->own;
    struct str value;

    state_key_begin(step->key, source->truncates);
    if (!store_get(step->store, buf_str(step->key), &value, reterr))
        return false;
    *ret = (struct position){0, 0};
    if (value.at != NULL)
        memcpy(ret, value.at, sizeof(*ret));
    return true;
}

/* The keys of rows that are older than the truncate. */
static bool find_truncated(const struct op *op, struct step *step, struct position position,
                           struct batch *ret_rows, struct table *ret_keys, struct err *reterr)
{
    const struct source *source = op->own;
    char prefix[8];
    bool more, fresh;

    state_key_begin(step->key, source->rows);
    memcpy(prefix, step->key->at, sizeof(prefix));
    struct store_cursor cursor = store_scan((struct str){prefix, sizeof(prefix)}, false);
    for (;;) {
        struct held held;

        if (!store_next(step->store, &cursor, &more, reterr))
            return false;
        if (!more)
            return true;
        take_held(step->arena, cursor.value, &held);
        if (position_cmp(held.position, position) >= 0)
            continue;
        batch_add(ret_rows, step->arena, held.now, -1);
        table_enter(ret_keys, step->arena, cursor.key, &fresh);
    }
}

/* Removes what is older. The same truncate comes once from every partition of the topic. */
static bool truncate_source(struct op *op, struct step *step, struct keys *keys,
                            struct position position, struct err *reterr)
{
    const struct source *source = op->own;
    struct batch rows = {0};
    struct table found = {0};

    if (position_cmp(position, keys->truncated) <= 0) {
        step->events_stale++;
        return true;
    }
    flush(op, step, keys);
    keys->flushed = true;
    if (!find_truncated(op, step, position, &rows, &found, reterr))
        return false;
    for (uint32_t i = 0; i < found.n; i++) {
        store_delete(step->store, found.keys[i].bytes);
        batch_add(&op->out, step->arena, rows.deltas[i].row, -1);
    }
    keys->truncated = position;
    state_key_begin(step->key, source->truncates);
    store_put(step->store, buf_str(step->key),
              (struct str){(const char *)&position, sizeof(position)});
    return true;
}

/* Room for as many keys as the source has events in the step. */
static void reserve_keys(const struct op *op, struct step *step, struct keys *keys)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < step->events_n; i++)
        n += step->events[i].source == op->node->source;
    table_reserve(&keys->table, step->arena, n);
    keys->held = array_reserve(step->arena, n, &keys->cap, sizeof(*keys->held));
}

static bool take_event(struct op *op, struct step *step, struct keys *keys,
                       const struct engine_event *event, struct err *reterr)
{
    if (((const struct source *)op->own)->trusted != NULL)
        return apply_trusted(op, step, keys, event, reterr);
    return event->op == 't' ? truncate_source(op, step, keys, event->position, reterr)
                            : apply_event(op, step, keys, event, reterr);
}

static bool source_apply(struct op *op, struct step *step, struct err *reterr)
{
    struct keys keys = {.cap = 0};

    if (step->events_n == 0)
        return true;
    reserve_keys(op, step, &keys);
    if (!read_truncated(op, step, &keys.truncated, reterr))
        return false;
    for (uint32_t i = 0; i < step->events_n; i++) {
        const struct engine_event *event = &step->events[i];

        if (event->source != op->node->source)
            continue;
        if (!take_event(op, step, &keys, event, reterr))
            return false;
    }
    flush(op, step, &keys);
    if (keys.flushed)
        batch_consolidate(&op->out, step->arena);
    return true;
}

const struct op_ops op_source = {
    .name = "source",
    .state_note = ROWS_NOTE,
    .start = source_start,
    .apply = source_apply,
};
