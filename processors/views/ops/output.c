#include "ops/output.h"

/* A view's key in this step. */
struct keyed {
    const struct row *added, *taken;
    int64_t added_n;
};

void output_view(struct step *step, const struct plan_view *view, uint32_t index,
                 const struct batch *deltas, struct changes *changes)
{
    struct table table = {0};
    struct keyed *keys;
    uint32_t cap;
    bool fresh;

    if (deltas->n == 0)
        return;
    table_reserve(&table, step->arena, deltas->n);
    keys = array_reserve(step->arena, deltas->n, &cap, sizeof(*keys));
    for (uint32_t i = 0; i < deltas->n; i++) {
        const struct delta *delta = &deltas->deltas[i];

        buf_clear(step->key);
        key_append_key(step->key, &view->schema, delta->row);
        uint32_t k = table_enter(&table, step->arena, buf_str(step->key), &fresh);
        keys = array_grow(step->arena, keys, k, &cap, sizeof(*keys));
        if (fresh)
            keys[k] = (struct keyed){NULL, NULL, 0};
        if (delta->weight > 0) {
            keys[k].added = delta->row;
            keys[k].added_n += delta->weight;
        } else {
            keys[k].taken = delta->row;
        }
    }
    for (uint32_t k = 0; k < table.n; k++) {
        const struct row *row = keys[k].added_n == 1 ? keys[k].added : NULL;

        changes->at =
            array_grow(step->arena, changes->at, changes->n, &changes->cap, sizeof(*changes->at));
        changes->at[changes->n++] = (struct engine_change){index, row,
                                                           row != NULL             ? row
                                                           : keys[k].taken != NULL ? keys[k].taken
                                                                                   : keys[k].added};
    }
}

static void entry_key(struct step *step, const struct plan_node *node, struct hash128 hash)
{
    state_key_begin(step->key, state_fingerprint(node->fingerprint, "quarantine"));
    state_key_hash(step->key, hash);
}

/* Adds the weights of equal rows of one operator. */
static struct withheld *consolidated(struct step *step, const struct plan *plan,
                                     struct table *ret_table)
{
    struct withheld *entries = NULL;
    uint32_t cap = 0;
    bool fresh;

    for (uint32_t i = 0; i < step->withheld_n; i++) {
        const struct withheld *one = &step->withheld[i];

        entry_key(step, &plan->nodes[one->node], hash128(one->row, one->row->len));
        uint32_t k = table_enter(ret_table, step->arena, buf_str(step->key), &fresh);
        entries = array_grow(step->arena, entries, k, &cap, sizeof(*entries));
        if (fresh)
            entries[k] = *one;
        else
            entries[k].weight += one->weight;
    }
    return entries;
}

/* Changes an entry's weight in the store; tells when it comes or goes. */
static bool write_entry(struct step *step, struct str key, int64_t change, bool *ret_came,
                        bool *ret_gone, struct err *reterr)
{
    struct str stored;
    int64_t before = 0, after;

    if (!store_get(step->store, key, &stored, reterr))
        return false;
    if (stored.at != NULL)
        memcpy(&before, stored.at, sizeof(before));
    after = before + change;
    *ret_came = before <= 0 && after > 0;
    *ret_gone = before > 0 && after <= 0;
    if (after == 0)
        store_delete(step->store, key);
    else
        store_put(step->store, key, (struct str){(const char *)&after, sizeof(after)});
    return true;
}

bool output_quarantined(struct store *store, const struct plan *plan, uint64_t *ret_n,
                        struct err *reterr)
{
    CLEANUP(buf) struct buf prefix = {0};
    uint64_t n = 0;

    for (uint32_t i = 0; i < plan->nodes_n; i++) {
        bool more = true;

        state_key_begin(&prefix, state_fingerprint(plan->nodes[i].fingerprint, "quarantine"));
        struct store_cursor cursor = store_scan(buf_str(&prefix), false);
        while (store_next(store, &cursor, &more, reterr) && more) {
            int64_t weight;

            memcpy(&weight, cursor.value.at, sizeof(weight));
            n += weight > 0;
        }
        if (more)
            return false;
    }
    *ret_n = n;
    return true;
}

/* A JSON object that names the operator and the row. */
static struct str json_key(struct arena *arena, struct str key)
{
    const char *text = arena_printf(arena, "{\"operator\":\"%016llx\",\"row\":\"%016llx%016llx\"}",
                                    (unsigned long long)be_get(key.at, 8),
                                    (unsigned long long)be_get(key.at + 8, 8),
                                    (unsigned long long)be_get(key.at + 16, 8));

    return str_of(text);
}

bool output_quarantine(struct step *step, const struct plan *plan, struct engine_output *ret,
                       struct err *reterr)
{
    struct table table = {0};
    const struct withheld *entries = consolidated(step, plan, &table);
    struct engine_quarantine *made = arena_alloc(step->arena, table.n * sizeof(*made));
    uint32_t n = 0;

    for (uint32_t i = 0; i < table.n; i++) {
        struct str key = table.keys[i].bytes;
        bool came, gone;

        if (entries[i].weight == 0)
            continue;
        if (!write_entry(step, key, entries[i].weight, &came, &gone, reterr))
            return false;
        if (came || gone)
            made[n++] = (struct engine_quarantine){.key = json_key(step->arena, key),
                                                   .node = entries[i].node,
                                                   .row = came ? entries[i].row : NULL,
                                                   .schema = entries[i].schema,
                                                   .reason = entries[i].reason,
                                                   .gone = gone};
    }
    ret->quarantines = made;
    ret->quarantines_n = n;
    return true;
}
