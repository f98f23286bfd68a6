/*
 * Random plans over random changes in random steps. After each step the sum of what the engine told
 * must equal the plan computed anew, over the rows the sources hold, by the slow evaluator here:
 * nested loops and no state. When everything is deleted the store must be empty.
 *
 * SEEDS=n runs n seeds (default below), SEED=n one.
 */
#include "ops/store_memory.h"
#include "ops/table.h"
#include "views_build.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { SEEDS_DEFAULT = 1500, SOURCES = 3, PKS = 9, COLUMNS = 5, STEPS = 14, EVENTS_MAX = 24 };

static const enum type_id TYPES[COLUMNS] = {TYPE_INT8, TYPE_INT8, TYPE_TEXT, TYPE_NUMERIC,
                                            TYPE_FLOAT8};

/* One world: a plan, the engine that runs it, and the rows that the sources should hold. */
struct world {
    uint64_t random;
    struct build build;
    struct store_memory *memory;
    struct engine *engine;
    struct arena *arena; /* lives as long as the world */
    const struct row *rows[SOURCES][PKS];
    struct position positions[SOURCES][PKS];
    uint64_t lsn;
    size_t entries_first; /* in the store before any event: rows over nothing have state too */
    struct table told;    /* "view|key" -> index */
    const char **told_rows;
    uint32_t told_cap;
    struct table quarantine;
    bool *quarantined;
    uint32_t quarantine_cap;
};

static uint32_t pick(struct world *world, uint32_t n)
{
    world->random = world->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(world->random >> 33) % n;
}

/* For messages. */
static uint64_t seed_now;

#define FAIL(format, ...) fail_msg("SEED=%llu: " format, (unsigned long long)seed_now, __VA_ARGS__)

/* ---- the slow evaluator ---- */

static bool column_of_type(const struct schema *schema, enum type_id type, uint16_t skip,
                           uint16_t *ret)
{
    for (uint16_t i = 0; i < schema->columns_n; i++) {
        if (schema->columns[i].type.id == type && skip-- == 0) {
            *ret = i;
            return true;
        }
    }
    return false;
}

/* What the slow evaluator made of a node: rows, and how many it had to withhold. */
struct bag {
    struct batch rows;
    struct batch withheld;
};

static bool eval_expr(struct arena *arena, const struct expr *expr, const struct row *row,
                      struct value *ret)
{
    struct err err;

    return program_eval(expr_compile(arena, expr), row, arena, ret, &err);
}

static void naive_filter(struct arena *arena, const struct plan_node *node, const struct bag *in,
                         struct bag *out)
{
    struct value value;

    for (uint32_t i = 0; i < in->rows.n; i++) {
        const struct row *row = in->rows.deltas[i].row;

        if (!eval_expr(arena, node->predicate, row, &value))
            batch_add(&out->withheld, arena, row, 1);
        else if (!value.null && value.slot != 0)
            batch_add(&out->rows, arena, row, 1);
    }
}

static void naive_project(struct arena *arena, const struct plan_node *node, const struct bag *in,
                          struct bag *out)
{
    for (uint32_t i = 0; i < in->rows.n; i++) {
        const struct row *row = in->rows.deltas[i].row;
        struct row_builder builder = {0};
        bool good = true;

        row_begin(&builder, node->exprs_n);
        for (uint16_t c = 0; c < node->exprs_n && good; c++) {
            struct value value;

            good = eval_expr(arena, node->exprs[c], row, &value);
            if (good)
                row_set_value(&builder, c, node->exprs[c]->type.id, value);
        }
        if (good)
            batch_add(&out->rows, arena, row_finish(&builder, arena), 1);
        else
            batch_add(&out->withheld, arena, row, 1);
        row_builder_done(&builder);
    }
}

static const struct row *concat(struct arena *arena, const struct plan_node *node,
                                const struct row *left, uint16_t left_n, const struct row *right)
{
    struct row_builder builder = {0};

    row_begin(&builder, node->schema.columns_n);
    for (uint16_t i = 0; i < node->schema.columns_n; i++) {
        enum type_id type = node->schema.columns[i].type.id;

        if (i < left_n)
            row_set_value(&builder, i, type, row_value(left, i, type));
        else if (right != NULL)
            row_set_value(&builder, i, type, row_value(right, (uint16_t)(i - left_n), type));
    }
    const struct row *row = row_finish(&builder, arena);
    row_builder_done(&builder);
    return row;
}

static void naive_join(struct arena *arena, const struct build *build, const struct plan_node *node,
                       const struct bag *left, const struct bag *right, struct bag *out)
{
    const struct schema *left_schema = &build->nodes[node->inputs[0]].schema;
    uint16_t a = node->left_keys[0]->column, b = node->right_keys[0]->column;
    enum type_id type = node->left_keys[0]->type.id;
    struct buf one = {0}, two = {0};

    for (uint32_t i = 0; i < left->rows.n; i++) {
        const struct row *row = left->rows.deltas[i].row;
        bool matched = false;

        for (uint32_t k = 0; k < right->rows.n; k++) {
            const struct row *other = right->rows.deltas[k].row;

            if (row_is_null(row, a) || row_is_null(other, b))
                continue;
            buf_clear(&one);
            buf_clear(&two);
            key_append(&one, type, row_value(row, a, type), KEY_ASCENDING);
            key_append(&two, type, row_value(other, b, type), KEY_ASCENDING);
            if (!str_eq(buf_str(&one), buf_str(&two)))
                continue;
            matched = true;
            batch_add(&out->rows, arena, concat(arena, node, row, left_schema->columns_n, other),
                      1);
        }
        if (!matched && node->join == PLAN_JOIN_LEFT)
            batch_add(&out->rows, arena, concat(arena, node, row, left_schema->columns_n, NULL), 1);
    }
    buf_done(&one);
    buf_done(&two);
}

/* All the digits of a double of middling size. */
static struct str exactly(struct arena *arena, double real)
{
    struct str packed;
    char text[512];
    struct err err;

    snprintf(text, sizeof(text), "%.150f", real);
    if (!numeric_parse(str_of(text), arena, &packed, &err))
        abort();
    return packed;
}

static double nearest(struct str packed)
{
    struct buf text = {0};

    numeric_print(&text, packed);
    double real = strtod(buf_cstr(&text), NULL);
    buf_done(&text);
    return real;
}

/* One aggregate over a group's values, in the plainest way. */
static bool naive_aggregate(struct arena *arena, const struct plan_aggregate *aggregate,
                            const struct value *values, uint32_t n, struct value *ret)
{
    const char *name = aggregate->aggregate->name;
    enum type_id type = aggregate->arg == NULL ? 0 : aggregate->arg->type.id;
    enum type_id result = aggregate->result.id;
    struct str sum = numeric_from_i64(arena, 0);
    double special = 0;
    uint32_t there = 0;
    struct buf best = {0}, mine = {0};
    struct err err;

    *ret = (struct value){.null = true};
    for (uint32_t i = 0; i < n; i++) {
        struct value value = values[i];

        if (value.null)
            continue;
        there++;
        if (type == TYPE_NUMERIC)
            sum = numeric_add(arena, sum, value.bytes);
        else if (type == TYPE_FLOAT8 && isfinite(value.real))
            sum = numeric_add(arena, sum, exactly(arena, value.real));
        else if (type == TYPE_FLOAT8)
            special += value.real;
        else if (type != 0 && !type_is_bytes(type))
            sum = numeric_add(arena, sum, numeric_from_i64(arena, value.slot));
        if (type == 0)
            continue;
        buf_clear(&mine);
        key_append(&mine, type, value, KEY_ASCENDING);
        if (type == TYPE_NUMERIC)
            buf_put(&mine, value.bytes);
        int order = best.len == 0 ? 0 : str_cmp(buf_str(&mine), buf_str(&best));
        if (name[0] == 'm' && (best.len == 0 || (name[1] == 'i' ? order < 0 : order > 0))) {
            buf_clear(&best);
            buf_put(&best, buf_str(&mine));
            *ret = value;
        }
    }
    buf_done(&best);
    buf_done(&mine);
    if (name[0] == 'm')
        return true;
    if (name[0] == 'c') {
        *ret = (struct value){.slot = there};
        return true;
    }
    if (there == 0)
        return true;
    ret->null = false;
    if (type == TYPE_FLOAT8) {
        double real = special != 0 ? special : nearest(sum); /* NaN and infinities stay */

        if (special == 0 && isinf(real))
            return false;
        ret->real = name[0] == 'a' ? real / there : real;
        return true;
    }
    if (name[0] == 'a')
        return numeric_div(arena, sum, numeric_from_i64(arena, there), &ret->bytes, &err);
    if (result == TYPE_NUMERIC)
        ret->bytes = sum;
    else
        return numeric_to_i64(sum, &ret->slot, &err);
    return true;
}

/* Rows of one group: the numbers of the input's rows. */
struct naive_group {
    uint32_t *rows;
    uint32_t n;
};

static void naive_group_row(struct arena *arena, const struct plan_node *node,
                            const struct batch *in, const struct naive_group *group,
                            struct bag *out)
{
    struct value *values = arena_alloc(arena, (group->n + 1U) * sizeof(*values));
    struct row_builder builder = {0}, bare = {0};
    struct value value;
    bool good = true;

    row_begin(&builder, node->schema.columns_n);
    row_begin(&bare, node->schema.columns_n);
    for (uint16_t i = 0; i < node->exprs_n; i++) {
        if (!eval_expr(arena, node->exprs[i], in->deltas[group->rows[0]].row, &value))
            abort();
        row_set_value(&builder, i, node->exprs[i]->type.id, value);
        row_set_value(&bare, i, node->exprs[i]->type.id, value);
    }
    for (uint16_t i = 0; i < node->aggregates_n && good; i++) {
        const struct plan_aggregate *aggregate = &node->aggregates[i];

        for (uint32_t k = 0; k < group->n; k++) {
            values[k] = (struct value){0};
            if (aggregate->arg != NULL &&
                !eval_expr(arena, aggregate->arg, in->deltas[group->rows[k]].row, &values[k]))
                abort();
        }
        good = naive_aggregate(arena, aggregate, values, group->n, &value);
        if (good)
            row_set_value(&builder, (uint16_t)(node->exprs_n + i), aggregate->result.id, value);
    }
    if (good)
        batch_add(&out->rows, arena, row_finish(&builder, arena), 1);
    else
        batch_add(&out->withheld, arena, row_finish(&bare, arena), 1);
    row_builder_done(&builder);
    row_builder_done(&bare);
}

static bool raises(struct arena *arena, const struct plan_node *node, const struct row *row)
{
    struct value value;

    for (uint16_t i = 0; i < node->exprs_n; i++) {
        if (!eval_expr(arena, node->exprs[i], row, &value))
            return true;
    }
    for (uint16_t i = 0; i < node->aggregates_n; i++) {
        if (node->aggregates[i].arg != NULL &&
            !eval_expr(arena, node->aggregates[i].arg, row, &value))
            return true;
    }
    return false;
}

static void naive_groups(struct arena *arena, const struct plan_node *node, const struct bag *in,
                         struct bag *out)
{
    struct table table = {0};
    struct naive_group *groups = arena_zalloc(arena, (in->rows.n + 1U) * sizeof(*groups));
    struct buf key = {0};
    bool fresh;

    if (node->exprs_n == 0) {
        uint32_t i = table_enter(&table, arena, STR(""), &fresh);

        groups[i].rows = arena_alloc(arena, (in->rows.n + 1U) * sizeof(uint32_t));
    }
    for (uint32_t k = 0; k < in->rows.n; k++) {
        const struct row *row = in->rows.deltas[k].row;
        struct value value;

        if (raises(arena, node, row)) {
            batch_add(&out->withheld, arena, row, 1);
            continue;
        }
        buf_clear(&key);
        for (uint16_t i = 0; i < node->exprs_n; i++) {
            if (!eval_expr(arena, node->exprs[i], row, &value))
                abort();
            key_append(&key, node->exprs[i]->type.id, value, KEY_ASCENDING);
        }
        uint32_t g =
            table_enter(&table, arena, (struct str){key.len > 0 ? key.at : "", key.len}, &fresh);
        if (fresh)
            groups[g].rows = arena_alloc(arena, (in->rows.n + 1U) * sizeof(uint32_t));
        groups[g].rows[groups[g].n++] = k;
    }
    for (uint32_t g = 0; g < table.n; g++)
        naive_group_row(arena, node, &in->rows, &groups[g], out);
    buf_done(&key);
}

static void naive_top(struct arena *arena, const struct plan_node *node, const struct bag *in,
                      struct bag *out)
{
    struct str *strs = arena_alloc(arena, (in->rows.n + 1U) * sizeof(*strs));
    uint32_t n = 0;
    struct batch good = {0};
    struct buf key = {0};

    for (uint32_t i = 0; i < in->rows.n; i++) {
        bool raised = false;

        buf_clear(&key);
        for (uint16_t k = 0; k < node->order_n && !raised; k++) {
            struct value value;

            raised = !eval_expr(arena, node->order[k].expr, in->rows.deltas[i].row, &value);
            if (!raised)
                key_append(&key, node->order[k].expr->type.id, value, node->order[k].order);
        }
        if (raised) {
            batch_add(&out->withheld, arena, in->rows.deltas[i].row, 1);
            continue;
        }
        strs[n++] = arena_copy(arena, buf_str(&key));
        batch_add(&good, arena, in->rows.deltas[i].row, 1);
    }
    for (uint32_t i = 0; i < n; i++) {
        int64_t before = 0;

        for (uint32_t k = 0; k < n; k++) {
            int order = str_cmp(strs[k], strs[i]);

            before += order < 0 || (order == 0 && k < i);
        }
        if (before >= node->offset && before < node->offset + node->limit)
            batch_add(&out->rows, arena, good.deltas[i].row, 1);
    }
    buf_done(&key);
}

static void naive_node(const struct world *world, struct arena *arena, uint32_t index,
                       struct bag *bags)
{
    const struct plan_node *node = &world->build.nodes[index];
    struct bag *out = &bags[index];

    switch (node->kind) {
    case PLAN_SOURCE:
        for (int i = 0; i < PKS; i++) {
            if (world->rows[node->source][i] != NULL)
                batch_add(&out->rows, arena, world->rows[node->source][i], 1);
        }
        return;
    case PLAN_FILTER:
        naive_filter(arena, node, &bags[node->inputs[0]], out);
        return;
    case PLAN_PROJECT:
        naive_project(arena, node, &bags[node->inputs[0]], out);
        return;
    case PLAN_JOIN:
        naive_join(arena, &world->build, node, &bags[node->inputs[0]], &bags[node->inputs[1]], out);
        return;
    case PLAN_GROUP:
        naive_groups(arena, node, &bags[node->inputs[0]], out);
        return;
    case PLAN_TOP:
        naive_top(arena, node, &bags[node->inputs[0]], out);
        return;
    case PLAN_ORDINAL:
    case PLAN_UNION:
    case PLAN_WINDOW:
    case PLAN_VALUES:
    case PLAN_EXPAND:
        return; /* the random plans have none */
    }
}

/* ---- random plans ---- */

static uint32_t any_node(struct world *world)
{
    return pick(world, world->build.plan.nodes_n);
}

static struct expr *column(struct world *world, uint32_t node, uint16_t i)
{
    return build_column(&world->build, node, i);
}

/* A boolean over a row; division makes some of them raise. */
static struct expr *random_predicate(struct world *world, uint32_t node)
{
    struct build *build = &world->build;
    const struct schema *schema = &build->nodes[node].schema;
    static const char *const operators[] = {"<>", "=", "<", ">="};
    uint16_t i;

    if (pick(world, 3) == 0 && column_of_type(schema, TYPE_TEXT, 0, &i))
        return build_op(build, operators[pick(world, 4)], column(world, node, i),
                        build_const(build, TYPE_TEXT, "b"));
    if (column_of_type(schema, TYPE_INT8, (uint16_t)pick(world, 2), &i) ||
        column_of_type(schema, TYPE_INT8, 0, &i)) {
        struct expr *a = column(world, node, i);

        if (pick(world, 6) == 0)
            a = build_op(build, "/", build_const(build, TYPE_INT8, "6"), a);
        return build_op(build, operators[pick(world, 4)], a, build_const(build, TYPE_INT8, "2"));
    }
    return build_const(build, TYPE_BOOL, "true");
}

static void add_filter(struct world *world)
{
    uint32_t node = any_node(world);

    build_filter(&world->build, node, random_predicate(world, node));
}

static void add_project(struct world *world)
{
    struct build *build = &world->build;
    uint32_t node = any_node(world);
    const struct schema *schema = &build->nodes[node].schema;
    uint16_t n = 0, most = (uint16_t)(schema->columns_n + 1);
    const struct expr **exprs = arena_alloc(build->arena, (most + 1U) * sizeof(*exprs));

    for (uint16_t i = 0; i < schema->columns_n; i++) {
        if (pick(world, 5) > 0 || n == 0)
            exprs[n++] = column(world, node, i);
    }
    uint16_t i;
    if (pick(world, 2) == 0 && column_of_type(schema, TYPE_INT8, 0, &i))
        exprs[n++] = build_op(build, pick(world, 4) == 0 ? "%" : "+",
                              build_const(build, TYPE_INT8, "7"), column(world, node, i));
    build_project(build, node, exprs, n);
}

static void add_join(struct world *world)
{
    struct build *build = &world->build;
    uint32_t left = any_node(world), right = any_node(world);
    enum type_id type = pick(world, 5) == 0 ? TYPE_NUMERIC : TYPE_INT8;
    uint16_t a, b;

    if (build->nodes[left].schema.columns_n + build->nodes[right].schema.columns_n > 30)
        return;
    if (!column_of_type(&build->nodes[left].schema, type, (uint16_t)pick(world, 2), &a) ||
        !column_of_type(&build->nodes[right].schema, type, (uint16_t)pick(world, 2), &b))
        return;
    build_join(build, pick(world, 2) == 0 ? PLAN_JOIN_LEFT : PLAN_JOIN_INNER, left, right, a, b);
}

static void add_group(struct world *world)
{
    static const struct {
        const char *name;
        enum type_id type;
    } choices[] = {{"count", TYPE_TEXT},  {"sum", TYPE_INT8},    {"avg", TYPE_INT8},
                   {"min", TYPE_INT8},    {"max", TYPE_TEXT},    {"sum", TYPE_NUMERIC},
                   {"avg", TYPE_NUMERIC}, {"max", TYPE_NUMERIC}, {"sum", TYPE_FLOAT8},
                   {"avg", TYPE_FLOAT8},  {"min", TYPE_FLOAT8}};
    struct build *build = &world->build;
    uint32_t node = any_node(world);
    const struct schema *schema = &build->nodes[node].schema;
    const struct expr **exprs = arena_alloc(build->arena, 3 * sizeof(*exprs));
    struct plan_aggregate aggregates[4] = {build_aggregate("count", NULL)};
    uint16_t n = 0, aggregates_n = 1, i;

    if (pick(world, 4) > 0 && column_of_type(schema, TYPE_INT8, (uint16_t)pick(world, 3), &i))
        exprs[n++] = column(world, node, i);
    if (pick(world, 4) == 0 && column_of_type(schema, TYPE_TEXT, 0, &i))
        exprs[n++] = column(world, node, i);
    if (pick(world, 8) == 0 && column_of_type(schema, TYPE_INT8, 0, &i))
        exprs[n++] =
            build_op(build, "/", build_const(build, TYPE_INT8, "8"), column(world, node, i));
    while (aggregates_n < 4) {
        uint32_t choice = pick(world, sizeof(choices) / sizeof(choices[0]));

        if (!column_of_type(schema, choices[choice].type, 0, &i))
            break;
        aggregates[aggregates_n++] = build_aggregate(choices[choice].name, column(world, node, i));
    }
    build_group(build, node, exprs, n, aggregates, aggregates_n);
}

/* In the order of any column, then of the whole key. */
static void add_top(struct world *world)
{
    struct build *build = &world->build;
    uint32_t node = any_node(world);
    const struct schema *schema = &build->nodes[node].schema;
    struct plan_order *order = arena_alloc(build->arena, (schema->key_n + 1U) * sizeof(*order));
    uint16_t n = 1;

    if (!build->nodes[node].has_key)
        return;
    order[0].expr = column(world, node, (uint16_t)pick(world, schema->columns_n));
    for (uint16_t i = 0; i < schema->key_n; i++)
        order[n++].expr = column(world, node, schema->key[i]);
    for (uint16_t i = 0; i < n; i++)
        order[i].order = (struct key_order){pick(world, 2) == 0, pick(world, 2) == 0};
    build_top(build, node, order, n, 1 + pick(world, 4), pick(world, 3));
}

static void random_plan(struct world *world)
{
    uint32_t want = SOURCES + 3 + pick(world, 8);

    build_begin(&world->build);
    for (int i = 0; i < SOURCES; i++)
        build_source(&world->build, TYPES, COLUMNS);
    for (int tries = 0; world->build.plan.nodes_n < want && tries < 100; tries++) {
        switch (pick(world, 7)) {
        case 0:
            add_filter(world);
            break;
        case 1:
            add_project(world);
            break;
        case 2:
        case 3:
            add_join(world);
            break;
        case 4:
        case 5:
            add_group(world);
            break;
        default:
            add_top(world);
            break;
        }
    }
    for (uint32_t i = 0; i < world->build.plan.nodes_n; i++) {
        if (world->build.nodes[i].has_key)
            build_view(&world->build, i);
    }
}

/* ---- random changes ---- */

static const struct row *random_row(struct world *world, uint32_t pk)
{
    static const char *const ks[] = {NULL, "0", "1", "2", "3", "1"};
    static const char *const ss[] = {NULL, "a", "b", "c", ""};
    static const char *const ns[] = {NULL,    "1",   "1.0",  "2.50",     "-3.125",
                                     "0.000", "NaN", "1e20", "Infinity", "-Infinity"};
    static const char *const fs[] = {NULL,  "1",        "-2",        "4", "0.5",
                                     "NaN", "Infinity", "-Infinity", "3"};
    char id[16];

    snprintf(id, sizeof(id), "%u", pk);
    const char *texts[COLUMNS] = {id, ks[pick(world, 6)], ss[pick(world, 5)],
                                  ns[pick(world, pick(world, 4) == 0 ? 10 : 6)],
                                  fs[pick(world, pick(world, 4) == 0 ? 9 : 5)]};
    return build_row(world->arena, &world->build.sources[0].schema, texts);
}

static void truncate_model(struct world *world, uint32_t source)
{
    memset(world->rows[source], 0, sizeof(world->rows[source]));
}

static struct engine_event random_event(struct world *world)
{
    uint32_t source = pick(world, SOURCES), pk = pick(world, PKS), kind = pick(world, 30);
    struct engine_event event = {.source = source, .position = {++world->lsn, pick(world, 3)}};

    if (kind == 0) {
        event.op = 't';
        truncate_model(world, source);
    } else if (kind < 4 && world->rows[source][pk] != NULL) { /* stale: changes nothing */
        event.op = "ud"[pick(world, 2)];
        event.after = event.key = random_row(world, pk);
        event.position = world->positions[source][pk];
        if (pick(world, 2) == 0)
            event.position.lsn--;
    } else if (kind < 12) {
        event.op = 'd';
        event.key = random_row(world, pk);
        world->rows[source][pk] = NULL;
    } else {
        event.op = "cur"[pick(world, 3)];
        event.after = random_row(world, pk);
        world->rows[source][pk] = event.after;
        world->positions[source][pk] = event.position;
    }
    return event;
}

/* ---- comparison ---- */

static void take_output(struct world *world, const struct engine_output *output)
{
    struct buf key = {0};
    struct buf text = {0};
    bool fresh;

    for (uint32_t i = 0; i < output->changes_n; i++) {
        const struct engine_change *change = &output->changes[i];
        const struct schema *schema = &world->build.views[change->view].schema;

        buf_clear(&key);
        buf_be(&key, change->view, 4);
        key_append_key(&key, schema, change->key_row);
        uint32_t k = table_enter(&world->told, world->arena, buf_str(&key), &fresh);
        world->told_rows = array_grow(world->arena, world->told_rows, k, &world->told_cap,
                                      sizeof(*world->told_rows));
        buf_clear(&text);
        if (change->row != NULL)
            build_print(&text, schema, change->row);
        world->told_rows[k] =
            change->row == NULL ? NULL : arena_printf(world->arena, "%s", buf_cstr(&text));
    }
    for (uint32_t i = 0; i < output->quarantines_n; i++) {
        uint32_t k =
            table_enter(&world->quarantine, world->arena, output->quarantines[i].key, &fresh);

        world->quarantined = array_grow(world->arena, world->quarantined, k, &world->quarantine_cap,
                                        sizeof(*world->quarantined));
        if (fresh)
            world->quarantined[k] = false;
        assert_true(world->quarantined[k] == output->quarantines[i].gone);
        world->quarantined[k] = !output->quarantines[i].gone;
    }
    buf_done(&key);
    buf_done(&text);
}

static uint32_t compare_view(struct world *world, uint32_t index, const struct bag *bag)
{
    const struct plan_view *view = &world->build.views[index];
    struct buf key = {0}, text = {0};

    for (uint32_t i = 0; i < bag->rows.n; i++) {
        const struct row *row = bag->rows.deltas[i].row;

        buf_clear(&key);
        buf_clear(&text);
        buf_be(&key, index, 4);
        key_append_key(&key, &view->schema, row);
        build_print(&text, &view->schema, row);
        uint32_t k = table_find(&world->told, hash64(key.at, key.len), buf_str(&key));
        const char *told = k == TABLE_NONE ? NULL : world->told_rows[k];
        if (told == NULL || strcmp(told, buf_cstr(&text)) != 0)
            FAIL("view %u (node %u): the row is %s, told was %s", index, view->node,
                 buf_cstr(&text), told == NULL ? "nothing" : told);
    }
    buf_done(&key);
    buf_done(&text);
    return bag->rows.n;
}

static uint32_t count_withheld(struct arena *arena, struct bag *bag)
{
    batch_consolidate(&bag->withheld, arena);
    return bag->withheld.n;
}

static void compare(struct world *world)
{
    struct arena *arena = arena_new(SIZE_MAX);
    struct bag *bags = arena_zalloc(arena, world->build.plan.nodes_n * sizeof(*bags));
    uint32_t rows = 0, told = 0, withheld = 0, quarantined = 0;

    for (uint32_t i = 0; i < world->build.plan.nodes_n; i++)
        naive_node(world, arena, i, bags);
    for (uint32_t i = 0; i < world->build.plan.views_n; i++)
        rows += compare_view(world, i, &bags[world->build.views[i].node]);
    for (uint32_t k = 0; k < world->told.n; k++)
        told += world->told_rows[k] != NULL;
    if (told != rows && getenv("SEED") != NULL) {
        struct buf text = {0};

        for (uint32_t i = 0; i < world->build.plan.nodes_n; i++) {
            const struct plan_node *node = &world->build.nodes[i];

            fprintf(stderr, "node %u: kind %d of %u %u, %u rows\n", i, (int)node->kind,
                    node->inputs[0], node->inputs[1], bags[i].rows.n);
            for (uint32_t k = 0; k < bags[i].rows.n; k++) {
                buf_clear(&text);
                build_print(&text, &node->schema, bags[i].rows.deltas[k].row);
                fprintf(stderr, "    %s\n", buf_cstr(&text));
            }
        }
        for (uint32_t k = 0; k < world->told.n; k++)
            fprintf(stderr, "view of node %u: %s\n",
                    world->build.views[be_get(world->told.keys[k].bytes.at, 4)].node,
                    world->told_rows[k] == NULL ? "gone" : world->told_rows[k]);
        buf_done(&text);
    }
    if (told != rows)
        FAIL("%u rows were told, %u are there", told, rows);
    for (uint32_t i = 0; i < world->build.plan.nodes_n; i++)
        withheld += count_withheld(arena, &bags[i]);
    for (uint32_t k = 0; k < world->quarantine.n; k++)
        quarantined += world->quarantined[k];
    if (withheld != quarantined)
        FAIL("%u rows are in quarantine, %u should be", quarantined, withheld);
    arena_free(arena);
}

/* ---- the run ---- */

static void run_events(struct world *world, const struct engine_event *events, uint32_t n)
{
    struct arena *arena = arena_new(SIZE_MAX);
    struct engine_output output;
    struct err err;

    if (!engine_step(world->engine, events, n, arena, &output, &err))
        FAIL("%s", err.text);
    take_output(world, &output);
    arena_free(arena);
}

static void delete_everything(struct world *world)
{
    struct engine_event events[SOURCES * PKS];
    uint32_t n = 0, truncates = 0;
    struct store_cursor cursor = store_scan((struct str){0}, false);
    struct err err;
    bool more;

    for (uint32_t s = 0; s < SOURCES; s++) {
        for (uint32_t pk = 0; pk < PKS; pk++) {
            events[n++] =
                (struct engine_event){s, 'd', NULL, random_row(world, pk), {++world->lsn, 1}};
            world->rows[s][pk] = NULL;
        }
    }
    uint32_t half = pick(world, n);
    run_events(world, events, half);
    run_events(world, events + half, n - half);
    compare(world);
    while (store_next(&world->memory->store, &cursor, &more, &err) && more) {
        truncates += cursor.key.len == 8 && cursor.value.len == sizeof(struct position);
    }
    if (store_memory_count(world->memory) != world->entries_first + truncates)
        FAIL("%zu entries are left in the store",
             store_memory_count(world->memory) - world->entries_first - truncates);
}

static void run_world(uint64_t seed)
{
    struct world world = {.random = seed * 2654435761U + 1, .lsn = 10};
    struct engine_event events[EVENTS_MAX];
    struct engine_output output;
    struct err err;

    world.arena = arena_new(SIZE_MAX);
    world.memory = store_memory_new();
    random_plan(&world);
    assert_true(engine_new(&world.build.plan, &world.memory->store, &world.engine, &err));
    assert_true(engine_first_step(world.engine, world.arena, &output, &err));
    take_output(&world, &output);
    world.entries_first = store_memory_count(world.memory);
    compare(&world);
    for (int i = 0; i < STEPS; i++) {
        uint32_t n = pick(&world, pick(&world, 2) == 0 ? 4 : EVENTS_MAX);

        for (uint32_t k = 0; k < n; k++)
            events[k] = random_event(&world);
        run_events(&world, events, n);
        compare(&world);
    }
    delete_everything(&world);
    engine_free(world.engine);
    store_memory_free(world.memory);
    arena_free(world.arena);
    build_end(&world.build);
}

static void test_random_worlds(void **state)
{
    const char *one = getenv("SEED"), *many = getenv("SEEDS");
    uint64_t first = one != NULL ? strtoull(one, NULL, 10) : 1;
    uint64_t n = one != NULL ? 1 : many != NULL ? strtoull(many, NULL, 10) : SEEDS_DEFAULT;

    (void)state;
    for (uint64_t seed = first; seed < first + n; seed++) {
        seed_now = seed;
        run_world(seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_worlds)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
