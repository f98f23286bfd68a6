#include "ops/defect.h"
#include "ops/forms.h"
#include "ops/group_column.h"

/*
 * A group in the store: its weight (how many input rows), the row of its group values (all their
 * forms, where equal values can have several), its accumulators. A step adds all its deltas to a
 * group in memory, then compares the row that the group gave before with the one it gives now.
 * Without GROUP BY the one group is always there.
 */

struct group {
    uint64_t fingerprint;
    const struct getter *keys;
    struct group_column *columns;
    uint16_t keys_n, columns_n;
    uint16_t values_n; /* of one input row: group expressions, then the columns' values */
    size_t block_size;
    bool forms; /* equal group values can differ in bytes */
};

/* A group in the present step. */
struct live {
    const struct row *values; /* of the group expressions */
    const struct row *values_before;
    const struct row *before; /* the row it gave; NULL: none */
    struct forms forms;       /* of its values, where there can be several */
    bool before_raised, existed;
    int64_t weight;
    struct group_cell *cells; /* one a column */
};

struct groups {
    struct table table; /* canonical group keys, as parts of state keys */
    struct live *lives;
    uint32_t cap;
    struct multisets sets;
    struct value *values; /* of one input row */
    bool *seen;           /* by column: it takes the row in */
};

static void group_start(struct op *op, struct arena *arena)
{
    const struct plan_node *node = op->node;
    struct group *group = arena_zalloc(arena, sizeof(*group));

    group->fingerprint = state_fingerprint(node->fingerprint, "groups");
    group->keys = getters_new(arena, node->exprs, node->exprs_n);
    group->keys_n = node->exprs_n;
    for (uint16_t i = 0; i < group->keys_n; i++)
        group->forms = group->forms || forms_possible(group->keys[i].type.id);
    group->columns_n = node->aggregates_n;
    group->columns = arena_zalloc(arena, node->aggregates_n * sizeof(*group->columns));
    group->values_n = group->keys_n;
    for (uint16_t i = 0; i < node->aggregates_n; i++) {
        struct group_column *column = &group->columns[i];

        group_column_start(column, arena, node->fingerprint, i, &node->aggregates[i]);
        group_column_share(group->columns, i, node->aggregates);
        column->value_at = group->values_n;
        column->offset = group->block_size;
        group->values_n = (uint16_t)(group->values_n + column->getters_n);
        group->block_size += group_column_size(column);
    }
    op->own = group;
}

static void set_group_values(const struct group *group, struct step *step, const struct row *values)
{
    row_begin(step->builder, (uint16_t)(group->keys_n + group->columns_n));
    for (uint16_t i = 0; i < group->keys_n; i++) {
        enum type_id type = group->keys[i].type.id;

        row_set_value(step->builder, i, type, row_value(values, i, type));
    }
}

/* The group's row, or NULL when it has none: it is empty, or an aggregate raised. */
static const struct row *group_row(const struct group *group, struct step *step,
                                   const struct live *live, bool *ret_raised,
                                   struct err *ret_reason)
{
    struct value value;

    *ret_raised = false;
    if (group->keys_n > 0 && live->weight <= 0 && !(live->existed && defect("group-empty-stays")))
        return NULL;
    set_group_values(group, step, live->values);
    for (uint16_t i = 0; i < group->columns_n; i++) {
        const struct group_column *column = &group->columns[i];

        if (!group_column_result(column, &live->cells[i], step->arena, &value, ret_reason)) {
            *ret_raised = true;
            return NULL;
        }
        row_set_value(step->builder, (uint16_t)(group->keys_n + i), column->site.result.id, value);
    }
    return row_finish(step->builder, step->arena);
}

static void load_cells(const struct group *group, struct step *step, struct live *live,
                       struct str from)
{
    for (uint16_t i = 0; i < group->columns_n; i++)
        group_column_load(&group->columns[i], &live->cells[i], step->arena, &from);
}

/* Cells over a block of zeros. */
static struct group_cell *new_cells(const struct group *group, struct arena *arena, struct str part)
{
    struct group_cell *cells = arena_zalloc(arena, group->columns_n * sizeof(*cells) + 1);
    char *block = arena_zalloc(arena, group->block_size + 1);

    for (uint16_t i = 0; i < group->columns_n; i++) {
        cells[i].at = block + group->columns[i].offset;
        if (group->columns[i].state != COLUMN_SUMS)
            cells[i].group = hash128(part.at, part.len);
    }
    group_cells_start(group->columns, group->columns_n, cells, arena);
    return cells;
}

static const struct row *key_values(const struct group *group, struct step *step,
                                    const struct value *values)
{
    row_begin(step->builder, group->keys_n);
    for (uint16_t i = 0; i < group->keys_n; i++)
        row_set_value(step->builder, i, group->keys[i].type.id, values[i]);
    return row_finish(step->builder, step->arena);
}

/* The group's values among its forms; as they came while none is there. */
static void pick_values(struct live *live)
{
    const struct row *picked = forms_pick(&live->forms);

    if (picked != NULL)
        live->values = picked;
}

static void load_stored(const struct group *group, struct step *step, struct live *live,
                        struct str stored)
{
    take_bytes(&stored, &live->weight, sizeof(live->weight));
    if (group->forms) {
        forms_load(&live->forms, step->arena, &stored);
        pick_values(live);
    } else {
        live->values = state_row(step->arena, stored);
        stored = (struct str){stored.at + live->values->len, stored.len - live->values->len};
    }
    load_cells(group, step, live, stored);
}

/* Reads a group at its first touch in the step. */
static bool load_live(const struct group *group, struct step *step, struct str part,
                      const struct value *values, struct live *live, struct err *reterr)
{
    struct str stored;
    struct err ignored;

    *live = (struct live){.cells = new_cells(group, step->arena, part)};
    state_key_begin(step->key, group->fingerprint);
    buf_put(step->key, part);
    if (!store_get(step->store, buf_str(step->key), &stored, reterr))
        return false;
    live->existed = stored.at != NULL;
    if (live->existed)
        load_stored(group, step, live, stored);
    if (live->values == NULL)
        live->values = key_values(group, step, values);
    live->values_before = live->values;
    if (!step->first)
        live->before = group_row(group, step, live, &live->before_raised, &ignored);
    return true;
}

/* The group that a row's values belong to. */
static bool find_live(const struct group *group, struct step *step, struct groups *groups,
                      uint32_t *ret, struct err *reterr)
{
    bool fresh;

    buf_clear(step->value);
    for (uint16_t i = 0; i < group->keys_n; i++)
        key_append(step->value, group->keys[i].type.id, groups->values[i], KEY_ASCENDING);
    buf_clear(step->key);
    state_key_part(step->key, buf_str(step->value));
    *ret = table_enter(&groups->table, step->arena, buf_str(step->key), &fresh);
    groups->lives =
        array_grow(step->arena, groups->lives, *ret, &groups->cap, sizeof(*groups->lives));
    return !fresh || load_live(group, step, groups->table.keys[*ret].bytes, groups->values,
                               &groups->lives[*ret], reterr);
}

static bool add_row(const struct group *group, struct step *step, struct groups *groups, uint32_t i,
                    int64_t weight, struct err *reterr)
{
    struct live *live = &groups->lives[i];

    live->weight += weight;
    if (group->forms)
        forms_add(&live->forms, step->arena, key_values(group, step, groups->values), weight);
    for (uint16_t c = 0; c < group->columns_n; c++) {
        const struct group_column *column = &group->columns[c];
        struct group_values row = {groups->values + column->value_at, weight};

        if (groups->seen[c] &&
            !group_column_add(column, step, &groups->sets, &live->cells[c], row, reterr))
            return false;
    }
    return true;
}

static bool row_values(const struct group *group, struct step *step, const struct row *row,
                       const struct groups *groups, struct err *reterr)
{
    for (uint16_t i = 0; i < group->keys_n; i++) {
        groups->values[i] = (struct value){0};
        if (!getter_eval(&group->keys[i], row, step->arena, &groups->values[i], reterr))
            return false;
    }
    for (uint16_t i = 0; i < group->columns_n; i++) {
        const struct group_column *column = &group->columns[i];

        if (!group_column_values(column, step, row, groups->values + column->value_at,
                                 &groups->seen[i], reterr))
            return false;
    }
    return true;
}

static bool is_zero(const struct group *group, const struct live *live)
{
    for (uint16_t i = 0; i < group->columns_n; i++) {
        if (!group_column_is_zero(&group->columns[i], &live->cells[i]))
            return false;
    }
    return true;
}

static void write_live(const struct group *group, struct step *step, struct str part,
                       const struct live *live)
{
    state_key_begin(step->key, group->fingerprint);
    buf_put(step->key, part);
    if (live->weight == 0 && live->forms.n == 0 && is_zero(group, live)) {
        if (live->existed)
            store_delete(step->store, buf_str(step->key));
        return;
    }
    buf_clear(step->value);
    buf_append(step->value, &live->weight, sizeof(live->weight));
    if (group->forms)
        forms_save(&live->forms, step->value);
    else
        buf_put(step->value, row_str(live->values));
    for (uint16_t i = 0; i < group->columns_n; i++)
        group_column_save(&group->columns[i], &live->cells[i], step->value);
    store_put(step->store, buf_str(step->key), buf_str(step->value));
}

/* What the store knows of the group after all rows are in. */
static bool read_cells(const struct group *group, struct step *step, struct groups *groups,
                       uint32_t i, struct err *reterr)
{
    for (uint16_t c = 0; c < group->columns_n; c++) {
        if (!group_column_read(&group->columns[c], step, &groups->lives[i].cells[c], reterr))
            return false;
    }
    return true;
}

/* A group whose aggregate raised stands in the quarantine as its group values alone. */
static void withhold(struct op *op, struct step *step, const struct row *values, int64_t weight,
                     const struct err *reason)
{
    struct delta delta = {.weight = weight};

    set_group_values(op->own, step, values);
    delta.row = row_finish(step->builder, step->arena);
    step_withhold_row(step, op, &op->node->schema, &delta, reason);
}

static void emit_live(struct op *op, struct step *step, struct live *live)
{
    struct err reason = {0};
    bool raised, same;

    pick_values(live);
    const struct row *now = group_row(op->own, step, live, &raised, &reason);
    same = raised && live->before_raised &&
           (live->values == live->values_before || row_same(live->values, live->values_before));

    if (live->before != NULL)
        batch_add(&op->out, step->arena, live->before, -1);
    if (now != NULL)
        op_emit(op, step, now, 1);
    if (live->before_raised && !same)
        withhold(op, step, live->values_before, -1, &reason);
    if (raised && !same)
        withhold(op, step, live->values, 1, &reason);
}

static bool add_input(struct op *op, struct step *step, struct groups *groups, struct err *reterr)
{
    const struct batch *in = &op->inputs[0]->out;
    struct err raised;
    uint32_t i;

    for (uint32_t k = 0; k < in->n; k++) {
        const struct delta *delta = &in->deltas[k];

        if (!row_values(op->own, step, delta->row, groups, &raised)) {
            step_withhold(step, op, delta->row, delta->weight, &raised);
            continue;
        }
        if (!find_live(op->own, step, groups, &i, reterr) ||
            !add_row(op->own, step, groups, i, delta->weight, reterr))
            return false;
    }
    return true;
}

static bool group_apply(struct op *op, struct step *step, struct err *reterr)
{
    const struct group *group = op->own;
    bool needs_row = step->first && group->keys_n == 0;
    struct groups groups = {.cap = 0};
    uint32_t empty;

    if (op->inputs[0]->out.n == 0 && !needs_row)
        return true;
    groups.values = arena_alloc(step->arena, (group->values_n + 1U) * sizeof(*groups.values));
    groups.seen = arena_alloc(step->arena, group->columns_n + 1U);
    if (needs_row && !find_live(group, step, &groups, &empty, reterr))
        return false;
    if (!add_input(op, step, &groups, reterr) || !multisets_write(&groups.sets, step, reterr))
        return false;
    for (uint32_t i = 0; i < groups.table.n; i++) {
        if (!read_cells(group, step, &groups, i, reterr))
            return false;
        emit_live(op, step, &groups.lives[i]);
    }
    for (uint32_t i = 0; i < groups.table.n; i++)
        write_live(group, step, groups.table.keys[i].bytes, &groups.lives[i]);
    return true;
}

const struct op_ops op_group = {
    .name = "group",
    .state_note =
        "fp(groups) | group values -> weight, values or their forms, accumulators; for min and max "
        "of more than 16 values fp(multiset) | hash of the group | value -> weight, value; for "
        "DISTINCT and "
        "ordered aggregates fp(bag) | hash of the group | order, arguments -> rows",
    .start = group_start,
    .apply = group_apply,
};
