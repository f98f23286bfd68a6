#include "ops/group_column.h"
#include "ops/defect.h"

static struct aggregate_site site_of(struct arena *arena, const struct plan_aggregate *planned)
{
    uint16_t n = plan_aggregate_args_n(planned);
    struct type *types = arena_alloc(arena, (n + 1U) * sizeof(*types));

    for (uint16_t i = 0; i < n; i++)
        types[i] = plan_aggregate_arg(planned, i)->type;
    return (struct aggregate_site){planned->aggregate, types, planned->result, n};
}

static enum column_state state_of(const struct plan_aggregate *planned)
{
    switch (planned->aggregate->state) {
    case AGGREGATE_EXTREME:
        return COLUMN_EXTREME;
    case AGGREGATE_BAG:
        return COLUMN_BAG;
    case AGGREGATE_SUMS:
        break;
    }
    return planned->distinct ? COLUMN_DISTINCT : COLUMN_SUMS;
}

void group_column_start(struct group_column *column, struct arena *arena, uint64_t fingerprint,
                        uint16_t number, const struct plan_aggregate *planned)
{
    bool bag = false;
    char part[32];

    *column = (struct group_column){.site = site_of(arena, planned), .state = state_of(planned)};
    bag = column->state == COLUMN_BAG || column->state == COLUMN_DISTINCT;
    column->first = bag ? planned->order_n : 0;
    column->getters_n = (uint16_t)(column->first + column->site.args_n);
    struct getter *getters = arena_alloc(arena, (column->getters_n + 1U) * sizeof(*getters));
    for (uint16_t i = 0; i < column->first; i++)
        getters[i] = getter_new(arena, planned->order[i].expr);
    for (uint16_t i = 0; i < column->site.args_n; i++)
        getters[column->first + i] = getter_new(arena, plan_aggregate_arg(planned, i));
    column->getters = getters;
    if (planned->filter != NULL)
        column->filter = expr_compile(arena, planned->filter);
    snprintf(part, sizeof(part), "%s %u", bag ? "bag" : "multiset", number);
    uint64_t own = state_fingerprint(fingerprint, part);
    if (bag)
        column->bag = bag_new(arena, own, planned, &column->site);
    if (column->state == COLUMN_EXTREME)
        column->ordered = (struct ordered){own, column->site.arg_types[0].id};
    column->largest = strncmp(planned->aggregate->name, "max", 3) == 0;
    column->multiset = number;
    column->readers_n = 1;
}

static bool same_values(const struct plan_aggregate *a, const struct plan_aggregate *b)
{
    return expr_same(a->arg, b->arg) &&
           (a->filter == NULL ? b->filter == NULL
                              : b->filter != NULL && expr_same(a->filter, b->filter));
}

void group_column_share(struct group_column *columns, uint16_t i,
                        const struct plan_aggregate *planned)
{
    for (uint16_t k = 0; columns[i].state == COLUMN_EXTREME && k < i; k++) {
        if (columns[k].state != COLUMN_EXTREME || columns[k].multiset != k ||
            !same_values(&planned[k], &planned[i]))
            continue;
        columns[i].ordered = columns[k].ordered;
        columns[i].multiset = k;
        columns[i].reader = columns[k].readers_n++;
        return;
    }
}

void group_cells_start(const struct group_column *columns, uint16_t columns_n,
                       struct group_cell *cells, struct arena *arena)
{
    for (uint16_t i = 0; i < columns_n; i++) {
        const struct group_column *column = &columns[i];
        struct group_cell *cell = &cells[i];

        if (column->state != COLUMN_EXTREME)
            continue;
        cell->keeps = column->multiset == i;
        if (cell->keeps) {
            cell->multiset = arena_zalloc(arena, sizeof(*cell->multiset));
            cell->multiset->group = cell->group;
            cell->multiset->readers_n = column->readers_n;
            cell->multiset->readers =
                arena_zalloc(arena, column->readers_n * sizeof(*cell->multiset->readers));
        }
        cell->multiset = cells[column->multiset].multiset;
        cell->reader = &cell->multiset->readers[column->reader];
        *cell->reader = (struct extreme_reader){cell->at, column->largest, false};
    }
}

size_t group_column_size(const struct group_column *column)
{
    switch (column->state) {
    case COLUMN_EXTREME:
        return sizeof(struct extreme);
    case COLUMN_BAG:
        return sizeof(struct bag_result);
    case COLUMN_SUMS:
    case COLUMN_DISTINCT:
        break;
    }
    return column->site.aggregate->ops->size;
}

bool group_column_values(const struct group_column *column, struct step *step,
                         const struct row *row, struct value *values, bool *ret_seen,
                         struct err *reterr)
{
    *ret_seen = true;
    if (column->filter != NULL && !program_true(column->filter, row, step->arena, ret_seen, reterr))
        return false;
    for (uint16_t i = 0; i < column->getters_n && *ret_seen; i++) {
        values[i] = (struct value){0};
        if (!getter_eval(&column->getters[i], row, step->arena, &values[i], reterr))
            return false;
    }
    *ret_seen = *ret_seen && !aggregate_skips(&column->site, values + column->first);
    return true;
}

/* A value of DISTINCT comes when its first copy does, and goes with its last. */
static void add_distinct(const struct group_column *column, struct step *step, void *at,
                         const struct shelf_change *change)
{
    const struct aggregate_ops *ops = column->site.aggregate->ops;
    const struct row *before = change->before > 0 ? change->first_before : NULL;
    const struct row *after = change->after > 0 ? change->first_after : NULL;
    struct value args[AGGREGATE_ARGS_MAX];

    if (before != NULL && after != NULL && row_same(before, after) && !defect("distinct-twice"))
        return;
    if (before != NULL && !defect("distinct-twice")) {
        bag_args(&column->bag, before, args);
        ops->add(at, &column->site, step->arena, args, -1);
    }
    if (after != NULL) {
        bag_args(&column->bag, after, args);
        ops->add(at, &column->site, step->arena, args, 1);
    }
}

bool group_column_add(const struct group_column *column, struct step *step, struct multisets *sets,
                      struct group_cell *cell, struct group_values row, struct err *reterr)
{
    const struct aggregate_site *site = &column->site;
    struct bag_place place = {&column->bag, cell->group};
    struct shelf_change change = {0};

    switch (column->state) {
    case COLUMN_SUMS:
        site->aggregate->ops->add(cell->at, site, step->arena, row.values, row.weight);
        return true;
    case COLUMN_EXTREME:
        if (cell->keeps)
            multisets_add(sets, step, &column->ordered, cell->multiset, row.values[0], row.weight);
        return true;
    case COLUMN_DISTINCT:
        if (!bag_put(step, place, row.values, row.weight, &change, reterr))
            return false;
        add_distinct(column, step, cell->at, &change);
        return true;
    case COLUMN_BAG:
        break;
    }
    cell->changed = true;
    return bag_put(step, place, row.values, row.weight, &change, reterr);
}

/* What raised before is added up again, to know why. */
static bool read_bag(const struct group_column *column, struct step *step, struct group_cell *cell,
                     struct err *reterr)
{
    struct bag_place place = {&column->bag, cell->group};
    struct bag_result *result = cell->at;
    struct err raised;

    if (!cell->changed && result->state != BAG_RAISED)
        return true;
    if (!bag_add_up(step, place, &column->site, result, &raised, reterr))
        return false;
    if (result->state == BAG_RAISED) {
        struct err *kept = arena_alloc(step->arena, sizeof(*kept));

        *kept = raised;
        cell->raised = kept;
    }
    return true;
}

bool group_column_read(const struct group_column *column, struct step *step,
                       struct group_cell *cell, struct err *reterr)
{
    if (column->state == COLUMN_BAG)
        return read_bag(column, step, cell, reterr);
    if (column->state == COLUMN_EXTREME && cell->reader->lost)
        return extreme_read(step, &column->ordered, cell->multiset, cell->reader, reterr);
    return true;
}

bool group_column_result(const struct group_column *column, const struct group_cell *cell,
                         struct arena *arena, struct value *ret, struct err *ret_raised)
{
    *ret = (struct value){0};
    if (column->state == COLUMN_EXTREME) {
        const struct extreme *extreme = cell->at;

        *ret = extreme->value;
        ret->null = extreme->there == 0;
        return true;
    }
    if (column->state != COLUMN_BAG)
        return column->site.aggregate->ops->result(cell->at, &column->site, arena, ret, ret_raised);
    const struct bag_result *result = cell->at;
    *ret = result->value;
    ret->null = result->state == BAG_NULL;
    if (result->state != BAG_RAISED)
        return true;
    if (cell->raised != NULL)
        *ret_raised = *cell->raised;
    return false;
}

bool group_column_is_zero(const struct group_column *column, const struct group_cell *cell)
{
    if (column->state == COLUMN_EXTREME)
        return multiset_is_empty(cell->multiset);
    if (column->state == COLUMN_BAG)
        return ((const struct bag_result *)cell->at)->state == BAG_NULL;
    return accumulator_is_zero(column->site.aggregate->ops, cell->at);
}

void group_column_save(const struct group_column *column, const struct group_cell *cell,
                       struct buf *out)
{
    if (column->state == COLUMN_BAG)
        bag_result_save(cell->at, column->site.result.id, out);
    else if (column->state != COLUMN_EXTREME)
        accumulator_save(column->site.aggregate->ops, cell->at, out);
    else if (cell->keeps)
        multiset_save(cell->multiset, column->ordered.type, out);
}

void group_column_load(const struct group_column *column, struct group_cell *cell,
                       struct arena *arena, struct str *from)
{
    if (column->state == COLUMN_BAG)
        bag_result_load(cell->at, column->site.result.id, arena, from);
    else if (column->state != COLUMN_EXTREME)
        accumulator_load(column->site.aggregate->ops, cell->at, arena, from);
    else if (cell->keeps)
        multiset_load(cell->multiset, column->ordered.type, arena, from);
}
