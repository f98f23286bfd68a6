#include "ops/shelf.h"

bool shelf_put(struct step *step, const struct row *row, int64_t weight, struct err *reterr)
{
    struct delta delta = {row, weight};
    struct batch one = {&delta, 1, 1};

    store_key_bound(step->key);
    return state_list_add(step->store, step->arena, step->value, buf_str(step->key), &one, reterr);
}

/* The weight of a list, and its first row that is there. */
static int64_t list_weight(const struct delta *list, uint32_t n, const struct row **ret_first)
{
    int64_t weight = 0;

    *ret_first = NULL;
    for (uint32_t i = 0; i < n; i++) {
        weight += list[i].weight;
        if (list[i].weight > 0 &&
            (*ret_first == NULL || str_cmp(row_str(list[i].row), row_str(*ret_first)) < 0))
            *ret_first = list[i].row;
    }
    return weight;
}

static bool read_list(struct step *step, struct str key, int64_t *ret_weight,
                      const struct row **ret_first, struct err *reterr)
{
    struct delta *list;
    struct str value;

    if (!store_get(step->store, key, &value, reterr))
        return false;
    uint32_t n = state_list_read(step->arena, value, &list);
    *ret_weight = list_weight(list, n, ret_first);
    return true;
}

bool shelf_change(struct step *step, const struct row *row, int64_t weight,
                  struct shelf_change *ret, struct err *reterr)
{
    store_key_bound(step->key);
    struct str key = arena_copy(step->arena, buf_str(step->key));

    return read_list(step, key, &ret->before, &ret->first_before, reterr) &&
           shelf_put(step, row, weight, reterr) &&
           read_list(step, key, &ret->after, &ret->first_after, reterr);
}

/* The walk. Rows whose keys were cut at the same prefix stand in the store in no order: they are
 * gathered as a run and sorted by their full keys. */
struct walker {
    const struct shelf_walk *walk;
    struct step *step;
    struct batch run;
    struct str run_prefix; /* empty: no run */
    bool ended;
};

struct sorted {
    struct str key;
    struct delta delta;
};

static int compare_sorted(const void *a, const void *b)
{
    const struct sorted *x = a, *y = b;
    int order = str_cmp(x->key, y->key);

    return order != 0 ? order : str_cmp(row_str(x->delta.row), row_str(y->delta.row));
}

static int compare_rows(const void *a, const void *b)
{
    return str_cmp(row_str(((const struct delta *)a)->row),
                   row_str(((const struct delta *)b)->row));
}

static void visit(struct walker *walker, struct str key, const struct delta *entry)
{
    if (!walker->ended && entry->weight > 0)
        walker->ended = !walker->walk->visit(walker->walk->to, walker->step, key, entry);
}

/* Puts a finished run in order and shows it. */
static bool end_run(struct walker *walker, struct err *reterr)
{
    struct step *step = walker->step;
    struct batch *run = &walker->run;
    struct sorted *sorted = arena_alloc(step->arena, run->n * sizeof(*sorted));

    for (uint32_t i = 0; i < run->n; i++) {
        if (!walker->walk->key(walker->walk->of, step, run->deltas[i].row, reterr))
            return false;
        sorted[i] = (struct sorted){arena_copy(step->arena, buf_str(step->key)), run->deltas[i]};
    }
    if (run->n > 1)
        qsort(sorted, run->n, sizeof(*sorted), compare_sorted);
    for (uint32_t i = 0; i < run->n; i++)
        visit(walker, sorted[i].key, &sorted[i].delta);
    *run = (struct batch){0};
    walker->run_prefix = STR_NONE;
    return true;
}

/* Takes one entry of the store, directly or into a run. Equal values of different form (1.0 and
 * 1.00) share a key: their order is that of their bytes. */
static bool take_entry(struct walker *walker, const struct store_cursor *cursor, struct err *reterr)
{
    bool cut = cursor->key.len == STORE_KEY_BYTES_MAX;
    struct str prefix = {cursor->key.at, STORE_KEY_PREFIX};
    struct arena *arena = walker->step->arena;
    struct delta *list;

    if (walker->run_prefix.len > 0 && !(cut && str_eq(walker->run_prefix, prefix)) &&
        !end_run(walker, reterr))
        return false;
    if (cut && walker->run_prefix.len == 0)
        walker->run_prefix = arena_copy(arena, prefix);
    uint32_t n = state_list_read(arena, cursor->value, &list);
    if (n > 1)
        qsort(list, n, sizeof(*list), compare_rows);
    for (uint32_t i = 0; i < n; i++) {
        if (cut)
            batch_add(&walker->run, arena, list[i].row, list[i].weight);
        else
            visit(walker, cursor->key, &list[i]);
    }
    return true;
}

bool shelf_walk(struct step *step, const struct shelf_walk *walk, struct err *reterr)
{
    struct walker walker = {.walk = walk, .step = step};
    struct store_cursor cursor = store_scan(walk->prefix, false);
    bool more = true;

    while (!walker.ended) {
        if (!store_next(step->store, &cursor, &more, reterr))
            return false;
        if (!more)
            break;
        if (!take_entry(&walker, &cursor, reterr))
            return false;
    }
    if (more)
        store_end(step->store, &cursor);
    return walker.run_prefix.len == 0 || end_run(&walker, reterr);
}
