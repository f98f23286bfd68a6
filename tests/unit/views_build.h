/*
 * Plans and rows by hand, for tests of the operators: a builder that makes nodes with their schemas
 * and keys as the planner would. Not for production code.
 */
#ifndef SLUICE_TESTS_VIEWS_BUILD_H
#define SLUICE_TESTS_VIEWS_BUILD_H

#include "base/hash.h"
#include "ops/engine.h"
#include "record/numeric.h"
#include "record/text.h"
#include <stdio.h>

enum { BUILD_MAX = 32 };

struct build {
    struct arena *arena;
    struct plan plan;
    struct plan_source sources[BUILD_MAX];
    struct plan_node nodes[BUILD_MAX];
    struct plan_view views[BUILD_MAX];
};

static inline void build_begin(struct build *build)
{
    *build = (struct build){.arena = arena_new(SIZE_MAX)};
    build->plan = (struct plan){.pipeline = "test",
                                .sources = build->sources,
                                .nodes = build->nodes,
                                .views = build->views};
}

static inline void build_end(struct build *build)
{
    build->arena = arena_free(build->arena);
}

static inline uint16_t *build_list(struct build *build, const uint16_t *columns, uint16_t n)
{
    uint16_t *list = arena_alloc(build->arena, n * sizeof(*list) + 1);

    if (n > 0)
        memcpy(list, columns, n * sizeof(*list));
    return list;
}

/* A node over inputs; its fingerprint is its place. */
static inline struct plan_node *build_node(struct build *build, enum plan_kind kind, uint32_t a,
                                           uint32_t b)
{
    uint32_t index = build->plan.nodes_n++;
    struct plan_node *node = &build->nodes[index];
    uint64_t seed = index + 1U;

    assert(index < BUILD_MAX);
    *node = (struct plan_node){
        .kind = kind, .fingerprint = hash64(&seed, sizeof(seed)), .inputs = {a, b}, .limit = -1};
    return node;
}

static inline uint32_t build_index(const struct build *build, const struct plan_node *node)
{
    return (uint32_t)(node - build->nodes);
}

/* A source with columns of these types; the first is the key. */
static inline uint32_t build_source(struct build *build, const enum type_id *types, uint16_t n)
{
    static const uint16_t first[] = {0};
    struct column *columns = arena_zalloc(build->arena, n * sizeof(*columns));
    struct plan_source *source = &build->sources[build->plan.sources_n];
    struct plan_node *node = build_node(build, PLAN_SOURCE, 0, 0);

    for (uint16_t i = 0; i < n; i++) {
        columns[i].type = (struct type){types[i], -1};
        columns[i].name = arena_printf(build->arena, "c%u", i);
    }
    node->schema = (struct schema){columns, first, n, 1};
    node->has_key = true;
    node->source = build->plan.sources_n++;
    *source =
        (struct plan_source){.name = "s", .schema = node->schema, .node = build_index(build, node)};
    return source->node;
}

static inline struct expr *build_expr(struct build *build, enum expr_kind kind, enum type_id type,
                                      uint16_t args_n)
{
    struct expr *expr = arena_zalloc(build->arena, sizeof(*expr));

    expr->kind = kind;
    expr->type = (struct type){type, -1};
    expr->args = arena_zalloc(build->arena, 4 * sizeof(*expr->args));
    expr->args_n = args_n;
    return expr;
}

static inline struct expr *build_column(struct build *build, uint32_t node, uint16_t i)
{
    const struct column *column = &build->nodes[node].schema.columns[i];
    struct expr *expr = build_expr(build, EXPR_COLUMN, column->type.id, 0);

    expr->column = i;
    return expr;
}

static inline struct value build_value(struct arena *arena, enum type_id type, const char *text)
{
    struct value value = {.null = text == NULL};
    struct err err;

    if (text != NULL && !text_parse((struct type){type, -1}, str_of(text), arena, &value, &err)) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    return value;
}

static inline struct expr *build_const(struct build *build, enum type_id type, const char *text)
{
    struct expr *expr = build_expr(build, EXPR_CONST, type, 0);

    expr->constant = build_value(build->arena, type, text);
    return expr;
}

/* An operator whose argument types are exactly a row's. */
static inline struct expr *build_op(struct build *build, const char *name, struct expr *a,
                                    struct expr *b)
{
    enum type_id types[] = {a->type.id, b->type.id};
    bool ambiguous;
    const struct function *function =
        function_resolve(FUNCTION_OPERATOR, str_of(name), types, 2, &ambiguous);

    assert(function != NULL && function->args[0] == types[0] && function->args[1] == types[1]);
    struct expr *expr = build_expr(build, EXPR_CALL, function->result, 2);
    expr->function = function;
    expr->args[0] = a;
    expr->args[1] = b;
    return expr;
}

static inline uint32_t build_filter(struct build *build, uint32_t input, struct expr *predicate)
{
    struct plan_node *node = build_node(build, PLAN_FILTER, input, 0);

    node->schema = build->nodes[input].schema;
    node->has_key = build->nodes[input].has_key;
    node->predicate = predicate;
    return build_index(build, node);
}

static inline struct column *build_columns(struct build *build, const struct expr **exprs,
                                           uint16_t n, uint16_t more)
{
    struct column *columns = arena_zalloc(build->arena, (n + more + 1U) * sizeof(*columns));

    for (uint16_t i = 0; i < n; i++)
        columns[i].type = exprs[i]->type;
    for (uint16_t i = 0; i < n + more; i++)
        columns[i].name = arena_printf(build->arena, "c%u", i);
    return columns;
}

/* Where the input's key columns stand among the expressions; false when one is missing. */
static inline bool build_key_through(const struct schema *input, const struct expr **exprs,
                                     uint16_t n, uint16_t *key)
{
    for (uint16_t k = 0; k < input->key_n; k++) {
        uint16_t i = 0;

        while (i < n && !(exprs[i]->kind == EXPR_COLUMN && exprs[i]->column == input->key[k]))
            i++;
        if (i == n)
            return false;
        key[k] = i;
    }
    return true;
}

static inline uint32_t build_project(struct build *build, uint32_t input, const struct expr **exprs,
                                     uint16_t n)
{
    struct plan_node *node = build_node(build, PLAN_PROJECT, input, 0);
    const struct schema *from = &build->nodes[input].schema;
    uint16_t *key = arena_zalloc(build->arena, (from->key_n + 1U) * sizeof(*key));

    node->exprs = exprs;
    node->exprs_n = n;
    node->schema = (struct schema){build_columns(build, exprs, n, 0), key, n, 0};
    node->has_key = build->nodes[input].has_key && build_key_through(from, exprs, n, key);
    if (node->has_key)
        node->schema.key_n = from->key_n;
    return build_index(build, node);
}

/* Joins on one pair of columns of the same type. */
static inline uint32_t build_join(struct build *build, enum plan_join_kind kind, uint32_t left,
                                  uint32_t right, uint16_t left_column, uint16_t right_column)
{
    struct plan_node *node = build_node(build, PLAN_JOIN, left, right);
    const struct schema *a = &build->nodes[left].schema, *b = &build->nodes[right].schema;
    uint16_t n = (uint16_t)(a->columns_n + b->columns_n);
    struct column *columns = arena_zalloc(build->arena, n * sizeof(*columns));
    uint16_t *key = arena_zalloc(build->arena, (a->key_n + b->key_n + 1U) * sizeof(*key));

    memcpy(columns, a->columns, a->columns_n * sizeof(*columns));
    memcpy(columns + a->columns_n, b->columns, b->columns_n * sizeof(*columns));
    for (uint16_t i = 0; i < a->key_n; i++)
        key[i] = a->key[i];
    for (uint16_t i = 0; i < b->key_n; i++)
        key[a->key_n + i] = (uint16_t)(a->columns_n + b->key[i]);
    node->schema = (struct schema){columns, key, n, (uint16_t)(a->key_n + b->key_n)};
    node->has_key = build->nodes[left].has_key && build->nodes[right].has_key;
    if (!node->has_key)
        node->schema.key_n = 0;
    node->join = kind;
    node->join_keys_n = 1;
    node->left_keys = arena_alloc(build->arena, sizeof(*node->left_keys));
    node->right_keys = arena_alloc(build->arena, sizeof(*node->right_keys));
    node->left_keys[0] = build_column(build, left, left_column);
    node->right_keys[0] = build_column(build, right, right_column);
    return build_index(build, node);
}

/* One aggregate; `arg` NULL for count(*). */
static inline struct plan_aggregate build_aggregate(const char *name, struct expr *arg)
{
    struct plan_aggregate made = {.arg = arg};

    made.aggregate = aggregate_resolve(str_of(name), arg == NULL ? 0 : arg->type.id);
    assert(made.aggregate != NULL);
    if (arg != NULL)
        made.result = aggregate_result(made.aggregate, arg->type);
    else
        made.result = (struct type){made.aggregate->result, -1, NULL};
    return made;
}

static inline uint32_t build_group(struct build *build, uint32_t input, const struct expr **exprs,
                                   uint16_t n, const struct plan_aggregate *aggregates,
                                   uint16_t aggregates_n)
{
    struct plan_node *node = build_node(build, PLAN_GROUP, input, 0);
    struct column *columns = build_columns(build, exprs, n, aggregates_n);
    uint16_t *key = arena_zalloc(build->arena, (n + 1U) * sizeof(*key));
    struct plan_aggregate *copy = arena_alloc(build->arena, aggregates_n * sizeof(*copy) + 1);

    memcpy(copy, aggregates, aggregates_n * sizeof(*copy));
    for (uint16_t i = 0; i < n; i++)
        key[i] = i;
    for (uint16_t i = 0; i < aggregates_n; i++)
        columns[n + i].type = aggregates[i].result;
    node->exprs = exprs;
    node->exprs_n = n;
    node->aggregates = copy;
    node->aggregates_n = aggregates_n;
    node->schema = (struct schema){columns, key, (uint16_t)(n + aggregates_n), n};
    node->has_key = true;
    return build_index(build, node);
}

static inline uint32_t build_top(struct build *build, uint32_t input,
                                 const struct plan_order *order, uint16_t n, int64_t limit,
                                 int64_t offset)
{
    struct plan_node *node = build_node(build, PLAN_TOP, input, 0);

    node->schema = build->nodes[input].schema;
    node->has_key = build->nodes[input].has_key;
    node->order = order;
    node->order_n = n;
    node->limit = limit;
    node->offset = offset;
    return build_index(build, node);
}

/* Makes the node's rows a view. */
static inline uint32_t build_view(struct build *build, uint32_t node)
{
    uint32_t index = build->plan.views_n++;

    assert(build->nodes[node].has_key);
    build->views[index] =
        (struct plan_view){.name = "v", .node = node, .schema = build->nodes[node].schema};
    return index;
}

/* A row from texts; NULL is NULL. */
static inline const struct row *build_row(struct arena *arena, const struct schema *schema,
                                          const char *const *texts)
{
    struct row_builder builder = {0};
    const struct row *row;

    row_begin(&builder, schema->columns_n);
    for (uint16_t i = 0; i < schema->columns_n; i++) {
        enum type_id type = schema->columns[i].type.id;

        row_set_value(&builder, i, type, build_value(arena, type, texts[i]));
    }
    row = row_finish(&builder, arena);
    row_builder_done(&builder);
    return row;
}

/* Appends the row as psql -A shows it. */
static inline void build_print(struct buf *out, const struct schema *schema, const struct row *row)
{
    for (uint16_t i = 0; i < schema->columns_n; i++) {
        struct type type = schema->columns[i].type;

        if (i > 0)
            buf_char(out, '|');
        if (!row_is_null(row, i))
            text_print(out, type, row_value(row, i, type.id));
        else
            buf_puts(out, "~");
    }
}

#endif
